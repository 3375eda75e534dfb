import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { needs } from "@mintmark/testing/needs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { header, padding, readTar, trailer } from "./tar.ts";

type Files = readonly (readonly [name: string, content: Buffer])[];

function archive(files: Files): Buffer {
  const parts = files.flatMap(([name, content]) => [
    header({ name, size: content.length }),
    content,
    padding(content.length),
  ]);
  return Buffer.concat([...parts, trailer]);
}

/** The bytes in pieces of `size`, as a disk or network may give them. */
async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Buffer, size = 65_536): Promise<[string, Buffer][]> {
  const files: [string, Buffer][] = [];
  for await (const { name, content } of readTar(pieces(bytes, size))) files.push([name, await buffer(content)]);
  return files;
}

const sample: Files = [
  ["a.txt", Buffer.from("hello")],
  ["dir/empty", Buffer.alloc(0)],
  ["dir/block", Buffer.alloc(512, 7)],
];

describe("tar", () => {
  it("reads back what was written, however the bytes are cut", async () => {
    const files = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z/]{1,40}$/), fc.uint8Array({ maxLength: 2000 })), {
      selector: ([name]) => name,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(files, fc.integer({ min: 1, max: 1500 }), async (drawn, size) => {
        const written = drawn.map(([name, content]): [string, Buffer] => [name, Buffer.from(content)]);
        expect(await read(archive(written), size)).toEqual(written);
      }),
      { numRuns: 50 },
    );
  });

  it("states sizes beyond 8 GiB", async () => {
    const size = 2 ** 33 + 5;
    const files = readTar(pieces(header({ name: "large", size }), 512));
    expect((await files.next()).value).toMatchObject({ name: "large", size });
  });

  it.each([
    ["within a file", 512 + 3, "it ends within a.txt"],
    ["between files", 1024, "it ends before its last entry"],
    ["before its end", 1024 + 512 + 512 + 512, "it ends before its last entry"],
  ])("is refused when cut %s", async (_, length, message) => {
    await expect(read(archive(sample).subarray(0, length))).rejects.toThrow(message);
  });

  it("is refused when a header is damaged", async () => {
    const bytes = archive(sample);
    bytes[3] = bytes[3]! ^ 1;
    await expect(read(bytes)).rejects.toThrow("damaged");
  });

  it.runIf(needs("tar", "tar", ["--version"], "apt-get install tar"))("is an archive that tar lists", () => {
    const dir = mkdtempSync(join(tmpdir(), "mintmark-tar-"));
    writeFileSync(join(dir, "a.tar"), archive(sample));
    const { stdout, status } = spawnSync("tar", ["-tvf", join(dir, "a.tar")], { encoding: "utf8" });
    rmSync(dir, { recursive: true });
    expect(status).toBe(0);
    expect(stdout.split("\n").map((line) => line.split(/\s+/).filter((_, i) => i === 2 || i === 5))).toEqual([
      ["5", "a.txt"],
      ["0", "dir/empty"],
      ["512", "dir/block"],
      [],
    ]);
  });
});
