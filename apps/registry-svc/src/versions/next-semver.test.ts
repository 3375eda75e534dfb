import { describe, expect, it } from "vitest";
import { type Bump, nextSemver, parseSemver } from "./next-semver.ts";

const before = { major: 1, minor: 4, patch: 2, digest: "d1", interface: "i1" };
const text = (next: Partial<typeof before>, bump: Bump = "auto") => {
  const { major, minor, patch } = nextSemver(before, { digest: "d2", interface: "i1", ...next }, bump);
  return `${major}.${minor}.${patch}`;
};

describe("the next semantic version", () => {
  it("is 1.0.0 first, whatever the bump", () => {
    expect(nextSemver(undefined, { digest: "d", interface: undefined }, "patch")).toEqual({
      major: 1,
      minor: 0,
      patch: 0,
    });
  });
  it("is a major one where the interface changed", () => {
    expect(text({ interface: "i2" })).toBe("2.0.0");
  });
  it("is a minor one for a model trained anew", () => {
    expect(text({})).toBe("1.5.0");
  });
  it("is a patch for the very same files", () => {
    expect(text({ digest: "d1" })).toBe("1.4.3");
  });
  it("does not take an interface that is not stated for another one", () => {
    expect(nextSemver(before, { digest: "d2", interface: undefined }, "auto").major).toBe(1);
  });
  it.each([
    ["major", "2.0.0"],
    ["minor", "1.5.0"],
    ["patch", "1.4.3"],
  ] as const)("is what %s says", (bump, expected) => {
    expect(text({ interface: "i2" }, bump)).toBe(expected);
  });
});

it.each(["1.4", "01.2.3", "1.2.3-rc.1", "1.2.3.4", "v1.2.3", "1.2.9999999999"])(
  "%s is no semantic version",
  (wrong) => {
    expect(parseSemver(wrong)).toBeUndefined();
  },
);
