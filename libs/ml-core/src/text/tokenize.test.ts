import { describe, expect, it } from "vitest";
import { nGrams, tokenize } from "./tokenize.ts";

describe("tokenize", () => {
  it("splits at runs of spaces and lowers A to Z", () => {
    expect(tokenize("  Text  Editor,  GNU ")).toEqual(["text", "editor,", "gnu"]);
  });

  it("leaves other white space and other letters as they are, as onnxruntime does", () => {
    expect(tokenize("A\tB\nC\u00a0D É İ ẞ")).toEqual(["a\tb\nc\u00a0d", "É", "İ", "ẞ"]);
  });

  it("makes no words of no text", () => {
    expect(tokenize("")).toEqual([]);
    expect(tokenize("   ")).toEqual([]);
  });
});

describe("nGrams", () => {
  it("joins neighbours, shorter terms first", () => {
    expect(nGrams(["a", "b", "c"], 1, 2)).toEqual(["a", "b", "c", "a b", "b c"]);
    expect(nGrams(["a", "b"], 3, 3)).toEqual([]);
  });
});
