/**
 * Makes renames survive a loss of power.
 * @module
 */
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** A rename is durable once the directory that lists the new name is. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDirectory(dirname(to));
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
