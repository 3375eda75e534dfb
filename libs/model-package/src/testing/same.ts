/**
 * Comparing answers.
 * @module
 */
import type { OutputColumn } from "../predictor.ts";

/** Of JSON, where NaN and the infinities are texts. */
type Answers = readonly (number | string | boolean)[];

/** What differs, at most the first five rows of it. `tolerance` is relative; 0 asks for the same bits. */
export function differences(theirs: Answers, ours: OutputColumn, tolerance: number): string[] {
  if (theirs.length !== ours.values.length) return [`${ours.name}: ${theirs.length} rows, ours ${ours.values.length}`];
  return Array.from(theirs, (_, row) => row)
    .filter((row) => !isSame(theirs[row]!, ours.values[row]!, tolerance))
    .slice(0, 5)
    .map((row) => `${ours.name}, row ${row}: ${theirs[row]}, ours ${ours.values[row]}`);
}

/** Relative to the value, or to 1 for values below it: scores near 0 are differences of larger terms. */
function isSame(theirs: number | string | boolean, ours: number | string | boolean, tolerance: number): boolean {
  if (theirs === ours || (typeof ours === "number" && theirs === String(ours))) return true;
  if (typeof theirs !== "number" || typeof ours !== "number") return false;
  return Math.abs(theirs - ours) <= tolerance * Math.max(1, Math.abs(ours));
}
