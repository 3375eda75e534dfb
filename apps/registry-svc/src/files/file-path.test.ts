import { describe, expect, it } from "vitest";
import { foldersAbove, pathsBelow, requireFilePath, requireFolderPath } from "./file-path.ts";

describe("a path", () => {
  it.each([
    "a",
    "0/a/b.txt",
    "0/mit Leerzeichen & mehr/a+b;c=d?e#f.txt",
    "0/100%.txt",
    "0/per%20cent.txt",
    "0/日本語/😀.txt",
    "0/..a/b..",
    "0/a:b",
    `0/${"x".repeat(1998)}`,
    Array(64).fill("a").join("/"),
  ])("may be '%s'", (path) => {
    expect(requireFilePath(path)).toBe(path);
  });

  it.each([
    ["", "is empty"],
    ["/etc/passwd", "is absolute"],
    ["c:/windows", "is absolute"],
    ["c:\\windows", "has a backslash"],
    ["0/../x", "has the part '..'"],
    ["..", "has the part '..'"],
    ["0/./x", "has the part '.'"],
    ["0/%2e%2e/x", "has the part '..'"],
    ["0/%252E%252e/x", "has the part '..'"],
    ["0/.%25252525252525252525252525252e/x", "has the part '..'"],
    ["%2fetc", "is absolute"],
    ["0/..%5cx", "has a backslash"],
    ["c%3A/x", "is absolute"],
    ["0//x", "has an empty part"],
    ["0/x/", "has an empty part"],
    ["0/a\0b", "has a NUL character"],
    ["0/\ud800", "is not well-formed Unicode"],
    [`0/${"ä".repeat(1000)}`, "is longer than 2000 bytes"],
    [Array(65).fill("a").join("/"), "has more than 64 parts"],
  ])("may not be '%s': it %s", (path, problem) => {
    expect(() => requireFilePath(path)).toThrow(
      expect.objectContaining({ reason: "FILE_PATH_INVALID", detail: expect.objectContaining({ problem }) }),
    );
  });

  it("of a folder may be empty or end with a slash", () => {
    expect(requireFolderPath("")).toBe("");
    expect(requireFolderPath("0/a/")).toBe("0/a");
    expect(() => requireFolderPath("/")).toThrow("is absolute");
    expect(() => requireFolderPath("0/a//")).toThrow("has an empty part");
  });

  it("has the folders above it, from the root down", () => {
    expect(foldersAbove("a/b/c")).toEqual(["a", "a/b"]);
    expect(foldersAbove("a")).toEqual([]);
  });

  it.each(["a/b", "a/b/", "a/b!", "a/b.txt", "a/c", "a/b0", "a/bc"])("'%s' is not below 'a/b'", (path) => {
    const [from, to] = pathsBelow("a/b");
    expect(path > from && path < to).toBe(false);
  });
});
