/**
 * Columns of results whose types are declared: Parquet files, and queries. What a file says of its column is taken at its
 * word; where files say different things, numbers of any width go together and nothing else does.
 * @module
 */
import type { DuckDBConnection, DuckDBDataChunk, DuckDBDoubleVector, DuckDBVarCharVector } from "@duckdb/node-api";
import type { ColumnType } from "@mintmark/columns/column-schema";
import { parseNumber } from "@mintmark/columns/number-text";
import { AppError } from "@mintmark/errors";
import { type CellKind, mixture, type Seen } from "./decide.ts";
import { chunksOf, identifier, wholeText } from "./duckdb.ts";
import { Numbers, Texts } from "./growing-column.ts";
import type { Rules } from "./read-options.ts";
import { numberColumn, type Table, unusableColumn } from "./table.ts";
import { type ReadColumn, WrittenNumbers } from "./written-numbers.ts";

/** What stands behind FROM, and what it is called in messages. */
export interface Relation {
  readonly file: string;
  readonly from: string;
  /** What it means that its rows cannot be read. */
  readonly malformed?: (error: Error) => AppError;
  /** How many columns to ask for at a time; all of them if absent: a query's result may be another the next time. */
  readonly atOnce?: number;
}

/** A column of a relation: its name, its SQL type, and what that is. */
export interface SqlColumn {
  readonly name: string;
  readonly sqlType: string;
  readonly kind: SqlKind;
}

/** `unreadable`: DuckDB would give other values than the file has. */
type SqlKind = "integer" | "number" | "boolean" | "date" | "text" | "empty" | "other" | "unreadable";

/** The columns of the SELECT; it is bound, not run. */
export async function describe(connection: DuckDBConnection, select: string): Promise<SqlColumn[]> {
  const statement = await connection.prepare(select);
  try {
    return Array.from({ length: statement.columnCount }, (_, index) => {
      const sqlType = statement.columnType(index).toString();
      return { name: statement.columnName(index), sqlType, kind: kindOf(sqlType) };
    });
  } finally {
    statement.destroySync();
  }
}

function kindOf(sqlType: string): SqlKind {
  if (sqlType === "BOOLEAN") return "boolean";
  if (/^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/.test(sqlType) || /^DECIMAL\(\d+,\s*0\)$/.test(sqlType))
    return "integer";
  // A column that is NULL in every row has the type NULL.
  if (/^(SQLNULL|"NULL"|NULL)$/.test(sqlType)) return "empty";
  if (/^(FLOAT|DOUBLE|BIGNUM)$/.test(sqlType) || sqlType.startsWith("DECIMAL(")) return "number";
  if (sqlType === "DATE" || sqlType.startsWith("TIMESTAMP")) return "date";
  if (sqlType === "VARCHAR" || sqlType === "UUID" || sqlType.startsWith("ENUM(")) return "text";
  return "other";
}

/**
 * The rows of all relations, one after the other.
 * @param names of the wanted columns, which each relation has, in any order
 */
export async function readTyped(
  connection: DuckDBConnection,
  relations: readonly TypedRelation[],
  names: readonly string[],
  rules: Rules,
): Promise<Table> {
  const readings: TypedColumn[] = [];
  for (const name of names) readings.push(await typedColumn(connection, relations, name, rules));
  let rows = 0;
  for (const relation of relations) {
    const { file, columns, atOnce = Number.POSITIVE_INFINITY } = relation;
    const takers = readings.map((reading, at) => reading.begin(file, columns.get(names[at]!)!));
    let row = 0;
    for (let from = 0; from < takers.length || from === 0; from += atOnce)
      row = await takeRows(connection, relation, takers.slice(from, from + atOnce));
    rows += row;
  }
  const finished = readings.map((reading) => reading.finish());
  return { rows, columns: finished.map(({ column }) => column), notes: finished.flatMap(({ notes }) => notes) };
}

