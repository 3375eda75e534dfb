import { afterAll, describe, expect, it } from "vitest";
import { openJsonReader } from "./json-reader.ts";
import { readJson } from "./read-json.ts";

const reader = openJsonReader();
afterAll(() => reader.close());
const pieces = (text: string) => {
  const bytes = Buffer.from(text);
  const half = Math.floor(bytes.length / 2);
  return [bytes.subarray(0, half), bytes.subarray(half)];
};

describe("openJsonReader", () => {
  it.each([
    ["small", ""],
    ["large", "é".repeat(40_000)],
  ])("reads a %s body in its pieces, and fails as readJson does", async (_, more) => {
    const body = `{"n":12345678901234567,"more":"${more}"}`;
    expect(await reader.read(pieces(body), 1_000)).toEqual(readJson(Buffer.from(body), 1_000));
    await expect(reader.read(pieces(body.slice(1)), 1_000)).rejects.toThrow("The body is not JSON");
    await expect(reader.read(pieces(body), 1)).rejects.toMatchObject({ reason: "BODY_VALUES_TOO_MANY" });
  });

  it("refuses what lies too deep, and reads what was sent beside it", async () => {
    const deep = `${'{"a":'.repeat(30_000)}1${"}".repeat(30_000)}`;
    const other = JSON.stringify({ text: "x".repeat(100_000) });
    const [refused, read] = await Promise.allSettled([reader.read(pieces(deep), 1e6), reader.read(pieces(other), 1e6)]);
    expect(refused).toMatchObject({
      reason: { message: "The body's lists and objects lie more than 100 deep in each other." },
    });
    expect(read).toEqual({ status: "fulfilled", value: JSON.parse(other) });
  });

  it("leaves this thread to others while it reads a large body", async () => {
    let turns = 0;
    const ticking = setInterval(() => turns++, 1);
    await reader.read(pieces(`[${'"x",'.repeat(200_000)}"x"]`), 1e6);
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(0);
  });
});
