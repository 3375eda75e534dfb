import { expect, it } from "vitest";
import { milliseconds, timeOf } from "./json.ts";

it.each([0n, 1n, -1n, -1000n, -1001n, 253_402_300_799_999n, 1_795_278_194_901n])(
  "%d ms is the same time back",
  (ms) => {
    expect(milliseconds(timeOf(ms))).toBe(Number(ms));
  },
);