/** @returns how many rows there are */
async function takeRows(connection: DuckDBConnection, relation: Relation, takers: readonly Taker[]): Promise<number> {
  let row = 0;
  const list = takers.map(({ expression }) => expression).join(", ");
  for await (const chunk of rowsOf(connection, relation, list)) {
    for (const [at, { take }] of takers.entries()) {
      const vector = chunk.getColumnVector(at) as DuckDBDoubleVector | DuckDBVarCharVector;
      for (let i = 0; i < chunk.rowCount; i++) take(vector.getItem(i), row + i + 1);
    }
    row += chunk.rowCount;
  }
  return row;
}

/** The rows of a relation, of each what the list of expressions makes of it. */
export async function* rowsOf(
  connection: DuckDBConnection,
  { from, malformed }: Relation,
  list: string,
): AsyncGenerator<DuckDBDataChunk> {
  try {
    yield* chunksOf(connection, `SELECT ${list || "1"} FROM ${from}`);
  } catch (error) {
    if (malformed === undefined || !(error instanceof Error) || error instanceof AppError) throw error;
    throw malformed(error);
  }
}

export interface TypedRelation extends Relation {
  readonly columns: ReadonlyMap<string, SqlColumn>;
}

/** Columns by their names, which are all different. */
export function byName(columns: readonly SqlColumn[]): ReadonlyMap<string, SqlColumn> {
  return new Map(columns.map((column) => [column.name, column]));
}

interface TypedColumn {
  /** The next relation begins, which has such a column. */
  readonly begin: (file: string, column: SqlColumn) => Taker;
  readonly finish: () => ReadColumn;
}

/** What is asked of DuckDB for a column, and what becomes of each value. */
interface Taker {
  readonly expression: string;
  readonly take: (value: number | string | null, row: number) => void;
}

const nothing: Taker = { expression: "NULL::BOOLEAN", take: () => {} };

async function typedColumn(
  connection: DuckDBConnection,
  relations: readonly TypedRelation[],
  name: string,
  rules: Rules,
): Promise<TypedColumn> {
  const declared = rules.typeOf(name);
  const own = relations.map(({ columns }) => columns.get(name)!);
  const unreadable = own.find(({ kind }) => kind === "unreadable");
  if (unreadable !== undefined) return refusedColumn(name, unsupported(unreadable));
  const other = own.find(({ kind }) => kind === "other");
  if (other !== undefined && declared !== "text") return refusedColumn(name, unsupported(other));
  if (declared !== undefined) return declaredColumn(name, declared, rules);
  const kinds = new Set(own.flatMap(({ kind }) => (kind === "empty" ? [] : [cellKinds[kind as CellSqlKind]])));
  if (kinds.size < 2) return uniformColumn(name, kinds.has("text"), own, rules);
  const seen = await firstCells(connection, relations, name);
  const mixed = mixture(name, seen);
  if (mixed !== undefined) return refusedColumn(name, mixed);
  // The files differ by their word alone: those of another type have no value.
  return uniformColumn(
    name,
    seen.text !== undefined,
    own.filter(({ kind }) => seen[cellKinds[kind as CellSqlKind]] !== undefined),
    rules,
  );
}

type CellSqlKind = Exclude<SqlKind, "empty" | "other" | "unreadable">;
const cellKinds: Readonly<Record<CellSqlKind, CellKind>> = {
  integer: "numbers",
  number: "numbers",
  boolean: "booleans",
  date: "dates",
  text: "text",
};

function refusedColumn(name: string, error: AppError): TypedColumn {
  const kind = error.reason === "COLUMN_MIXED" ? "mixed" : "other";
  return { begin: () => nothing, finish: () => ({ column: unusableColumn(name, kind, error), notes: [] }) };
}

