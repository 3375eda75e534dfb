/**
 * Files of the worker's own machine: only what lies under its `--data-root`.
 * @module
 */
import { realpath } from "node:fs/promises";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { findSnapshots, type SnapshotFile } from "@mintmark/dataset";
import { AppError } from "@mintmark/errors";

/**
 * The files below `dataRoot` that `source` names; links that lead out of it are refused, too.
 * @throws AppError DATA_SOURCE_REFUSED, DATA_FILE_NOT_FOUND
 */
export async function findBelowRoot(source: string, dataRoot: string | undefined): Promise<SnapshotFile[]> {
  if (dataRoot === undefined)
    throw new AppError("DATA_SOURCE_REFUSED", {
      source,
      problem: "it is a file of the worker's machine, and the worker has no --data-root; submit the job with the file",
    });
  const root = await realpath(dataRoot);
  requireBelow(source, root, resolve(root, source));
  const files = await findSnapshots(source, root);
  for (const { path } of files) requireBelow(source, root, await realpath(path));
  return files;
}

function requireBelow(source: string, root: string, path: string): void {
  const inside = relative(root, path);
  if (inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside))
    throw new AppError("DATA_SOURCE_REFUSED", { source, problem: "it lies outside the worker's --data-root" });
}
