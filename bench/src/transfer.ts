/**
 * A file of 1 GiB up and down: memory of the servers, and speed by the bulk path against copying the file and hashing
 * it with both digests.
 * @module
 */

import { randomFillSync } from "node:crypto";
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { collectDigests, type Digests } from "@mintmark/crypto/digests";
import { embeddedStack } from "@mintmark/e2e/stack";
import { residentMiB, watchPeak } from "./memory-use.ts";
import { median, type Row, spread } from "./table.ts";

const mib = 1024 * 1024;
const fileMiB = 1024;
const rounds = 3;

export async function transfer(): Promise<readonly Row[]> {
  const stack = await embeddedStack();
  const folder = mkdtempSync(join(tmpdir(), "mintmark-bench-"));
  try {
    const servers = ["registry", "gateway"] as const;
    const idle = new Map(servers.map((name) => [name, residentMiB(stack.pid(name))]));
    const peaks = new Map(servers.map((name) => [name, watchPeak(stack.pid(name))]));
    const up: number[] = [];
    const down: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const file = join(folder, `file-${round}`);
      await writeRandom(file);
      const { seconds: copied, digests } = await copyAndHash(file, `${file}.copy`);
      up.push(copied / (await timed(() => put(stack.registryUrl, file, digests))));
      down.push(copied / (await timed(() => get(stack.registryUrl, digests))));
      // Once through the gateway too, for its memory.
      await get(stack.url, digests);
    }
    const above = servers.map((name) => [name, peaks.get(name)!() - idle.get(name)!] as const);
    return [
      { what: "1 GiB up / copy and hash", measured: spread(up), goal: ">= 0.35", met: median(up) >= 0.35 },
      { what: "1 GiB down / copy and hash", measured: spread(down), goal: ">= 0.60", met: median(down) >= 0.6 },
      ...above.map(([name, value]) => ({
        what: `${name}: peak above idle, MiB`,
        measured: value.toFixed(0),
        goal: "< 200",
        met: value < 200,
      })),
    ];
  } finally {
    await stack.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file of 1 GiB. */
export async function writeRandom(path: string): Promise<void> {
  const file = await open(path, "w");
  const block = Buffer.alloc(16 * mib);
  for (let written = 0; written < fileMiB * mib; written += block.length) await file.write(randomFillSync(block));
  await file.close();
}

async function copyAndHash(
  from: string,
  to: string,
): Promise<{ seconds: number; digests: Digests & { size: number } }> {
  const collector = collectDigests();
  const seconds = await timed(() =>
    pipeline(
      createReadStream(from, { highWaterMark: mib }),
      async function* (source: AsyncIterable<Buffer>) {
        for await (const chunk of source) {
          collector.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(to, { highWaterMark: mib }),
    ),
  );
  rmSync(to);
  return { seconds, digests: { ...collector.finish(), size: fileMiB * mib } };
}

async function put(base: string, path: string, digests: Digests & { size: number }): Promise<void> {
  const status = await new Promise<number>((resolve, reject) => {
    const upload = request(`${base}/v1/blobs/${digests.blake3}`, {
      method: "PUT",
      headers: {
        "content-length": digests.size,
        "x-mintmark-sha256": digests.sha256,
        "x-mintmark-size": digests.size,
        "x-mintmark-offset": 0,
      },
    });
    upload.on("response", (answer) => answer.resume().on("end", () => resolve(answer.statusCode!)));
    upload.on("error", reject);
    pipeline(createReadStream(path, { highWaterMark: mib }), upload).catch(reject);
  });
  if (status >= 300) throw new Error(`upload was answered with ${status}`);
}

async function get(base: string, digests: Digests): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    request(`${base}/v1/blobs/${digests.blake3}`, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`download was answered with ${answer.statusCode}`));
      pipeline(answer, new Writable({ write: (_chunk, _encoding, done) => done() })).then(resolve, reject);
    })
      .on("error", reject)
      .end();
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
