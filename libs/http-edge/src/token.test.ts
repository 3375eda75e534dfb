import { describe, expect, it } from "vitest";
import { formatToken, newToken, parseToken, tokenIn } from "./token.ts";

it("a token that is made has the form of one, and is like no other", () => {
  const token = newToken();
  expect(parseToken(formatToken(token))).toEqual(token);
  expect(newToken()).not.toEqual(token);
});

it.each(["", "mm_a_b", `mm_${"a".repeat(16)}_${"b".repeat(63)}`, `mm_${"a".repeat(16)}_${"b".repeat(64)}\n`])(
  "%j has not the form of a token",
  (text) => expect(parseToken(text)).toBeUndefined(),
);

describe("tokenIn", () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
  it.each([
    ["Bearer mm_a_b", "mm_a_b"],
    ["bearer mm_a_b", "mm_a_b"],
    ["BEARER  mm_a_b", "mm_a_b"],
    [basic("anyone:mm_a_b"), "mm_a_b"],
    [basic(":mm_a:b"), "mm_a:b"],
    [basic("anyone:"), undefined],
    [basic("anyone"), undefined],
    ["Bearer ", undefined],
    ["Bearer a b", undefined],
    ["Basic", undefined],
    ["mm_a_b", undefined],
    ["Digest x", undefined],
    ["", undefined],
    [null, undefined],
    [undefined, undefined],
  ])("reads %s", (authorization, token) => expect(tokenIn(authorization)).toBe(token));
});
