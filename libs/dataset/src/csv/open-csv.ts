/**
 * A CSV file, opened: its names, and how DuckDB reads its rows.
 * @module
 */
import { createWriteStream } from "node:fs";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type CsvDialect, CsvError, csvDialect, delimiters } from "@mintmark/columns/csv-text";
import { AppError } from "@mintmark/errors";
import { literal, pathLiteral } from "../duckdb.ts";
import type { Rules } from "../read-options.ts";
import { encodingOfFile, requireFile, textOfFile } from "../text-of-file.ts";

export interface CsvFile {
  readonly path: string;
  readonly encoding: string;
  readonly dialect: CsvDialect;
  readonly names: readonly string[];
  /** Where each name stands. */
  readonly positions: ReadonlyMap<string, number>;
  /** What DuckDB is given: the file itself, or a copy of it in UTF-8. */
  readonly readable: string;
  /** For FROM: its rows, all cells texts by the names c0, c1 …; empty cells are NULL. */
  readonly relation: string;
}

/** @param scratch where a copy may lie */
export async function openCsv(path: string, { delimiter, encoding }: Rules, scratch: string): Promise<CsvFile> {
  await requireFile(path);
  const actual = await encodingOfFile(path, encoding);
  const { dialect, header } = await headerOf(path, actual, delimiter);
  // DuckDB skips lines, not records, before the rows; and it reads UTF-8.
  const isPlain = actual === "utf-8" && /^[^\r\n]*(\r\n?|\n|$)$/.test(header);
  const readable = isPlain ? path : join(scratch, `${copies++}.csv`);
  if (!isPlain) await copyRows(path, actual, { dialect, header }, readable);
  const { names } = dialect;
  const positions = new Map(names.map((name, at) => [name, at] as const));
  return { path, encoding: actual, dialect, names, positions, readable, relation: relationOf(readable, dialect) };
}

let copies = 0;

export interface Header {
  readonly dialect: CsvDialect;
  /** The text of the names. */
  readonly header: string;
}

/**
 * The dialect by the beginning of the file.
 * @param delimiter the one that separates, if that is known
 */
export async function headerOf(path: string, encoding: string, delimiter: string | null): Promise<Header> {
  const candidates = delimiter === null ? delimiters : [delimiter];
  let text = "";
  try {
    for await (const piece of textOfFile(path, encoding)) {
      text += piece;
      const dialect = csvDialect(text, candidates, false);
      if (dialect !== null) return { dialect, header: text.slice(0, dialect.end) };
      if (text.length > mostHeader) throw new CsvError(`they do not end within ${mostHeader} characters`);
    }
    const dialect = csvDialect(text, candidates, true);
    if (dialect === null) throw new CsvError("there are none; CSV begins with a line of them");
    return { dialect, header: text.slice(0, dialect.end) };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new AppError("DATA_MALFORMED", {
      file: basename(path),
      problem: `its names cannot be read: ${error.message}`,
    });
  }
}

const mostHeader = 1 << 22;

function relationOf(path: string, { delimiter, names }: CsvDialect): string {
  const columns = names.map((_, index) => `c${index}: 'VARCHAR'`).join(", ");
  // Nothing is guessed: no line is skipped, or taken for a comment, and a folder's name is no column.
  const options = [
    `delim = ${literal(delimiter)}`,
    `quote = '"'`,
    `escape = '"'`,
    "header = false",
    "skip = 1",
    "comment = ''",
    "auto_detect = false",
    "hive_partitioning = false",
    ...(/\.gz$/i.test(path) ? ["compression = 'gzip'"] : []),
    "nullstr = ''",
    "allow_quoted_nulls = false",
    `columns = {${columns}}`,
  ];
  const rows = `read_csv(${pathLiteral(path)}, ${options.join(", ")})`;
  // An empty line is no row. DuckDB gives one where a row is a single cell.
  return names.length === 1 ? `(SELECT * FROM ${rows} WHERE c0 IS NOT NULL)` : rows;
}

/** The rows below a line that stands for the names and ends as the others do. */
async function copyRows(path: string, encoding: string, { dialect, header }: Header, to: string): Promise<void> {
  const [lineBreak = "\n"] = /\r?\n?$/.exec(header)!;
  const rows = withoutStart(textOfFile(path, encoding), dialect.end);
  await pipeline(
    rows,
    (pieces: AsyncIterable<string>) => after(`names${lineBreak || "\n"}`, pieces),
    createWriteStream(to),
  );
}

async function* after(first: string, pieces: AsyncIterable<string>): AsyncGenerator<string> {
  yield first;
  yield* pieces;
}

async function* withoutStart(pieces: AsyncIterable<string>, characters: number): AsyncGenerator<string> {
  let left = characters;
  for await (const piece of pieces) {
    if (left < piece.length) yield piece.slice(left);
    left = Math.max(0, left - piece.length);
  }
}
