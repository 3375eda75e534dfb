/**
 * K-fold cross-validation: every row is in the test part of exactly one fold.
 * @module
 */
import { requireInteger } from "../base/check.ts";
import { hashOrderedClasses } from "./position-order.ts";

export interface FoldOptions {
  /** 2..rows. */
  readonly folds: number;
  /** Class of each row; each fold then gets its share of each class, give or take one row. Null: over all rows. */
  readonly stratify: Int32Array | null;
  readonly seed: number;
}

/** Row indices, ascending. */
export interface Fold {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/** Rows are dealt to the folds one after the other, class by class, so that folds differ by at most one row. */
export function kFold(rows: number, { folds, stratify, seed }: FoldOptions): Fold[] {
  requireInteger("folds", folds, 2, rows);
  const foldOf = new Int32Array(rows);
  let dealt = 0;
  for (const members of hashOrderedClasses(rows, stratify, seed))
    for (const row of members) {
      foldOf[row] = dealt % folds;
      dealt += 1;
    }
  return Array.from({ length: folds }, (_, fold) => ({
    train: rowsWhere(foldOf, (other) => other !== fold),
    test: rowsWhere(foldOf, (other) => other === fold),
  }));
}

function rowsWhere(foldOf: Int32Array, holds: (fold: number) => boolean): Int32Array {
  const rows: number[] = [];
  foldOf.forEach((fold, row) => {
    if (holds(fold)) rows.push(row);
  });
  return Int32Array.from(rows);
}
