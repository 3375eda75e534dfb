import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blake3Hex } from "./blake3.ts";
import { fromUtf8, utf8 } from "./bytes.ts";
import { digestsOf } from "./digests.ts";
import { MalformedError } from "./malformed-error.ts";
import {
  artifactDigest,
  findPathProblem,
  type ManifestFile,
  manifestBytes,
  parseManifest,
  pathProblem,
  sortByPath,
} from "./manifest.ts";

const file = (path: string, content = path): ManifestFile => ({ path, ...digestsOf(utf8(content)) });

describe("manifest", () => {
  it("is the JCS form with keys in order and nothing else, and its BLAKE3 is the artifact's digest", () => {
    const { blake3, sha256 } = digestsOf(utf8("hi"));
    const bytes = manifestBytes([file("a", "hi")]);
    expect(fromUtf8(bytes)).toBe(`{"files":[{"blake3":"${blake3}","path":"a","sha256":"${sha256}","size":2}]}`);
    expect(artifactDigest([file("a", "hi")])).toBe(`blake3:${blake3Hex(bytes)}`);
  });

  it("does not depend on the order of the files, and reads back", () => {
    const files = ["d.txt", "d/f", "MLmodel", "é", "\u{1f600}", "\uffee"].map((path) => file(path));
    expect(manifestBytes(files.toReversed())).toEqual(manifestBytes(files));
    expect(artifactDigest(parseManifest(manifestBytes(files)))).toBe(artifactDigest(files));
  });

  it("sorts by path components as UTF-8 bytes", () => {
    // As text, "d.txt" is before "d/f" ("." < "/"), and an astral character before U+FFEE.
    const paths = sortByPath(["d.txt", "\u{1f600}", "d/f", "\uffee", "d"].map((path) => ({ path })));
    expect(paths.map(({ path }) => path)).toEqual(["d", "d/f", "d.txt", "\uffee", "\u{1f600}"]);
  });

  it.each([
    ["../x", "has the part '..'"],
    ["a/../../x", "has the part '..'"],
    ["./x", "has the part '.'"],
    ["/etc/passwd", "is absolute"],
    ["C:/x", "is absolute"],
    ["a\\b", "has a backslash"],
    ["", "is empty"],
    ["a//b", "has an empty part"],
    ["a/", "has an empty part"],
    ["a\u0000b", "has a control character"],
    ["a\nb", "has a control character"],
    ["a\u0085b", "has a control character"],
    ["a. /b", "has a part that ends with a dot or space"],
    ["a.", "has a part that ends with a dot or space"],
    [".git/config", "has a part that begins with '.git'"],
    ["a/.GitIgnore", "has a part that begins with '.git'"],
    [".mintmark/manifest.json", "has the reserved part '.mintmark'"],
    ["a/.MintMark", "has the reserved part '.mintmark'"],
    ["é".repeat(128), "has a part longer than 255 bytes"],
    [`${"a/".repeat(2048)}a`, "is longer than 4096 bytes"],
    ["\ud800", "is not well-formed Unicode"],
  ])("refuses the path %j", (path, problem) => {
    expect(pathProblem(path)).toBe(problem);
    expect(() => manifestBytes([file("ok"), { ...file("x"), path }])).toThrow(problem);
  });

  it.each([
    [["a", "a"], "is there twice"],
    [["Model", "model"], "differs from 'Model' only in case or Unicode form"],
    [["straße", "STRASSE"], "differs from 'straße' only in case or Unicode form"],
    [["\u00e9", "e\u0301"], "differs from '\u00e9' only in case or Unicode form"],
    [["Dir/a", "dir/b"], "differs from 'Dir' only in case or Unicode form"],
    [["a", "a/b"], "needs 'a' to be a file and a folder at once"],
    [["a/b", "a"], "needs 'a' to be a file and a folder at once"],
  ])("refuses the paths %j together", (paths, problem) => {
    expect(findPathProblem(paths)).toEqual({ path: paths[1], problem });
  });

  it("takes ordinary paths", () => {
    const paths = ["MLmodel", "data/model.onnx", "data/model.onnx.data", ".hidden", "a b", "é", "..a", "日本/語"];
    expect(findPathProblem(paths)).toBeUndefined();
  });

  it.each([
    ["[]", "has no list of files"],
    ["null", "has no list of files"],
    ['{"files":[]}', "at least one file"],
    ['{"files":[{"path":"a"}]}', "without path, size, blake3 and sha256"],
    ['{"files":[null]}', "without path, size, blake3 and sha256"],
  ])("refuses to read %s", (text, problem) => {
    expect(() => parseManifest(utf8(text))).toThrow(problem);
  });

  it("refuses any byte that it would not have written", () => {
    const bytes = manifestBytes([file("a"), file("b")]);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = bytes.slice();
        changed[at]! ^= flip;
        // A change inside a name or digest is another manifest; it then has another digest.
        try {
          expect(artifactDigest(parseManifest(changed))).not.toBe(artifactDigest(parseManifest(bytes)));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError);
        }
      }),
    );
    expect(() => parseManifest(utf8(` ${fromUtf8(bytes)}`))).toThrow("is not in canonical form");
  });
});
