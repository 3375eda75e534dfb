import { describe, expect, it } from "vitest";
import { nearest } from "./suggest.ts";

describe("nearest", () => {
  it("finds one wrong, missing, extra or swapped letter", () => {
    for (const slip of ["tarket", "targt", "targget", "tagret"])
      expect(nearest(slip, ["source", "target"])).toBe("target");
  });

  it("prefers fewer edits, then the earlier word", () => {
    expect(nearest("max_bins", ["max_iter", "max_bin"])).toBe("max_bin");
    expect(nearest("ab", ["aa", "bb"])).toBe("aa");
  });

  it("says nothing where no word is near", () => {
    expect(nearest("lasso", ["ridge", "k-means"])).toBeUndefined();
    expect(nearest("x", [])).toBeUndefined();
  });
});
