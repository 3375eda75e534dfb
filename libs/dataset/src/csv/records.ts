/**
 * The rows of a CSV file by our own reading, as every door but training's reads them. Training reads so what DuckDB refuses
 * or would read otherwise; training takes twice as long so (104 MB: 7.6 s for 3.7 s).
 * @module
 */
import { basename } from "node:path";
import { type Cell, type CsvDialect, CsvError, fitted, readRecord } from "@mintmark/columns/csv-text";
import { AppError } from "@mintmark/errors";
import { textOfFile } from "../text-of-file.ts";

/** Characters of a row. One without an end, such as after a quote that is left open, must not fill the memory. */
export const mostOfRow = 1 << 25;

/**
 * The rows in order, those of a piece of text at a time, each with a cell for every name. Linear in the text.
 * @throws AppError DATA_MALFORMED, naming the row
 */
export async function* recordsOf(
  path: string,
  encoding: string,
  { delimiter, names, end }: CsvDialect,
): AsyncGenerator<readonly (readonly Cell[])[]> {
  let row = 0;
  const take = (text: string, isWhole: boolean): { rows: (readonly Cell[])[]; at: number } => {
    const rows: (readonly Cell[])[] = [];
    let at = 0;
    try {
      for (;;) {
        const record = readRecord(text, at, delimiter, isWhole);
        if (record === null) break;
        if (record.end - at > mostOfRow) throw tooLong();
        const cells = fitted(record.cells, names);
        if (cells === null) throw uneven(record.cells.length, names.length, delimiter);
        rows.push(cells);
        at = record.end;
        row++;
      }
      if (text.length - at > mostOfRow) throw tooLong();
      return { rows, at };
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      throw new AppError(
        "DATA_MALFORMED",
        { file: basename(path), problem: `row ${row + 1}: ${error.message}` },
        { cause: error },
      );
    }
  };
  let text = "";
  let skip = end;
  // A row that was cut is looked at again when there is twice as much of it: to do so at each piece is quadratic.
  let enough = 0;
  for await (const piece of textOfFile(path, encoding)) {
    text += piece.slice(skip);
    skip = Math.max(0, skip - piece.length);
    if (text.length < enough) continue;
    const { rows, at } = take(text, false);
    if (rows.length > 0) yield rows;
    text = text.slice(at);
    enough = Math.min(2 * text.length, mostOfRow + 1);
  }
  const { rows } = take(text, true);
  if (rows.length > 0) yield rows;
}

function uneven(values: number, columns: number, delimiter: string): CsvError {
  const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;
  const mark = delimiter === "\t" ? "a tab" : `'${delimiter}'`;
  return new CsvError(
    `${counted(values, "value")} for ${counted(columns, "column")}, as ${mark} separates them; data.delimiter names another mark`,
  );
}

function tooLong(): CsvError {
  return new CsvError(
    `longer than ${mostOfRow} characters, and no longer one is taken; a quote that is left open makes a row of many`,
  );
}
