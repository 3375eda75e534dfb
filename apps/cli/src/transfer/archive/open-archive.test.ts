import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { create, type MessageInitShape, toJson, toJsonString } from "@bufbuild/protobuf";
import { digestsOf } from "@mintmark/crypto/digests";
import { artifactDigest } from "@mintmark/crypto/manifest";
import { sha256Hex } from "@mintmark/crypto/sha256";
import { ArchiveSchema } from "@mintmark/proto/mintmark/transfer/v1/archive";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { header, padding, trailer } from "../../backup/tar.ts";
import { openArchive } from "./open-archive.ts";

const scratch = mkdtempSync(join(tmpdir(), "mintmark-archive-test-"));
beforeAll(() => vi.stubEnv("TMPDIR", scratch));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(scratch, { recursive: true });
});

type Entry = readonly [name: string, content: Buffer];
type ArchiveInit = MessageInitShape<typeof ArchiveSchema>;

const weights = Buffer.from("weights");
const mlmodel = Buffer.from("flavors: {}\n");

function fileOf(path: string, content: Buffer) {
  const { blake3, sha256, size } = digestsOf(content);
  return { path, blake3, sha256, size: BigInt(size) };
}

/** Of one version of these files. */
function catalogOf(
  files = [fileOf("MLmodel", mlmodel), fileOf("w.bin", weights)],
  changes: ArchiveInit = {},
): ArchiveInit {
  const digest = () => artifactDigest(files.map((file) => ({ ...file, size: Number(file.size) })));
  const version = { model: "m", number: 1, semver: "1.0.0", digest: tried(digest) };
  const blobs = [mlmodel, weights].map((content) => ({
    blake3: digestsOf(content).blake3,
    size: BigInt(content.length),
  }));
  return { format: 1, models: [{ model: { name: "m" }, versions: [{ version, files }] }], blobs, ...changes };
}

/** A hostile list has no digest; then its author makes one up. */
function tried(digest: () => string): string {
  try {
    return digest();
  } catch {
    return `blake3:${"0".repeat(64)}`;
  }
}

function entriesOf(catalog: ArchiveInit, blobs: readonly Buffer[] = [mlmodel, weights]): Entry[] {
  const text = Buffer.from(toJsonString(ArchiveSchema, create(ArchiveSchema, catalog)));
  return [
    ["archive.json", text],
    ...blobs.map((content): Entry => [`blobs/${digestsOf(content).blake3}`, content]),
    ["checksum", Buffer.from(`${sha256Hex(text)}  archive.json\n`)],
  ];
}

function tar(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap(([name, content]) => [
    header({ name, size: content.length }),
    content,
    padding(content.length),
  ]);
  return Buffer.concat([...parts, trailer]);
}

function written(bytes: Uint8Array, name = "a.tar"): string {
  const path = join(scratch, name);
  writeFileSync(path, bytes);
  return path;
}

/** Nothing of an archive that was refused is left. */
async function refused(bytes: Uint8Array, name?: string): Promise<string> {
  const failure = await openArchive(written(bytes, name)).then(
    async ({ close }) => {
      await close();
      return { reason: "ACCEPTED", message: "" };
    },
    (error: { reason: string; message: string }) => error,
  );
  expect(readdirSync(scratch).filter((entry) => entry.startsWith("mintmark-import-"))).toEqual([]);
  expect(failure.reason, failure.message).toBe("ARCHIVE_REFUSED");
  return failure.message;
}

