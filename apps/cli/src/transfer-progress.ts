/**
 * How far a transfer is, in bytes.
 * @module
 */
import type { Progress } from "./session.ts";
import { bar } from "./terminal.ts";

export function transferProgress(
  progress: Progress,
  what: string,
): (bytes: { readonly done: number; readonly total: number }) => void {
  return ({ done, total }) =>
    progress.status(`${what} ${bar(total === 0 ? 1 : done / total)} ${mebibytes(done)}/${mebibytes(total)} MiB`);
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
