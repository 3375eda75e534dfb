/**
 * Which semantic version comes next.
 *
 * The first is 1.0.0. After that `auto` decides by what a caller would notice: another interface (the columns that go in or
 * come out) makes a new major version, the very same files a new patch, anything else, such as a model trained anew, a
 * new minor version.
 * @module
 */

export interface Semver {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** What a version is compared by. */
export interface Comparable {
  /** Of the artifact; `undefined` where its bytes are elsewhere. */
  readonly digest: string | undefined;
  /** Hex digest of the signature of the model; `undefined` where the files do not say. */
  readonly interface: string | undefined;
}

export type Bump = "major" | "minor" | "patch" | "auto";

/** @param before the version of the model with the highest semantic version; `undefined` if this is the first */
export function nextSemver(before: (Semver & Comparable) | undefined, next: Comparable, bump: Bump): Semver {
  if (before === undefined) return { major: 1, minor: 0, patch: 0 };
  const { major, minor, patch } = before;
  const how = bump === "auto" ? decide(before, next) : bump;
  switch (how) {
    case "major":
      return { major: major + 1, minor: 0, patch: 0 };
    case "minor":
      return { major, minor: minor + 1, patch: 0 };
    case "patch":
      return { major, minor, patch: patch + 1 };
    default:
      throw how satisfies never;
  }
}

function decide(before: Comparable, next: Comparable): Exclude<Bump, "auto"> {
  const known = before.interface !== undefined && next.interface !== undefined;
  if (known && before.interface !== next.interface) return "major";
  return before.digest !== undefined && before.digest === next.digest ? "patch" : "minor";
}

/** `1.4.0` in parts; `undefined` if it is not three whole numbers that can be stored. */
export function parseSemver(text: string): Semver | undefined {
  const match = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})$/.exec(text);
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) };
}
