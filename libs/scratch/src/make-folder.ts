/**
 * Folders at places that a person names.
 *
 * Node's own `mkdir(path, { recursive: true })` never returns, and takes a core for itself, where a folder takes no others,
 * as `/proc`: it makes the folder above, which is there, and begins again.
 * @module
 */
import { mkdirSync, rmdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder and those above it, as far as they are missing; what cannot be finished leaves nothing behind.
 * @param mode of the folder itself, before the umask
 * @returns the topmost folder that was made, undefined if none was
 * @throws as `mkdirSync` does; EEXIST where a file is in the way
 */
export function makeFolder(path: string, mode = 0o777): string | undefined {
  const folder = resolve(path);
  if (isFolder(folder)) return undefined;
  const above = dirname(folder) === folder ? undefined : makeFolder(dirname(folder));
  try {
    mkdirSync(folder, mode);
  } catch (error) {
    // Somebody else has made it meanwhile.
    if ((error as NodeJS.ErrnoException).code === "EEXIST" && isFolder(folder)) return above;
    if (above !== undefined) removeEmptyFolders(dirname(folder), above);
    throw error;
  }
  return above ?? folder;
}

/** Removes a folder and those above it up to `topmost`, until one holds something: somebody else has put it there meanwhile. */
export function removeEmptyFolders(folder: string, topmost: string): void {
  try {
    rmdirSync(folder);
  } catch {
    return;
  }
  if (folder !== topmost) removeEmptyFolders(dirname(folder), topmost);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
