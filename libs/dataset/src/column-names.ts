/**
 * What holds for the names of columns in every format.
 * @module
 */
import { repeatedName } from "@mintmark/columns/names";
import { AppError } from "@mintmark/errors";

/**
 * @param where what has the columns, for the message
 * @throws AppError COLUMN_REPEATED
 */
export function requireDistinct(where: string, names: readonly string[]): void {
  const repeated = repeatedName(names);
  if (repeated !== undefined) throw new AppError("COLUMN_REPEATED", { where, ...repeated });
}

/** Whether a column has no name: none is written, or blanks alone. Such a column is left out. */
export function isNameless(name: string): boolean {
  return name.trim() === "";
}

/** What to say of columns without a name, by their positions from 1. */
export function unnamed(positions: readonly number[]): string[] {
  if (positions.length === 0) return [];
  const isIndex = positions.length === 1 && positions[0] === 1;
  const which = positions.length === 1 ? `column ${positions[0]} has` : `columns ${positions.join(", ")} have`;
  return [`${which} no name${isIndex ? ", as the index of a pandas frame has none" : ""}: left out; a name keeps it`];
}

/** The names of a file's columns. */
export interface NamedColumns {
  readonly file: string;
  readonly names: readonly string[];
}

/**
 * Every file has the columns of the first, in any order.
 * @throws AppError COLUMNS_DIFFER
 */
export function requireSame(first: NamedColumns, others: readonly NamedColumns[]): void {
  const wanted = new Set(first.names);
  for (const { file, names } of others) {
    const own = new Set(names);
    const missing = first.names.filter((name) => !own.has(name));
    const extra = names.filter((name) => !wanted.has(name));
    if (missing.length > 0 || extra.length > 0)
      throw new AppError("COLUMNS_DIFFER", { first: first.file, file, missing, extra });
  }
}
