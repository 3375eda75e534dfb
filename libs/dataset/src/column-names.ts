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
  for (const { file, names } of others) {
    const missing = first.names.filter((name) => !names.includes(name));
    const extra = names.filter((name) => !first.names.includes(name));
    if (missing.length > 0 || extra.length > 0)
      throw new AppError("COLUMNS_DIFFER", { first: first.file, file, missing, extra });
  }
}