/** All files say the same of it. */
function uniformColumn(name: string, isText: boolean, own: readonly SqlColumn[], rules: Rules): TypedColumn {
  if (isText) return textColumn(name, rules, numbersAsText);
  const numbers = new Numbers(rules.missingNumbers);
  const take = (value: number | string | null) => numbers.push(typeof value === "number" ? value : Number.NaN);
  const kinds = new Set(own.map(({ kind }) => kind));
  return {
    begin: (_file, column) => ({ expression: numberOf(column), take }),
    finish: () => {
      const measure = kinds.has("boolean") ? "boolean" : kinds.has("date") ? "date" : undefined;
      return { column: numberColumn(name, numbers.finish(), measure === undefined ? {} : { measure }), notes: [] };
    },
  };
}

/** The training file says what it is. */
function declaredColumn(name: string, type: ColumnType, rules: Rules): TypedColumn {
  if (type === "text") return textColumn(name, rules, () => []);
  const numbers = new WrittenNumbers(name, type, rules);
  return {
    begin: (file, column) => ({
      expression: isNumber(column) || (column.kind === "date" && type === "date") ? numberOf(column) : textOf(column),
      take: (value, row) => {
        if (typeof value === "number") numbers.number(value, () => ({ file, row, cell: String(value) }));
        else numbers.cell(value, { file, row });
      },
    }),
    finish: () => numbers.finish(),
  };
}

function textColumn(
  name: string,
  rules: Rules,
  notesOf: (name: string, values: readonly string[]) => string[],
): TypedColumn {
  const texts = new Texts(rules.missing);
  const take = (value: number | string | null) => texts.push(value === null ? null : String(value));
  return {
    begin: (_file, column) => ({ expression: textOf(column), take }),
    finish: () => {
      const values = texts.finish();
      return { column: { type: "text", name, values }, notes: notesOf(name, values) };
    },
  };
}

/** The first cell of each kind that has one. */
async function firstCells(
  connection: DuckDBConnection,
  relations: readonly TypedRelation[],
  name: string,
): Promise<Seen> {
  const seen: Seen = {};
  for (const { file, from, columns } of relations) {
    const column = columns.get(name)!;
    if (column.kind === "empty" || column.kind === "other" || column.kind === "unreadable") continue;
    if (seen[cellKinds[column.kind]] !== undefined) continue;
    const numbered = `SELECT row_number() OVER () AS row, ${textOf(column)} AS cell FROM ${from}`;
    const found = await connection.runAndReadAll(`SELECT row, cell FROM (${numbered}) WHERE cell IS NOT NULL LIMIT 1`);
    const [first] = found.getRowsJS();
    if (first !== undefined) seen[cellKinds[column.kind]] = { file, row: Number(first[0]), cell: String(first[1]) };
  }
  return seen;
}

/** Whether its values are numbers, which are taken as they are; text is parsed. */
function isNumber({ kind }: SqlColumn): boolean {
  return kind === "integer" || kind === "number";
}

/** The column as texts. */
export function textOf({ name, kind }: SqlColumn): string {
  const text = `CAST(${identifier(name)} AS VARCHAR)`;
  return kind === "text" ? wholeText(text) : text;
}

/** The column as doubles: of dates the days since 1970. */
export function numberOf({ name, kind }: SqlColumn): string {
  const column = identifier(name);
  if (kind === "text") return "NULL::DOUBLE";
  // Through microseconds: DuckDB's epoch() of a date is whole seconds.
  return kind === "date" ? `epoch_us(CAST(${column} AS TIMESTAMP)) / 86400e6` : `CAST(${column} AS DOUBLE)`;
}

/** Why a column cannot be used whatever the training file says of it. */
export function unsupported({ name, sqlType, kind }: SqlColumn): AppError {
  if (kind === "unreadable") return new AppError("COLUMN_TOO_PRECISE", { column: name, sqlType });
  return new AppError("COLUMN_TYPE_UNSUPPORTED", { column: name, sqlType });
}

function numbersAsText(name: string, values: readonly string[]): string[] {
  const present = values.filter((value) => value !== "");
  if (present.length === 0 || !present.every((value) => parseNumber(value) !== undefined)) return [];
  return [
    `column '${name}' is text by its type, and yet every value is a number, such as '${present[0]}': where it is no code, say data.types: { ${name}: number }`,
  ];
}
