/**
 * The files of an artifact as a list, and the digest of that list: the content address of the whole.
 *
 * The list is the JCS form of `{"files":[{"path","size","blake3","sha256"},…]}`, sorted by path components as UTF-8
 * bytes. It refuses every path that could be written outside its directory, hidden from a verifier, or mean two files
 * on one file system and one on another.
 * @module
 */
import { blake3Hex } from "./blake3.ts";
import { compareBytes, equalBytes, utf8 } from "./bytes.ts";
import { canonicalJson, type Json } from "./canonical-json.ts";
import type { Digests } from "./digests.ts";
import { MalformedError } from "./malformed-error.ts";
import { parseStrictJson } from "./strict-json.ts";

export interface ManifestFile extends Digests {
  /** Below the artifact's root, with `/` between parts. */
  readonly path: string;
}

/** What is wrong with one path of a list. */
export interface PathProblem {
  readonly path: string;
  readonly problem: string;
}

/** The folder that `pull` adds beside the files; no artifact may hold one. */
export const documentFolder = ".mintmark";

/** The limit of one part on common file systems, and of a whole path on Linux, in bytes. */
const maxPartBytes = 255;
const maxPathBytes = 4096;

/**
 * The exact bytes of `manifest.json`, whatever the order of `files`.
 * @throws MalformedError if a path or digest is not valid; {@link findPathProblem} tells before.
 */
export function manifestBytes(files: readonly ManifestFile[]): Uint8Array<ArrayBuffer> {
  requireValid(files);
  const sorted = sortByPath(files).map(({ path, size, blake3, sha256 }) => ({ path, size, blake3, sha256 }));
  return canonicalJson({ files: sorted });
}

/** The digest of the artifact: `blake3:` and 64 hex digits. */
export function artifactDigest(files: readonly ManifestFile[]): string {
  return `blake3:${blake3Hex(manifestBytes(files))}`;
}

/**
 * Reads `manifest.json`; the bytes have to be exactly those that {@link manifestBytes} would write.
 * @throws MalformedError that says what is wrong.
 */
export function parseManifest(bytes: Uint8Array): ManifestFile[] {
  const files = filesOf(parseStrictJson(bytes));
  if (!equalBytes(manifestBytes(files), bytes)) throw new MalformedError("is not in canonical form");
  return files;
}

/** By path components as UTF-8 bytes, so that a folder's files stand together (`d/f` before `d.txt`). */
export function sortByPath<T extends { readonly path: string }>(files: readonly T[]): T[] {
  const keyed = files.map((file) => ({ file, parts: file.path.split("/").map(utf8) }));
  return keyed.sort((a, b) => compareParts(a.parts, b.parts)).map(({ file }) => file);
}

/** The first problem of any path, alone or with the others; `undefined` if there is none. */
export function findPathProblem(paths: Iterable<string>): PathProblem | undefined {
  const root: Place = { name: "", isFile: false, inside: new Map() };
  for (const path of paths) {
    const problem = pathProblem(path) ?? collision(path, root);
    if (problem !== undefined) return { path, problem };
  }
  return undefined;
}

/** What is wrong with one path by itself; `undefined` if nothing is. */
export function pathProblem(path: string): string | undefined {
  if (path === "") return "is empty";
  if (!path.isWellFormed()) return "is not well-formed Unicode";
  if (utf8(path).length > maxPathBytes) return `is longer than ${maxPathBytes} bytes`;
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path)) return "is absolute";
  if (path.includes("\\")) return "has a backslash";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
  if (/[\u0000-\u001f\u007f-\u009f]/.test(path)) return "has a control character";
  for (const part of path.split("/")) {
    const problem = partProblem(part);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function partProblem(part: string): string | undefined {
  if (part === "") return "has an empty part";
  if (part === "." || part === "..") return `has the part '${part}'`;
  if (/[. ]$/.test(part)) return "has a part that ends with a dot or space";
  if (utf8(part).length > maxPartBytes) return `has a part longer than ${maxPartBytes} bytes`;
  const folded = fold(part);
  // Verifiers of model signatures leave .git* out, so such a file would be unsigned.
  if (folded.startsWith(".git")) return "has a part that begins with '.git'";
  if (folded === documentFolder) return `has the reserved part '${documentFolder}'`;
  return undefined;
}

/** A file or folder, with what is in it by folded names: so a path is looked up in as many steps as it has parts. */
interface Place {
  readonly name: string;
  readonly isFile: boolean;
  readonly inside: Map<string, Place>;
}

/** Whether the path, or a folder of it, would be the same place as another one where names are folded. */
function collision(path: string, root: Place): string | undefined {
  const parts = path.split("/");
  let place = root;
  for (const [depth, name] of parts.entries()) {
    const isFile = depth === parts.length - 1;
    const key = fold(name);
    const other = place.inside.get(key);
    if (other === undefined) {
      const added = { name, isFile, inside: new Map() };
      place.inside.set(key, added);
      place = added;
    } else if (other.name !== name)
      return `differs from '${[...parts.slice(0, depth), other.name].join("/")}' only in case or Unicode form`;
    else if (isFile && other.isFile) return "is there twice";
    else if (isFile || other.isFile)
      return `needs '${parts.slice(0, depth + 1).join("/")}' to be a file and a folder at once`;
    else place = other;
  }
  return undefined;
}

/** As file systems that ignore case and Unicode form do: through upper case, which joins ß with SS. */
function fold(text: string): string {
  return text.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}

function compareParts(a: readonly Uint8Array[], b: readonly Uint8Array[]): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const order = compareBytes(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function requireValid(files: readonly ManifestFile[]): void {
  if (files.length === 0) throw new MalformedError('"files" expected at least one file, got none');
  const found = findPathProblem(files.map(({ path }) => path));
  if (found !== undefined) throw new MalformedError(`path ${JSON.stringify(found.path)} ${found.problem}`);
  for (const { path, size, blake3, sha256 } of files) {
    if (!Number.isSafeInteger(size) || size < 0)
      throw new MalformedError(`size of '${path}' expected bytes, got ${size}`);
    requireDigest(path, "blake3", blake3);
    requireDigest(path, "sha256", sha256);
  }
}

function requireDigest(path: string, name: string, digest: string): void {
  if (!isHexDigest(digest)) throw new MalformedError(`${name} of '${path}' expected 64 hex digits, got '${digest}'`);
}

/** 64 lower-case hex digits. */
export function isHexDigest(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

function filesOf(value: Json): ManifestFile[] {
  const files = (value as { files?: unknown } | null)?.files;
  if (!Array.isArray(files)) throw new MalformedError("has no list of files");
  return files.map((file: Partial<ManifestFile> | null) => {
    const { path, size, blake3, sha256 } = file ?? {};
    if (
      typeof path !== "string" ||
      typeof size !== "number" ||
      typeof blake3 !== "string" ||
      typeof sha256 !== "string"
    )
      throw new MalformedError("has a file without path, size, blake3 and sha256");
    return { path, size, blake3, sha256 };
  });
}