describe("an archive", () => {
  it.each([
    ["as it is", "a.tar", (bytes: Buffer) => bytes],
    ["with gzip", "a.tar.gz", (bytes: Buffer) => gzipSync(bytes)],
    ["with zstd", "a.tar.zst", (bytes: Buffer) => zstdCompressSync(bytes)],
  ])("is unpacked %s, and leaves nothing behind", async (_, name, compress) => {
    const opened = await openArchive(written(compress(tar(entriesOf(catalogOf()))), name));
    const { blake3, sha256 } = digestsOf(weights);
    expect(opened.blobs.get(blake3)).toMatchObject({ blake3, sha256, size: weights.length });
    expect(await buffer(opened.blobs.get(blake3)!.open(0))).toEqual(weights);
    expect(opened.archive.models[0]?.model?.name).toBe("m");
    await opened.close();
    expect(readdirSync(scratch).filter((entry) => entry.startsWith("mintmark-import-"))).toEqual([]);
  });

  it("of the first form, whose metrics have dates, is read", async () => {
    const [, ...rest] = entriesOf(catalogOf());
    const point = { key: "loss", value: 1, time: "2026-11-21T16:23:14.901Z" };
    const text = Buffer.from(
      JSON.stringify({
        ...(toJson(ArchiveSchema, create(ArchiveSchema, catalogOf())) as object),
        runs: [{ run: { latestPoints: [point] }, points: [point] }],
        loggedModels: [{ model: { metrics: [point] } }],
      }),
    );
    const checksum = Buffer.from(`${sha256Hex(text)}  archive.json\n`);
    const opened = await openArchive(
      written(tar([["archive.json", text], ...rest.slice(0, -1), ["checksum", checksum]])),
    );
    await opened.close();
    const { runs, loggedModels } = opened.archive;
    const points = [runs[0]!.points, runs[0]!.run!.latestPoints, loggedModels[0]!.model!.metrics].flat();
    expect(points.map(({ timeMs }) => timeMs)).toEqual(Array(3).fill(1_795_278_194_901n));
  });

  it("is refused with any bit changed", async () => {
    const bytes = tar(entriesOf(catalogOf()));
    for (let at = 0; at < bytes.length; at += 29) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1 << (at % 8);
      await refused(changed);
    }
  });

  it("is refused at any other length", async () => {
    const bytes = tar(entriesOf(catalogOf()));
    for (let length = 0; length < bytes.length; length += 97) await refused(bytes.subarray(0, length));
    await refused(Buffer.concat([bytes, Buffer.alloc(1)]));
    await refused(Buffer.concat([bytes, bytes]));
    for (const [name, compress] of [
      ["a.tar.gz", gzipSync],
      ["a.tar.zst", zstdCompressSync],
    ] as const) {
      const compressed = compress(bytes);
      await refused(compressed.subarray(0, compressed.length / 2), name);
      await refused(Buffer.from("PK\u0003\u0004 no such thing"), name);
    }
  });

  const climbing = ["../x", "/etc/passwd", "a/../../x", "C:\\x", "a\\b", "a//b", "x\u0000", "dir./x", ".gitignore"];
  it.each(climbing)("is refused with the path %j in a version", async (path) => {
    await refused(tar(entriesOf(catalogOf([fileOf(path, weights)]))));
  });

  it.each([
    ["twice", ["w.bin", "w.bin"]],
    ["in two cases", ["w.bin", "W.bin"]],
    ["in two Unicode forms", ["\u00e9", "e\u0301"]],
    ["as a file and a folder", ["w", "w/x"]],
  ])("is refused with a name %s", async (_, paths) => {
    await refused(tar(entriesOf(catalogOf(paths.map((path) => fileOf(path, weights))))));
  });

  it("is refused with a path of a logged model or a run that climbs", async () => {
    const files = [{ path: "a/../../x", blake3: digestsOf(weights).blake3 }];
    for (const changes of [
      { models: [], loggedModels: [{ model: { id: "m-1" }, files }] },
      { models: [], runs: [{ run: { id: "1" }, files }] },
    ])
      expect(await refused(tar(entriesOf(catalogOf([], changes))))).toContain("is no path");
  });

  it.each(["1", "2", "3", "4", "5", "6", "x", "L"])(
    "is refused with an entry of type %s: a link, device, folder or long name",
    async (type) => {
      const bytes = tar(entriesOf(catalogOf()));
      const at = bytes.indexOf("blobs/");
      bytes[at + 156] = type.charCodeAt(0);
      bytes.fill(" ", at + 148, at + 156);
      const sum = bytes.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
      bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, at + 148);
      await refused(bytes);
    },
  );

  it("is refused with entries that it does not name, in another order, twice, or missing", async () => {
    const [catalog, first, second, checksum] = entriesOf(catalogOf()) as [Entry, Entry, Entry, Entry];
    const extra: Entry = ["../../evil", weights];
    for (const entries of [
      [catalog, first, second, extra, checksum],
      [extra, catalog, first, second, checksum],
      [catalog, first, second, checksum, extra],
      [catalog, second, first, checksum],
      [catalog, first, first, second, checksum],
      [catalog, first, checksum],
      [catalog, first, second],
      [first, catalog, second, checksum],
    ])
      await refused(tar(entries));
    expect(existsSync(join(scratch, "..", "evil"))).toBe(false);
  });

  it("is refused when it would not fit, before anything is unpacked, and when it is longer than it says", async () => {
    const blake3 = digestsOf(weights).blake3;
    const huge = catalogOf([], { models: [], blobs: [{ blake3, size: 2n ** 52n }] });
    expect(await refused(tar(entriesOf(huge, [weights])))).toContain("unpacks to 4503599627370496 bytes");
    const short = catalogOf([], { models: [], blobs: [{ blake3, size: 3n }] });
    const bomb = gzipSync(tar(entriesOf(short, [Buffer.alloc(64 * 2 ** 20)])));
    await refused(bomb, "a.tar.gz");
    expect(await refused(tar([["archive.json", Buffer.alloc(257 * 2 ** 20, "[")]]))).toContain("is the most");
  });

  it.each<[string, ArchiveInit]>([
    ["of another form", { format: 2 }],
    ["with a digest that is none", { blobs: [{ blake3: "../../x", size: 1n }] }],
    ["with a model that lacks bytes", { blobs: [] }],
  ])("is refused %s", async (_, changes) => {
    const blobs = changes.blobs === undefined ? [mlmodel, weights] : [];
    await refused(tar(entriesOf(catalogOf(undefined, changes), blobs)));
  });

  it("needs a name that says what it is, and a file that is there", async () => {
    await expect(openArchive(written(Buffer.alloc(0), "a.zip"))).rejects.toMatchObject({ reason: "OPTION_INVALID" });
    await expect(openArchive(join(scratch, "none.tar"))).rejects.toMatchObject({ reason: "FILE_NOT_READABLE" });
  });
});
