/**
 * SQL of the user over the data: one SELECT over the table `source`, with everything outside closed, and the same result
 * on any day.
 * @module
 */
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  StatementType,
  TIMESTAMP,
  VARCHAR,
} from "@duckdb/node-api";
import { AppError } from "@mintmark/errors";
import { requireDistinct } from "../column-names.ts";
import { identifier, summaryOf } from "../duckdb.ts";
import type { ParquetFiles } from "../parquet/read-parquet.ts";
import type { Rules } from "../read-options.ts";
import type { NumberTableColumn, Table, TextTableColumn } from "../table.ts";
import { byName, describe, readTyped } from "../typed-columns.ts";
import { requireRepeatable } from "./volatile.ts";

/**
 * The result of the query; `data.types` and `data.drop` are of its columns.
 * @throws AppError QUERY_REFUSED, QUERY_VOLATILE, QUERY_FAILED, COLUMN_REPEATED
 */
export async function runQuery(connection: DuckDBConnection, query: string, rules: Rules): Promise<Table> {
  try {
    await requireOneSelect(connection, query);
    await close(connection);
    const select = query.replace(/;\s*$/, "");
    const columns = await describe(connection, select);
    const names = columns.map(({ name }) => name);
    requireDistinct("the result of data.query", names);
    const result = { file: "the query's result", from: `(${select}\n) AS selected`, columns: byName(columns) };
    return await readTyped(connection, [result], names, {
      ...rules,
      keepsMixed: false,
    });
  } catch (error) {
    if (!(error instanceof Error) || error instanceof AppError) throw error;
    // DuckDB gives no code; the kind of its error is the first words of the message.
    const isRefused = error.message.startsWith("Permission Error");
    throw new AppError(isRefused ? "QUERY_REFUSED" : "QUERY_FAILED", { problem: summaryOf(error) }, { cause: error });
  }
}

async function requireOneSelect(connection: DuckDBConnection, query: string): Promise<void> {
  const statements = await connection.extractStatements(query);
  if (statements.count !== 1)
    throw new AppError("QUERY_REFUSED", { problem: `expected one SELECT, got ${statements.count} statements` });
  // As it is parsed, before it is bound to functions that take other arguments.
  await requireRepeatable(connection, query);
  const statement = await statements.prepare(0);
  const isSelect = statement.statementType === StatementType.SELECT;
  statement.destroySync();
  if (!isSelect) throw new AppError("QUERY_REFUSED", { problem: "expected a SELECT, got another statement" });
}

/** One thread and one time zone, so that the rows and their order are the same everywhere; then nothing outside, for good. */
async function close(connection: DuckDBConnection): Promise<void> {
  await connection.run("SET threads = 1");
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run("SET enable_external_access = false");
  await connection.run("SET lock_configuration = true");
  // random() is a function of the seed and the row then.
  await connection.run("SELECT setseed(0)");
}

/** Columns that were read here as the table `source`; those that cannot be used are not in it. */
export async function tableAsSource(connection: DuckDBConnection, { columns, rows }: Table): Promise<void> {
  const usable = columns.filter((column) => column.type !== "unusable");
  const types = usable.map(sqlTypeOf);
  const fields = usable.map(({ name }, at) => `${identifier(name)} ${types[at]}`);
  await connection.run(`CREATE TABLE source (${fields.join(", ") || "nothing INTEGER"})`);
  if (usable.length === 0) return;
  const appender = await connection.createAppender("source");
  for (let from = 0; from < rows; from += chunkRows) {
    const count = Math.min(chunkRows, rows - from);
    const chunk = DuckDBDataChunk.create(types, count);
    for (const [at, column] of usable.entries()) chunk.setColumnValues(at, valuesOf(column, types[at]!, from, count));
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}

const chunkRows = 2048;

/** Parquet's own tables keep their types, so that a query can reach into lists and structs. */
export async function parquetAsSource(
  connection: DuckDBConnection,
  { relations, names }: ParquetFiles,
  table: Table,
): Promise<void> {
  // DuckDB would give other numbers of it.
  const readable = names.filter((name) => relations.every(({ columns }) => columns.get(name)!.kind !== "unreadable"));
  const decisions = new Map(table.columns.map((column) => [column.name, column]));
  for (const [index, { from, columns, malformed }] of relations.entries()) {
    const list = readable.map((name) => {
      const { kind } = columns.get(name)!;
      const decided = decisions.get(name)!;
      // Where files declare numbers of several widths, the widest that all of them fit into.
      const isNumber = decided.type === "number" && (decided.measure === "number" || decided.measure === "integer");
      const isMixed = relations.length > 1 && isNumber && (kind === "integer" || kind === "number");
      return isMixed ? `CAST(${identifier(name)} AS DOUBLE) AS ${identifier(name)}` : identifier(name);
    });
    const select = `SELECT ${list.join(", ")} FROM ${from}`;
    await connection
      .run(index === 0 ? `CREATE TABLE source AS ${select}` : `INSERT INTO source ${select}`)
      .catch((error: unknown) => {
        throw malformed !== undefined && error instanceof Error ? malformed(error) : error;
      });
  }
}

function sqlTypeOf(column: NumberTableColumn | TextTableColumn): DuckDBType {
  if (column.type === "text") return VARCHAR;
  switch (column.measure) {
    case "integer":
      // Beyond it they are no integers any more, and may be beyond 64 bits.
      return column.values.every((value) => !(Math.abs(value) > Number.MAX_SAFE_INTEGER)) ? BIGINT : DOUBLE;
    case "boolean":
      return BOOLEAN;
    case "date":
      return TIMESTAMP;
    case "number":
      return DOUBLE;
    default:
      return column.measure satisfies never;
  }
}

function valuesOf(
  column: NumberTableColumn | TextTableColumn,
  type: DuckDBType,
  from: number,
  count: number,
): DuckDBValue[] {
  if (column.type === "text")
    return column.values.slice(from, from + count).map((value) => (value === "" ? null : value));
  return Array.from(column.values.subarray(from, from + count), (value) =>
    Number.isNaN(value) ? null : sqlValue(type === DOUBLE ? "number" : column.measure, value),
  );
}

function sqlValue(measure: NumberTableColumn["measure"], value: number): DuckDBValue {
  switch (measure) {
    case "integer":
      return BigInt(value);
    case "boolean":
      return value === 1;
    case "date":
      return new DuckDBTimestampValue(BigInt(Math.round(value * 86_400e6)));
    case "number":
      return value;
    default:
      return measure satisfies never;
  }
}
