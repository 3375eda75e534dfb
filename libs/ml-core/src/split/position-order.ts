/**
 * Rows in a seeded order that depends on their positions alone: on nothing that a row holds (equal rows must not travel
 * together) and not on how many rows there are (a longer file keeps the relative order of the rows it had).
 * @module
 */
import { ArgumentError } from "../base/argument-error.ts";
import { keyFromSeed, uniform } from "../base/rng.ts";

/** The row indices of each class (all rows as one, if `labels` is null), each in the order of the rows' hashes. */
export function hashOrderedClasses(rows: number, labels: Int32Array | null, seed: number): number[][] {
  if (labels !== null && labels.length !== rows)
    throw new ArgumentError(`"labels" expected length ${rows} (rows), got ${labels.length}`);
  const key = keyFromSeed(seed);
  const hashes = Float64Array.from({ length: rows }, (_, row) => uniform(key, row));
  const classes = new Map<number, number[]>();
  for (let row = 0; row < rows; row++) {
    const label = labels === null ? 0 : labels[row]!;
    const members = classes.get(label);
    if (members === undefined) classes.set(label, [row]);
    else members.push(row);
  }
  return [...classes]
    .sort(([a], [b]) => a - b)
    .map(([, members]) => members.sort((a, b) => hashes[a]! - hashes[b]! || a - b));
}
