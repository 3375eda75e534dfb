/**
 * CSV files as columns. DuckDB finds the cells and casts the plain numbers; what the cells are is decided here, from all
 * of them. A file that DuckDB refuses, or would read otherwise than a model that is asked, is read by our own reading.
 * @module
 */
import { basename } from "node:path";
import type { DuckDBDataChunk, DuckDBDoubleVector, DuckDBVarCharVector } from "@duckdb/node-api";
import { type Cell, withoutBlanks } from "@mintmark/columns/csv-text";
import { AppError } from "@mintmark/errors";
import { isNameless, requireDistinct, requireSame, unnamed } from "../column-names.ts";
import { chunksOf, identifier, type Reader, wholeText } from "../duckdb.ts";
import type { Rules } from "../read-options.ts";
import type { Table } from "../table.ts";
import type { ReadColumn } from "../written-numbers.ts";
import { type CsvColumn, csvColumn, type Plan, type Position, planOf } from "./csv-column.ts";
import { type CsvFile, openCsv } from "./open-csv.ts";
import { recordsOf } from "./records.ts";
import { hasPlainRows, mayQuoteBlanks } from "./survey.ts";

/** @throws AppError DATA_MALFORMED, COLUMN_REPEATED, COLUMNS_DIFFER */
export async function readCsv(reader: Reader, paths: readonly string[], rules: Rules): Promise<Table> {
  const opened: CsvFile[] = [];
  for (const path of paths) opened.push(await openCsv(path, rules, reader.scratch));
  const names = namesOf(opened);
  const files: Source[] = [];
  for (const file of opened) files.push(await sourceOf(reader, file));
  let columns: readonly ReadColumn[] | null = null;
  // Again from the start where a file turns out to be one that DuckDB does not read as everybody does.
  while (columns === null) columns = await readColumns(reader, files, names, rules);
  return {
    rows: rowsIn(files),
    columns: columns.map(({ column }) => column),
    notes: [...unnamed(positionsWithoutName(opened[0]!.names)), ...columns.flatMap(({ notes }) => notes)],
  };
}

/** A file, how many rows it has, and who reads it. */
interface Source {
  readonly file: CsvFile;
  rows: number;
  byDuckDB: boolean;
  /** Whether a text of it begins with a blank, of which DuckDB does not tell whether it stood in quotes. */
  hasBlanks: boolean;
}

// Each pass of DuckDB over the file reads 256 columns; our own takes the time of three to four, and reads all of them.
const mostColumnsByDuckDB = 2_048;

