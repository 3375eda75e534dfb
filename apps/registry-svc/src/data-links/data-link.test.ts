import { generateKey } from "@mintmark/crypto/keys";
import { describe, expect, it } from "vitest";
import { dataLinks } from "./data-link.ts";

const key = generateKey("ed25519");
const at = Date.parse("2026-11-01T12:00:00Z");
const data = { blake3: "ab".repeat(32), name: "Daten, 日本 %2F?.csv" };
const link = dataLinks(key, 60, () => at).make(data);
const after = (seconds: number) => dataLinks(key, 60, () => at + seconds * 1_000);

describe("a link to data", () => {
  it("says which bytes and under which name, for as long as it holds", () => {
    expect(link).toMatch(
      /^\/v1\/data\/1793534460\.[\w-]{43}\/(ab){32}\/Daten%2C%20%E6%97%A5%E6%9C%AC%20%252F%3F\.csv$/,
    );
    expect(after(59).read(link)).toEqual(data);
    expect(() => after(60).read(link)).toThrow("this link to data held until 2026-11-01T12:01:00.000Z");
  });

  it("is made and taken by every registry with the same signing key, and by no other", () => {
    expect(dataLinks(key, 5, () => at).read(link)).toEqual(data);
    expect(() => dataLinks(generateKey("ed25519"), 60, () => at).read(link)).toThrow("not a link to data");
  });

  const [, , , time, digest, name] = link.split("/") as string[];
  const [expiry, signature] = time!.split(".") as [string, string];
  it.each([
    ["a later expiry", `/v1/data/${Number(expiry) + 1}.${signature}/${digest}/${name}`],
    ["other bytes", `/v1/data/${time}/${"cd".repeat(32)}/${name}`],
    ["another name", `/v1/data/${time}/${digest}/other.csv`],
    ["another signature", `/v1/data/${expiry}.${"A".repeat(43)}/${digest}/${name}`],
    ["a part of the signature", `/v1/data/${expiry}.${signature.slice(0, 42)}/${digest}/${name}`],
    ["no signature", `/v1/data/${expiry}./${digest}/${name}`],
    ["no name", `/v1/data/${time}/${digest}/`],
    ["a name that is not percent-encoded UTF-8", `/v1/data/${time}/${digest}/%ff`],
    ["nothing", "/v1/data/"],
  ])("is refused with %s", (_, path) => {
    expect(() => after(0).read(path)).toThrow(expect.objectContaining({ reason: "DATA_LINK_INVALID" }));
  });
});
