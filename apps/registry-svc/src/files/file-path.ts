/**
 * Paths under which files are kept: parts with `/` between them, below no root that a caller could step out of.
 * @module
 */
import { utf8 } from "@mintmark/crypto/bytes";
import { AppError } from "@mintmark/errors";

/** The limit of an entry of the index, and of the locks that one transaction takes. */
const maxBytes = 2_000;
const maxParts = 64;

/** Below it lie the files of versions, to be read only. */
export const versionsFolder = "registry";

/** @throws AppError FILE_PATH_INVALID */
export function requireFilePath(path: string): string {
  const problem = problemOf(path);
  if (problem !== undefined) throw new AppError("FILE_PATH_INVALID", { path: path.slice(0, 200), problem });
  return path;
}

/** As {@link requireFilePath}; "" is the folder of everything, and a slash at the end means the same folder. */
export function requireFolderPath(path: string): string {
  const folder = path.endsWith("/") && path !== "/" ? path.slice(0, -1) : path;
  return folder === "" ? "" : requireFilePath(folder);
}

/** What `folder` holds is `>=` the first and `<` the second: `0` is the next character after `/`. */
export function pathsBelow(folder: string): readonly [from: string, to: string] {
  return folder === "" ? ["", "\u{10ffff}"] : [`${folder}/`, `${folder}0`];
}

/** `a/b/c` lies in `a` and `a/b`. */
export function foldersAbove(path: string): readonly string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join("/"));
}

function problemOf(path: string): string | undefined {
  if (path === "") return "is empty";
  if (!path.isWellFormed()) return "is not well-formed Unicode";
  if (path.includes("\0")) return "has a NUL character";
  if (utf8(path).length > maxBytes) return `is longer than ${maxBytes} bytes`;
  const parts = path.split("/");
  if (parts.length > maxParts) return `has more than ${maxParts} parts`;
  return readings(path).map(escapeIn).find(Boolean) ?? (parts.includes("") ? "has an empty part" : undefined);
}

/** How a reader could step out of its root by the path. */
function escapeIn(path: string): string | undefined {
  if (path.includes("\\")) return "has a backslash";
  if (path.startsWith("/") || /^[A-Za-z]:\//.test(path)) return "is absolute";
  const step = path.split("/").find((part) => part === "." || part === "..");
  return step === undefined ? undefined : `has the part '${step}'`;
}

/** The path as it stands, and as those read it who decode percent signs once more than they should, or more often. */
function readings(path: string): readonly string[] {
  const found = [path];
  for (let next = decode(path); next !== found.at(-1); next = decode(next)) found.push(next);
  return found;
}

/** Each escape of a character that matters to {@link escapeIn}, and of the percent sign itself. */
function decode(path: string): string {
  return path.replace(/%(2[5ef]|3a|5c)/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
