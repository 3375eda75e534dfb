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
  return ({ done, total }) => progress.status(`${what} ${bar(total === 0 ? 1 : done / total)} ${sizes(done, total)}`);
}

function sizes(done: number, total: number): string {
  const [unit, bytes] = total < 2 ** 20 ? ["KiB", 2 ** 10] : ["MiB", 2 ** 20];
  return `${(done / bytes).toFixed(1)}/${(total / bytes).toFixed(1)} ${unit}`;
}
