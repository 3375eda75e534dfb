import { PassThrough, Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { bodyKeeper } from "./body-pieces.ts";

const text = (pieces: readonly Uint8Array[]) => Buffer.concat(pieces).toString();

describe("bodyKeeper", () => {
  it("keeps a body in its pieces, whether its length is announced or not", async () => {
    const { keep } = bodyKeeper(100);
    for (const announced of [undefined, 5]) {
      const { pieces, release } = await keep(Readable.from([Buffer.from("ab"), Buffer.from("cde")]), announced, 10);
      expect(text(pieces)).toBe("abcde");
      release();
    }
  });

  it("refuses one that is too large by its header before it is read, else where it becomes so, and leaves the rest", async () => {
    const { keep } = bodyKeeper(100);
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

  it("refuses one beside others that hold all the room, until they release it; one alone may have more", async () => {
    const { keep } = bodyKeeper(10);
    const first = await keep(Readable.from([Buffer.alloc(20)]), undefined, 100);
    await expect(keep(Readable.from([Buffer.alloc(1)]), 1, 100)).rejects.toMatchObject({ reason: "BODIES_TOO_MANY" });
    first.release();
    first.release();
    const second = await keep(Readable.from([Buffer.alloc(6)]), 6, 100);
    await expect(keep(Readable.from([Buffer.alloc(6)]), undefined, 100)).rejects.toMatchObject({
      reason: "BODIES_TOO_MANY",
      detail: { room: 10, held: 6 },
    });
    second.release();
  });

  it("fails with the connection, and holds nothing then", async () => {
    const { keep } = bodyKeeper(10);
    const body = new PassThrough();
    const kept = keep(body, 8, 100);
    body.write("xx");
    body.destroy();
    await expect(kept).rejects.toThrow("the connection ended within the body");
    expect((await keep(Readable.from([Buffer.alloc(9)]), 9, 100)).pieces).toHaveLength(1);
  });
});
