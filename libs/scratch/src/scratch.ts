/**
 * Temporary folders of our programs: in the system's folder for such, under names that say whose they are. Each is removed by whoever
 * made it, at the latest when that process exits; what a killed process leaves is swept when another of our programs begins.
 * @module
 */
import { lstatSync, mkdtempSync, rmSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasEnded, ownMark } from "./process-mark.ts";

export interface Scratch {
  readonly path: string;
  /** Never fails: what cannot be removed now is tried again at the exit, and by the next sweep. */
  readonly remove: () => Promise<void>;
}

/**
 * A new, empty folder that only this account can read.
 * @param what it is for, in lower-case letters
 */
export function makeScratch(what: string): Scratch {
  if (made.size === 0) process.once("exit", removeAll);
  const path = mkdtempSync(join(tmpdir(), `mintmark-${what}-${ownMark}-`));
  made.add(path);
  return { path, remove: () => remove(path) };
}

/** Removes what ended processes of this account left. Never fails: what cannot be removed stays for the next time. */
export async function sweepScratch(): Promise<void> {
  const folder = tmpdir();
  for (const name of await readdir(folder).catch(() => [])) {
    const mark = namePattern.exec(name)?.[1];
    if (mark !== undefined && hasEnded(mark) && isOwn(join(folder, name)))
      await rm(join(folder, name), removal).catch(() => {});
  }
}

async function remove(path: string): Promise<void> {
  const isGone = await rm(path, removal).then(
    () => true,
    () => false,
  );
  if (isGone && made.delete(path) && made.size === 0) process.off("exit", removeAll);
}

const namePattern = /^mintmark-[a-z]+-([0-9a-f]{16}-\d+-\d+)-[A-Za-z0-9]{6}$/;

/** Again, as long as a process that is ending still writes there. */
const removal = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 };

const made = new Set<string>();

function removeAll(): void {
  for (const path of made)
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // The next sweep takes it.
    }
}

/** A folder that others may write to holds whatever they like, under any name. */
function isOwn(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === (process.getuid?.() ?? found.uid);
}
