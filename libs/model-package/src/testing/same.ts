/**
 * Comparing answers.
 * @module
 */
import { expect } from "vitest";
import type { OutputColumn } from "../predictor.ts";

/** Of JSON, where NaN and the infinities are texts. */
type Answers = readonly (number | string | boolean)[];

/** Fails with the first rows that differ. `tolerance` is relative; 0 asks for the same bits. */
export function expectSame(theirs: Answers, ours: OutputColumn, tolerance: number): void {
  expect(theirs.length).toBe(ours.values.length);
  const differing = Array.from(theirs, (_, row) => row).filter(
    (row) => !isSame(theirs[row]!, ours.values[row]!, tolerance),
  );
  const shown = differing.slice(0, 5).map((row) => ({ row, theirs: theirs[row], ours: ours.values[row] }));
  expect({ column: ours.name, differing: differing.length, shown }).toEqual({
    column: ours.name,
    differing: 0,
    shown: [],
  });
}

/** Relative to the value, or to 1 for values below it: scores near 0 are differences of larger terms. */
function isSame(theirs: number | string | boolean, ours: number | string | boolean, tolerance: number): boolean {
  if (theirs === ours || (typeof ours === "number" && theirs === String(ours))) return true;
  if (typeof theirs !== "number" || typeof ours !== "number") return false;
  return Math.abs(theirs - ours) <= tolerance * Math.max(1, Math.abs(ours));
}
