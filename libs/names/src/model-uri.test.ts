import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseModelUri } from "./model-uri.ts";

const hex = "0123456789abcdef".repeat(4);

describe("a model URI", () => {
  it.each([
    ["titanic", { kind: "latest", name: "titanic" }],
    ["titanic/latest", { kind: "latest", name: "titanic" }],
    ["titanic/Latest", { kind: "latest", name: "titanic" }],
    ["titanic@latest", { kind: "latest", name: "titanic" }],
    ["a@b@Latest", { kind: "latest", name: "a@b" }],
    ["titanic/3", { kind: "number", name: "titanic", number: 3 }],
    ["titanic/99999999999", { kind: "number", name: "titanic", number: 99999999999 }],
    ["titanic/1.4.0", { kind: "semver", name: "titanic", semver: "1.4.0" }],
    ["titanic/PRODUCTION", { kind: "stage", name: "titanic", stage: "production" }],
    ["titanic@champion", { kind: "alias", name: "titanic", alias: "champion" }],
    ["me@home@champion", { kind: "alias", name: "me@home", alias: "champion" }],
    ["me@home/3", { kind: "number", name: "me@home", number: 3 }],
    [`titanic@blake3:${hex}`, { kind: "digest", name: "titanic", blake3: hex }],
    ["a.b.c@x y", { kind: "alias", name: "a.b.c", alias: "x y" }],
    [`m-${hex.slice(32)}`, { kind: "logged-model", id: `m-${hex.slice(32)}` }],
    ["m-3", { kind: "latest", name: "m-3" }],
    ["really?", { kind: "latest", name: "really?" }],
  ])("%s", (text, expected) => {
    for (const uri of [text, `models:/${text}`]) {
      const parsed = parseModelUri(uri);
      expect({ ...parsed, ...("name" in parsed ? { name: parsed.name.written } : {}) }).toEqual({
        ...expected,
        at: undefined,
      });
    }
  });

  it("may name what a run made", () => {
    const run = hex.slice(32);
    expect(parseModelUri(`runs:/${run}/model/x`)).toMatchObject({ kind: "run", run, path: "model/x" });
  });

  it("may ask what it was then", () => {
    expect(parseModelUri("titanic@champion?at=2026-11-01T12:00:00Z")).toMatchObject({
      kind: "alias",
      at: new Date("2026-11-01T12:00:00Z"),
    });
    expect(parseModelUri("titanic?at=2026-11-01T12:00:00.5+02:00").at?.toISOString()).toBe("2026-11-01T10:00:00.500Z");
  });

  it.each([
    ["", "blank"],
    ["models:/", "blank"],
    ["titanic/", "no version"],
    ["titanic/champion", "NAME@ALIAS"],
    ["titanic/01.2.3", "no version"],
    ["titanic/1/2", "no version"],
    ["titanic@", "blank"],
    ["titanic@3", "write 'titanic/3'"],
    ["titanic@v3", "write 'titanic/3'"],
    ["titanic@1.0.0", "write 'titanic/1.0.0'"],
    ["titanic@blake3:12", "64 lower-case hex"],
    ["http://x/titanic", "'/' or ':'"],
    ["titanic?at=yesterday", "RFC 3339"],
    ["titanic?at=2026-11-01", "RFC 3339"],
    ["runs:/nope/model", "32 hex"],
  ])("%j is refused", (uri, problem) => {
    expect(() => parseModelUri(uri)).toThrow(problem);
  });

  it("means something or is refused as invalid, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (uri) => {
        try {
          return parseModelUri(uri).kind !== undefined;
        } catch (error) {
          return (error as { kind?: string }).kind === "invalid_argument";
        }
      }),
    );
  });
});
