/**
 * What can be wrong with a column, in a form that a caller can turn into a failure of its own.
 * @module
 */
import { ArgumentError } from "../base/argument-error.ts";

export type ColumnProblem =
  | "unknown-column"
  | "text-in-number-step"
  | "number-in-text-step"
  | "encoded-twice"
  | "missing-values"
  | "infinite-values"
  | "nothing-to-impute-from"
  | "too-large-to-scale";

export class ColumnError extends ArgumentError {
  override readonly name = "ColumnError";
  readonly problem: ColumnProblem;
  readonly column: string;
  /** First row (from 0) with the problem, and how many have it; null if it is not one of values. */
  readonly at: { readonly row: number; readonly count: number } | null;

  /** @param complaint what is wrong and the way out; the message puts the column's name in front of it */
  constructor(problem: ColumnProblem, column: string, complaint: string, at: ColumnError["at"] = null) {
    super(`column "${column}" ${complaint}`);
    this.problem = problem;
    this.column = column;
    this.at = at;
  }
}
