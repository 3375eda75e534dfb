/**
 * Divides rows into training, validation and test.
 * @module
 */
import { ArgumentError } from "../base/argument-error.ts";
import { requireInteger, requireNumber } from "../base/check.ts";
import { hashOrderedClasses } from "./position-order.ts";

export interface SplitOptions {
  /** Share of the rows, 0 ≤ test < 1. */
  readonly test: number;
  /** Share of the rows, 0 ≤ validation, test + validation < 1. */
  readonly validation: number;
  /** Class of each row; the shares then hold within each class. Null: over all rows. */
  readonly stratify: Int32Array | null;
  readonly seed: number;
}

/** Row indices, ascending; every row is in exactly one. */
export interface RowSplit {
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly test: Int32Array;
}

/**
 * Within each class, rows in the order of a seeded hash of their position: the first round(n · test) are test, the next
 * round(n · validation) validation, the rest training.
 */
export function splitRows(rows: number, { test, validation, stratify, seed }: SplitOptions): RowSplit {
  requireInteger("rows", rows, 0);
  requireNumber("test", test, 0);
  requireNumber("validation", validation, 0);
  if (test + validation >= 1)
    throw new ArgumentError(
      `"test" + "validation" expected below 1, so that training rows are left, got ${test + validation}`,
    );
  const parts = hashOrderedClasses(rows, stratify, seed).map((members) => {
    const testEnd = Math.round(members.length * test);
    const validationEnd = testEnd + Math.round(members.length * validation);
    return {
      test: members.slice(0, testEnd),
      validation: members.slice(testEnd, validationEnd),
      train: members.slice(validationEnd),
    };
  });
  const all = (part: keyof RowSplit) => ascending(parts.flatMap((ofClass) => ofClass[part]));
  return { train: all("train"), validation: all("validation"), test: all("test") };
}

function ascending(rows: readonly number[]): Int32Array {
  return Int32Array.from(rows).sort();
}
