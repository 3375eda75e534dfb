import { PassThrough, Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { bodyKeeper } from "./body-pieces.ts";

const text = (pieces: readonly Uint8Array[]) => Buffer.concat(pieces).toString();

describe("bodyKeeper", () => {
  it("keeps a body in its pieces, whether its length is announced or not", async () => {
    const { keep } = bodyKeeper({ room: 100, arrivalMs: 60_000 });
    for (const announced of [undefined, 5]) {
      const { pieces, release } = await keep(Readable.from([Buffer.from("ab"), Buffer.from("cde")]), announced, 10);
      expect(text(pieces)).toBe("abcde");
      release();
    }
  });

  it("refuses one that is too large by its header before it is read, else where it becomes so, and leaves the rest", async () => {
    const { keep } = bodyKeeper({ room: 100, arrivalMs: 60_000 });
    const body = new PassThrough();
    await expect(keep(body, 11, 10)).rejects.toMatchObject({
      reason: "BODY_TOO_LARGE",
      detail: { limit: 10, seen: 11 },
    });
    const kept = keep(body, undefined, 10);
    body.write("x".repeat(8));
    body.write("x".repeat(8));
    await expect(kept).rejects.toMatchObject({ reason: "BODY_TOO_LARGE", detail: { limit: 10, seen: 16 } });
    expect(body.destroyed).toBe(false);
  });

  it("refuses one beside others that hold all the room, until they release it; small ones, and one alone, need none", async () => {
    const kibibyte = 1024;
    const { keep, held } = bodyKeeper({ room: 10 * kibibyte, arrivalMs: 60_000 });
    const given = (kibibytes: number) => keep(Readable.from([Buffer.alloc(kibibytes * kibibyte)]), undefined, 1e9);
    const first = await given(64 + 20);
    await expect(given(65)).rejects.toMatchObject({
      reason: "BODIES_TOO_MANY",
      detail: { room: 10 * kibibyte, held: 20 * kibibyte },
    });
    expect((await given(64)).pieces).toHaveLength(1);
    first.release();
    first.release();
    expect(held()).toBe(0);
    const second = await given(64 + 6);
    await expect(given(64 + 6)).rejects.toMatchObject({ reason: "BODIES_TOO_MANY" });
    second.release();
  });

  it("refuses one that does not arrive in time, however steadily it comes", async () => {
    const { keep, held } = bodyKeeper({ room: 10_000, arrivalMs: 50 });
    const body = new PassThrough();
    const kept = keep(body, 1_000, 10_000);
    const trickle = setInterval(() => body.write("x"), 5);
    await expect(kept).rejects.toMatchObject({ reason: "MESSAGE_TOO_SLOW", detail: { seconds: 0.05 } });
    clearInterval(trickle);
    expect(held()).toBe(0);
  });

  it("fails with the connection, and holds nothing then", async () => {
    const { keep } = bodyKeeper({ room: 10, arrivalMs: 60_000 });
    const body = new PassThrough();
    const kept = keep(body, 8, 100);
    body.write("xx");
    body.destroy();
    await expect(kept).rejects.toThrow("the connection ended within the body");
  });
});
