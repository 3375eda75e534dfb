import { describe, expect, it } from "vitest";
import { parseAliasName, parseKnownAliasName } from "./alias-name.ts";

const characters = "1 to 255 letters (A-Z, a-z), digits, '_' and '-'";

describe("a new alias", () => {
  it.each(["champion", "a", "A-1_b", "-", "_", "v", "v1x", "x1", "version-3", "1a", "a".repeat(255)])("%s", (name) => {
    expect(parseAliasName(name)).toBe(name);
  });

  it.each([
    ["", characters],
    [" ", characters],
    ["my alias", characters],
    ["champion ", characters],
    ["champion\n", characters],
    ["a.b", characters],
    ["a@b", characters],
    ["a/b", characters],
    ["prüfung", characters],
    ["🚢", characters],
    ["a\u0000", characters],
    ["a".repeat(256), characters],
    ["latest", "reserved"],
    ["LaTeSt", "reserved"],
    ["7", "version number"],
    ["v7", "version number"],
    ["V7", "version number"],
  ])("is not %j", (name, problem) => {
    expect(() => parseAliasName(name)).toThrow(problem);
    expect(() => parseAliasName(name)).toThrow(`alias name '${name}'`);
  });
});

describe("an alias of before", () => {
  it.each(["my alias", "a.b", "prüfung", "champion"])("%s", (name) => {
    expect(parseKnownAliasName(name)).toBe(name);
  });

  it.each(["", "a@b", "a/b", "a\u0000", "\ud800", "latest", "v7"])("was never %j", (name) => {
    expect(() => parseKnownAliasName(name)).toThrow(expect.objectContaining({ reason: "NAME_INVALID" }));
  });
});
