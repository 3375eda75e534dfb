/**
 * What a column is, from what its cells were seen to be: all of them, of every file. A column whose cells are of one kind
 * is of that kind; numbers beside text, or booleans beside either, are refused rather than guessed at.
 * @module
 */
import type { ColumnType } from "@mintmark/columns/column-schema";
import { AppError } from "@mintmark/errors";

/** Kinds of cells that do not go together. Integers and reals do: they are numbers. */
export type CellKind = "numbers" | "text" | "booleans" | "dates";

/** Where a cell stands, and what it holds. */
export interface Place {
  /** The file's own name. */
  readonly file: string;
  /** In its file, from 1; the line of names does not count. */
  readonly row: number;
  readonly cell: string;
}

/** The first cell of each kind, in the order in which they were met. */
export type Seen = Partial<Record<CellKind, Place>>;

/** Why a column of such cells cannot be used; undefined if they are of one kind, or there are none. */
export function mixture(column: string, seen: Seen): AppError | undefined {
  const [first, offending] = Object.entries(seen);
  if (first === undefined || offending === undefined) return undefined;
  const kinds: readonly [string, string] = [first[0], offending[0]];
  return new AppError("COLUMN_MIXED", { column, kinds, first: first[1], offending: offending[1] });
}

/** A cell that is not what the training file says its column is. */
export function notOfType(column: string, type: ColumnType, { file, row, cell }: Place): AppError {
  return new AppError("COLUMN_CELL_INVALID", { column, type, file, row, cell });
}