/** Counted first, which is a fraction of the reading, so that each column has its place in memory from the start. */
async function sourceOf({ connection }: Reader, file: CsvFile): Promise<Source> {
  const { dialect, readable, relation, names } = file;
  const isPlain = await hasPlainRows(readable, dialect.delimiter, names.length);
  if (isPlain && names.length <= mostColumnsByDuckDB)
    try {
      const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${relation}`);
      return { file, rows: Number(counted.getRowsJS()[0]![0]), byDuckDB: true, hasBlanks: false };
    } catch {
      // What is wrong with the file, or that it is none but DuckDB's, our own reading says.
    }
  let rows = 0;
  for await (const records of recordsOf(file.path, file.encoding, dialect)) rows += records.length;
  return { file, rows, byDuckDB: false, hasBlanks: false };
}

function rowsIn(files: readonly Source[]): number {
  return files.reduce((rows, file) => rows + file.rows, 0);
}

/** All columns; null if DuckDB cannot be trusted with a file that it was trusted with. */
async function readColumns(
  reader: Reader,
  files: readonly Source[],
  names: readonly string[],
  rules: Rules,
): Promise<readonly ReadColumn[] | null> {
  let plans: ReadonlyMap<string, Plan> = await firstPlans(files, names, rules);
  const finished = new Map<string, CsvColumn>();
  // A plan gives way to a more general one, so that this ends: doubles, marks, texts.
  do {
    const columns = [...plans].map(([name, plan]) => csvColumn(name, plan, rules, rowsIn(files)));
    for (const source of files) if (!(await readFile(reader, source, columns))) return null;
    if (await lostQuotes(files)) return null;
    for (const column of columns) finished.set(column.name, column);
    plans = new Map(columns.flatMap((column) => (column.next() === undefined ? [] : [[column.name, column.next()!]])));
  } while (plans.size > 0);
  return names.map((name) => {
    const column = finished.get(name)!;
    finished.delete(name);
    return column.finish();
  });
}

/** Whether blanks that DuckDB gave may have stood in quotes, where they belong to the text; such files it reads no more. */
async function lostQuotes(files: readonly Source[]): Promise<boolean> {
  let isLost = false;
  for (const source of files) {
    if (!source.byDuckDB || !source.hasBlanks) continue;
    source.hasBlanks = false;
    if (!(await mayQuoteBlanks(source.file.readable, source.file.dialect.delimiter))) continue;
    source.byDuckDB = false;
    isLost = true;
  }
  return isLost;
}

/** Those of the first file that has rows or names; every other file has the same, in any order. */
function namesOf(files: readonly CsvFile[]): readonly string[] {
  for (const { path, names } of files) requireDistinct(basename(path), names);
  const [first, ...others] = files.map(({ path, names }) => ({
    file: basename(path),
    names: names.filter((name) => !isNameless(name)),
  }));
  requireSame(first!, others);
  return first!.names;
}

function positionsWithoutName(names: readonly string[]): number[] {
  return names.flatMap((name, at) => (isNameless(name) ? [at + 1] : []));
}

const sampleRows = 1_000;

async function firstPlans(
  files: readonly Source[],
  names: readonly string[],
  rules: Rules,
): Promise<Map<string, Plan>> {
  const cells = new Map<string, Cell[]>(names.map((name) => [name, []]));
  let rows = 0;
  for (const { file } of files) {
    for await (const records of recordsOf(file.path, file.encoding, file.dialect)) {
      for (const [name, sample] of cells) {
        const at = file.positions.get(name)!;
        for (const record of records) sample.push(record[at]!);
      }
      rows += records.length;
      if (rows >= sampleRows) break;
    }
    if (rows >= sampleRows) break;
  }
  return new Map(names.map((name) => [name, planOf(name, cells.get(name)!, rules)]));
}

// DuckDB's planning of the casts is quadratic in the columns that a query asks for (1,500 take 12 s, 256 take 0.4 s).
const mostColumnsAQuery = 256;

/** Whether it could be read. */
async function readFile(reader: Reader, source: Source, columns: readonly CsvColumn[]): Promise<boolean> {
  if (!source.byDuckDB) {
    source.rows = await takeRecords(source.file, columns);
    return true;
  }
  try {
    for (let from = 0; from < columns.length; from += mostColumnsAQuery)
      await takeColumns(reader, source, columns.slice(from, from + mostColumnsAQuery));
    return true;
  } catch (error) {
    if (!(error instanceof Error) || error instanceof AppError) throw error;
    source.byDuckDB = false;
    return false;
  }
}

/** @returns how many there are */
async function takeRecords(file: CsvFile, columns: readonly CsvColumn[]): Promise<number> {
  const position = { file: basename(file.path), row: 0 };
  const wanted = columns.map((column) => ({ column, at: file.positions.get(column.name)! }));
  for await (const records of recordsOf(file.path, file.encoding, file.dialect))
    for (const cells of records) {
      position.row++;
      for (const { column, at } of wanted) column.cell(cells[at]!, position);
    }
  return position.row;
}

async function takeColumns(reader: Reader, source: Source, columns: readonly CsvColumn[]): Promise<void> {
  const { file } = source;
  const position = { file: basename(file.path), row: 0 };
  for await (const chunk of chunksOf(reader.connection, selectOf(file, columns))) {
    let at = 0;
    for (const column of columns)
      if (column.plan === "double") {
        takeDoubles(column, chunk, at, position);
        at += 2;
      } else if (takeCells(column, chunk, at++, position)) source.hasBlanks = true;
    position.row += chunk.rowCount;
  }
}

/** One object for all cells of a file: who keeps a place copies it. */
interface MovingPosition extends Position {
  row: number;
}

function takeDoubles(column: CsvColumn, chunk: DuckDBDataChunk, at: number, position: MovingPosition): void {
  const numbers = chunk.getColumnVector(at) as DuckDBDoubleVector;
  const before = position.row;
  for (let row = 0; row < numbers.itemCount; row++) {
    position.row = before + row + 1;
    const value = numbers.getItem(row);
    if (value === null) column.cell((chunk.getColumnVector(at + 1) as DuckDBVarCharVector).getItem(row), position);
    else column.number(value, position);
  }
  position.row = before;
}

/** @returns whether some text begins with a blank */
function takeCells(column: CsvColumn, chunk: DuckDBDataChunk, at: number, position: MovingPosition): boolean {
  const texts = chunk.getColumnVector(at) as DuckDBVarCharVector;
  const before = position.row;
  let hasBlanks = false;
  for (let row = 0; row < texts.itemCount; row++) {
    position.row = before + row + 1;
    const cell = texts.getItem(row);
    const bare = cell === null ? null : withoutBlanks(cell);
    // Of numbers no blank counts.
    if (bare !== cell && column.plan === "text") hasBlanks = true;
    column.cell(bare, position);
  }
  position.row = before;
  return hasBlanks;
}

// Of a column of doubles two values come: the number, and the cell, which is looked at where there is no number, or one
// in DuckDB's eyes only (`1_000`, `NAN`, `+-5`), or one that begins with 0 and another digit (`007`), which a person is told.
function selectOf(file: CsvFile, columns: readonly CsvColumn[]): string {
  const cells: string[] = [];
  const wanted = columns.flatMap(({ name, plan }) => {
    const cell = `c${file.positions.get(name)!}`;
    cells.push(cell);
    if (plan !== "double") return [plan === "text" ? wholeText(cell) : cell];
    const number = identifier(`d${cell}`);
    cells.push(`TRY_CAST(${cell} AS DOUBLE) AS ${number}`);
    const isDoubtful =
      `isnan(${number}) OR contains(${cell}, '_') OR (${cell} >= '00' AND ${cell} < '0:') ` +
      `OR (${number} <= 0 AND contains(${cell}, '+'))`;
    return [`CASE WHEN NOT (${isDoubtful}) THEN ${number} END`, cell];
  });
  return `SELECT ${wanted.join(", ")} FROM (SELECT ${cells.join(", ")} FROM ${file.relation})`;
}
