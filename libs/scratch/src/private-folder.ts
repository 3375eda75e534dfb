/**
 * Folders at a known place that only this account may enter.
 * @module
 */
import { chmod, lstat } from "node:fs/promises";
import { makeFolder } from "./make-folder.ts";

/**
 * Makes the folder, with those above it, or closes one that is there to all others.
 * @throws Error if something else is there, a link, or a folder of another account: what is put there could be read or replaced
 */
export async function makePrivateFolder(path: string): Promise<void> {
  makeFolder(path, 0o700);
  const found = await lstat(path);
  if (!found.isDirectory()) throw new Error(`'${path}' is no folder`);
  if (process.getuid !== undefined && found.uid !== process.getuid())
    throw new Error(`'${path}' belongs to another account`);
  await chmod(path, 0o700);
}
