/**
 * CSV files as columns. DuckDB finds the cells and casts the plain numbers; what the cells are is decided here, from all
 * of them.
 * @module
 */
import { basename } from "node:path";
import type { DuckDBDataChunk, DuckDBDoubleVector, DuckDBVarCharVector } from "@duckdb/node-api";
import { AppError } from "@mintmark/errors";
import { isNameless, requireDistinct, requireSame, unnamed } from "../column-names.ts";
import { chunksOf, identifier, type Reader, summaryOf } from "../duckdb.ts";
import type { Rules } from "../read-options.ts";
import type { Table, TableColumn } from "../table.ts";
import { notOfEncoding } from "../text-of-file.ts";
import { type CsvColumn, csvColumn, type Plan, type Position, planOf } from "./csv-column.ts";
import { type CsvFile, openCsv } from "./open-csv.ts";

/** @throws AppError DATA_MALFORMED, COLUMN_REPEATED, COLUMNS_DIFFER */
export async function readCsv(reader: Reader, paths: readonly string[], rules: Rules): Promise<Table> {
  const files: CsvFile[] = [];
  for (const path of paths) files.push(await openCsv(path, rules, reader.scratch));
  const names = namesOf(files);
  let plans: ReadonlyMap<string, Plan> = await firstPlans(reader, files, names, rules);
  const finished = new Map<string, CsvColumn>();
  // Counted first, which is a fraction of the reading, so that each column has its place in memory from the start.
  const rows = await countRows(reader, files);
  // A plan gives way to a more general one, so that this ends: doubles, marks, texts.
  do {
    const columns = [...plans].map(([name, plan]) => csvColumn(name, plan, rules, rows));
    for (const file of files) await readFile(reader, file, columns);
    for (const column of columns) finished.set(column.name, column);
    plans = new Map(columns.flatMap((column) => (column.next() === undefined ? [] : [[column.name, column.next()!]])));
  } while (plans.size > 0);
  const columns: TableColumn[] = [];
  const notes: string[] = [];
  for (const name of names) {
    const { column, notes: own } = finished.get(name)!.finish();
    finished.delete(name);
    columns.push(column);
    notes.push(...own);
  }
  return { rows, columns, notes: [...unnamed(positionsWithoutName(files[0]!.names)), ...notes] };
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
  reader: Reader,
  files: readonly CsvFile[],
  names: readonly string[],
  rules: Rules,
): Promise<Map<string, Plan>> {
  const cells = new Map<string, (string | null)[]>(names.map((name) => [name, []]));
  let rows = 0;
  for (const file of files) {
    const list = names.map((name) => cellName(file, name)).join(", ");
    if (names.length > 0)
      await reading(file, async () => {
        for await (const chunk of chunksOf(
          reader.connection,
          `SELECT ${list} FROM ${file.relation} LIMIT ${sampleRows}`,
        )) {
          for (const [at, name] of names.entries()) cells.get(name)!.push(...textsOf(chunk, at));
          rows += chunk.rowCount;
        }
      });
    if (rows >= sampleRows) break;
  }
  return new Map(names.map((name) => [name, planOf(name, cells.get(name)!, rules)]));
}

async function countRows({ connection }: Reader, files: readonly CsvFile[]): Promise<number> {
  let rows = 0;
  for (const file of files)
    await reading(file, async () => {
      const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${file.relation}`);
      rows += Number(counted.getRowsJS()[0]![0]);
    });
  return rows;
}

// DuckDB's planning of the casts is quadratic in the columns that a query asks for (1,500 take 12 s, 256 take 0.4 s).
const mostColumnsAQuery = 256;

async function readFile(reader: Reader, file: CsvFile, columns: readonly CsvColumn[]): Promise<void> {
  for (let from = 0; from < columns.length || from === 0; from += mostColumnsAQuery)
    await readColumns(reader, file, columns.slice(from, from + mostColumnsAQuery));
}

async function readColumns(reader: Reader, file: CsvFile, columns: readonly CsvColumn[]): Promise<void> {
  const position = { file: basename(file.path), row: 0 };
  await reading(file, async () => {
    for await (const chunk of chunksOf(reader.connection, selectOf(file, columns))) {
      let at = 0;
      for (const column of columns)
        if (column.plan === "double") {
          takeDoubles(column, chunk, at, position);
          at += 2;
        } else takeCells(column, chunk, at++, position);
      position.row += chunk.rowCount;
    }
  });
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

function takeCells(column: CsvColumn, chunk: DuckDBDataChunk, at: number, position: MovingPosition): void {
  const texts = chunk.getColumnVector(at) as DuckDBVarCharVector;
  const before = position.row;
  for (let row = 0; row < texts.itemCount; row++) {
    position.row = before + row + 1;
    column.cell(texts.getItem(row), position);
  }
  position.row = before;
}

// Of a column of doubles two values come: the number, and the cell, which is looked at where there is no number, or one
// in DuckDB's eyes only (`1_000`, `NAN`), or one that begins with 0 and another digit (`007`), which a person is told.
function selectOf(file: CsvFile, columns: readonly CsvColumn[]): string {
  const cells: string[] = [];
  const wanted = columns.flatMap(({ name, plan }) => {
    const cell = cellName(file, name);
    cells.push(cell);
    if (plan !== "double") return [cell];
    cells.push(`TRY_CAST(${cell} AS DOUBLE) AS ${identifier(`d${cell}`)}`);
    const number = identifier(`d${cell}`);
    const isDoubtful = `isnan(${number}) OR contains(${cell}, '_') OR (${cell} >= '00' AND ${cell} < '0:')`;
    return [`CASE WHEN NOT (${isDoubtful}) THEN ${number} END`, cell];
  });
  if (wanted.length === 0) return `SELECT 1 FROM ${file.relation}`;
  return `SELECT ${wanted.join(", ")} FROM (SELECT ${cells.join(", ")} FROM ${file.relation})`;
}

function cellName({ names }: CsvFile, name: string): string {
  return `c${names.indexOf(name)}`;
}

function textsOf(chunk: DuckDBDataChunk, at: number): (string | null)[] {
  const vector = chunk.getColumnVector(at) as DuckDBVarCharVector;
  return Array.from({ length: chunk.rowCount }, (_, row) => vector.getItem(row));
}

async function reading(file: CsvFile, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof AppError) throw error;
    const problem = summaryOf(error).replaceAll(file.readable, basename(file.path));
    throw new AppError(
      "DATA_MALFORMED",
      { file: basename(file.path), problem: `${problem}${wayOut(problem)}` },
      { cause: error },
    );
  }
}

function wayOut(problem: string): string {
  if (/not utf-8|byte sequence mismatch/.test(problem)) return `; ${notOfEncoding("utf-8")}`;
  return /Expected Number of Columns/.test(problem) ? "; if another mark separates its values, say data.delimiter" : "";
}
