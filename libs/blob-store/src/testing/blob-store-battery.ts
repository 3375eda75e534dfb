/**
 * What every blob store has to hold, as tests.
 * @module
 */
import { type Digests, digestsOf } from "@mintmark/crypto/digests";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BlobStore } from "../blob-store.ts";

export interface StoreUnderTest {
  /** Opens the same store again, as another process would. */
  readonly open: () => Promise<BlobStore>;
  /** Replaces the stored bytes behind the store's back. */
  readonly corrupt: (blake3: string, bytes: Uint8Array) => Promise<void>;
  /** How many uploads have left something behind. */
  readonly leftovers: () => Promise<number>;
  readonly dispose: () => Promise<void>;
}

export function blobStoreBattery(name: string, prepare: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let subject: StoreUnderTest;
    let store: BlobStore;

    beforeAll(async () => {
      subject = await prepare();
      store = await subject.open();
    });
    afterAll(async () => {
      store.close();
      await subject.dispose();
    });

    // One byte, none, and sizes around the chunks and batches of 1 MiB and the parts of 16 MiB.
    it.each([0, 1, 65_536, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 40 << 20])("gives back %i bytes", async (size) => {
      const bytes = randomBytes(size);
      const digests = digestsOf(bytes);
      expect(await store.write(digests, pieces(bytes, 100_003))).toEqual(digests);
      expect(await store.size(digests.blake3)).toBe(size);
      expect(digestsOf(await collect(store.read(digests.blake3)))).toEqual(digests);
      expect(await subject.leftovers()).toBe(0);
    });

    it.each([0, 1, 1 << 20, 20_000_000])("stores %i bytes of unknown digest, also twice", async (size) => {
      const bytes = randomBytes(size);
      const digests = digestsOf(bytes);
      expect(await store.store(pieces(bytes, 100_003))).toEqual(digests);
      expect(await store.store(pieces(bytes, 65_536))).toEqual(digests);
      expect(digestsOf(await collect(store.read(digests.blake3)))).toEqual(digests);
      expect(await subject.leftovers()).toBe(0);
    });

    it("keeps nothing of bytes of unknown digest that broke off", async () => {
      const bytes = randomBytes(3_000_000);
      const upload = store.store(breaking(bytes, 2_200_000));
      await expect(upload).rejects.toThrow("the connection broke");
      expect(await store.has([digestsOf(bytes), digestsOf(bytes.subarray(0, 2_200_000))])).toEqual(new Set());
      expect(await subject.leftovers()).toBe(0);
    });

    it("reads any part", async () => {
      const bytes = randomBytes(3_000_000);
      const { blake3 } = await put(store, bytes);
      const read = async (offset: number, length?: number) =>
        collect(store.read(blake3, length === undefined ? { offset } : { offset, length }));
      expect(await read(1_999_999, 5)).toEqual(bytes.subarray(1_999_999, 2_000_004));
      expect(await read(2_999_990)).toEqual(bytes.subarray(2_999_990));
      expect(await read(0, 3_000_000)).toEqual(bytes);
      expect(await read(7, 0)).toEqual(new Uint8Array());
      expect(await read(3_000_000)).toEqual(new Uint8Array());
      await expect(read(2_999_999, 2)).rejects.toMatchObject({ reason: "BLOB_RANGE_INVALID" });
      await expect(read(-1, 2)).rejects.toMatchObject({ reason: "BLOB_RANGE_INVALID" });
    });

    it("tells what is there", async () => {
      const there = await put(store, randomBytes(10));
      const { blake3: missing, size } = digestsOf(randomBytes(11));
      const wanted = [there, { blake3: missing, size }, { blake3: "../../etc/passwd", size }];
      expect(await store.has(wanted)).toEqual(new Set([there.blake3]));
      expect(await store.size(missing)).toBeUndefined();
      expect(await store.received(missing)).toBe(0);
      await expect(collect(store.read(missing))).rejects.toMatchObject({ reason: "BLOB_NOT_FOUND" });
    });

    it.each(["blake3", "sha256", "size"] as const)("discards bytes of another %s than stated", async (what) => {
      const bytes = randomBytes(2_000_000);
      const digests = digestsOf(bytes);
      const other = digestsOf(randomBytes(1_999_999));
      const stated = { ...digests, [what]: other[what] };
      const refused = { reason: "BLOB_DIGEST_MISMATCH", kind: "data_loss" };
      await expect(store.write(stated, pieces(bytes, 65_536))).rejects.toMatchObject(refused);
      expect(await store.has([stated])).toEqual(new Set());
      expect(await store.received(stated.blake3)).toBe(0);
      expect(await subject.leftovers()).toBe(0);
    });

    it("goes on where an upload broke off, also after being opened again", async () => {
      const bytes = randomBytes(5_000_000);
      const digests = digestsOf(bytes);
      await expect(store.write(digests, breaking(bytes, 3_200_000))).rejects.toThrow("the connection broke");
      expect(await store.has([digests])).toEqual(new Set());
      const again = await subject.open();
      const received = await again.received(digests.blake3);
      expect(received).toBe(3_200_000);
      await again.write(digests, pieces(bytes.subarray(received), 65_536), received);
      expect(await collect(again.read(digests.blake3))).toEqual(bytes);
      expect(await subject.leftovers()).toBe(0);
      again.close();
    });

    it("keeps a stream that ended too early, and says where to go on", async () => {
      const bytes = randomBytes(100_000);
      const digests = digestsOf(bytes);
      await expect(store.write(digests, pieces(bytes.subarray(0, 60_000), 999))).rejects.toMatchObject({
        reason: "BLOB_TRUNCATED",
        detail: { received: 60_000, size: 100_000 },
      });
      const wrong = store.write(digests, pieces(bytes.subarray(50_000), 999), 50_000);
      await expect(wrong).rejects.toMatchObject({ reason: "BLOB_OFFSET_WRONG", detail: { received: 60_000 } });
      expect(await store.received(digests.blake3)).toBe(60_000);
      // From 0 it begins anew, whatever is kept.
      await store.write(digests, pieces(bytes, 999));
      expect(await collect(store.read(digests.blake3))).toEqual(bytes);
    });

    it("refuses an upload that goes on with other bytes", async () => {
      const bytes = randomBytes(100_000);
      const digests = digestsOf(bytes);
      await expect(store.write(digests, breaking(randomBytes(100_000), 60_000))).rejects.toThrow();
      const received = await store.received(digests.blake3);
      const upload = store.write(digests, pieces(bytes.subarray(received), 999), received);
      await expect(upload).rejects.toMatchObject({ reason: "BLOB_DIGEST_MISMATCH" });
      expect(await store.received(digests.blake3)).toBe(0);
    });

    it("takes the same blob from many uploads at once, some of which break", async () => {
      const bytes = randomBytes(3_000_000);
      const digests = digestsOf(bytes);
      const uploads = Array.from({ length: 9 }, (_, i) =>
        store.write(digests, i % 3 === 0 ? breaking(bytes, 300_000 * i) : pieces(bytes, 65_536 + i)),
      );
      const results = await Promise.allSettled(uploads);
      expect(results.filter(({ status }, i) => i % 3 !== 0 && status === "rejected")).toEqual([]);
      expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(6);
      expect(await collect(store.read(digests.blake3))).toEqual(bytes);
    });

    it("does not hand out the end of a blob whose stored bytes have changed", async () => {
      const bytes = randomBytes(2_500_000);
      const { blake3 } = await put(store, bytes);
      const changed = bytes.slice();
      changed[17]! ^= 1;
      await subject.corrupt(blake3, changed);
      let read = 0;
      const reading = async () => {
        for await (const chunk of store.read(blake3)) read += chunk.length;
      };
      await expect(reading()).rejects.toMatchObject({ reason: "BLOB_CORRUPT", kind: "data_loss" });
      expect(read).toBeLessThan(bytes.length);
      // Writing it again heals it.
      await put(store, bytes);
      expect(await collect(store.read(blake3))).toEqual(bytes);
    });

    it.each([
      ["emptied", new Uint8Array()],
      ["cut", randomBytes(1_200_000)],
      ["longer", randomBytes(1_500_001)],
    ])(
      "hands out nothing of a blob that was %s, neither whole nor in part, and does not count it as there",
      async (_, other) => {
        const digests = await put(store, randomBytes(1_500_000));
        const { blake3, size } = digests;
        await subject.corrupt(blake3, other);
        const refused = { reason: "BLOB_CORRUPT", detail: { problem: `are ${other.length} instead of ${size}` } };
        for (const part of [{}, { offset: 5, length: 10 }, { offset: size }, { length: 0 }]) {
          const first = store
            .read(blake3, { ...part, size })
            [Symbol.asyncIterator]()
            .next();
          await expect(first).rejects.toMatchObject(refused);
        }
        expect(await store.has([digests])).toEqual(new Set());
      },
    );

    it.each([
      [{ blake3: "../../../../tmp/x" }, 0],
      [{ blake3: "A".repeat(64) }, 0],
      [{ sha256: "" }, 0],
      [{ size: -1 }, 0],
      [{ size: 0.5 }, 0],
      [{}, -1],
      [{}, 11],
    ])("refuses the description %j at offset %i before it reads a byte", async (change, offset) => {
      const bytes = randomBytes(10);
      const source = untouchable();
      const upload = store.write({ ...digestsOf(bytes), ...change }, source, offset);
      await expect(upload).rejects.toMatchObject({ reason: "REQUEST_INVALID" });
    });

    it("needs no more memory for a larger blob", async () => {
      const count = 160;
      const digests = digestsOfRepeated(count);
      const before = process.memoryUsage().rss;
      let peak = before;
      const watched = async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          peak = Math.max(peak, process.memoryUsage().rss);
          yield chunk;
        }
      };
      await store.write(digests, watched(repeated(count)));
      for await (const _ of watched(store.read(digests.blake3)));
      await store.store(watched(repeated(count)));
      // 160 MiB go in and out; two parts of 16 MiB and what is not collected yet may be there at once.
      expect((peak - before) / (1 << 20)).toBeLessThan(110);
    });
  });
}

/** Not the runtime's random source: a failure has to happen again. */
let seed = 1;
export function randomBytes(size: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(size / 4));
  let state = seed++ * 0x9e3779b9;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return new Uint8Array(words.buffer).slice(0, size);
}

export async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Fails once `count` bytes are through, as a connection does. */
export async function* breaking(bytes: Uint8Array, count: number): AsyncGenerator<Uint8Array> {
  yield* pieces(bytes.subarray(0, count), 65_536);
  throw new Error("the connection broke");
}

async function* untouchable(): AsyncGenerator<Uint8Array> {
  yield await Promise.reject(new Error("was read"));
}

const mebibyte = new Uint8Array(1 << 20).fill(7);

async function* repeated(count: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) yield mebibyte.slice();
}

function digestsOfRepeated(count: number): Digests {
  const whole = new Uint8Array(count << 20).fill(7);
  return digestsOf(whole);
}

export async function put(store: BlobStore, bytes: Uint8Array): Promise<Digests> {
  return await store.write(digestsOf(bytes), pieces(bytes, 65_536));
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk.slice());
  return new Uint8Array(Buffer.concat(parts));
}
