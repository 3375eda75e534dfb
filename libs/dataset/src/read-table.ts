/**
 * Reads training data with DuckDB: CSV, Parquet or JSON files, and SQL of the user over them.
 *
 * Deterministic: one thread and the order of the file, so that the same bytes give the same table.
 * Closed: before SQL of the user runs, the data is in memory, access to anything outside is off and the configuration is locked.
 * @module
 */
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type DuckDBConnection, DuckDBInstance, type DuckDBResult, StatementType } from "@duckdb/node-api";
import { AppError } from "@mintmark/errors";
import { type CsvDialect, csvDialect } from "./csv-dialect.ts";
import { type Format, formatOf } from "./format.ts";
import { NumberValues, TextValues } from "./growing-column.ts";
import type { Table, TableColumn } from "./table.ts";

export interface ReadOptions {
  /** Paths of the files, all of one format, read one after the other. */
  readonly files: readonly string[];
  /** One SELECT over the table `source`; the files as they are if null. */
  readonly query?: string | null | undefined;
}

/**
 * The rows of the files, or of the query over them. Missing values: NaN in numbers, "" in text.
 * @throws AppError DATA_FILE_NOT_FOUND, DATA_FORMAT_UNKNOWN, DATA_FORMATS_MIXED, DATA_MALFORMED, CSV_COLUMN_REPEATED, QUERY_REFUSED, QUERY_FAILED
 */
export async function readTable({ files, query }: ReadOptions): Promise<Table> {
  const relation = await relationOf(files);
  const scratch = await mkdtemp(join(tmpdir(), "mintmark-duckdb-"));
  const instance = await DuckDBInstance.create(":memory:", { ...settings, temp_directory: scratch });
  const connection = await instance.connect();
  try {
    if (query === undefined || query === null) return await readFiles(connection, relation, files);
    await materialise(connection, relation, files);
    await lock(connection);
    return await readQuery(connection, query);
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(scratch, { recursive: true, force: true });
  }
}

const settings = {
  threads: "1",
  preserve_insertion_order: "true",
  autoinstall_known_extensions: "false",
  autoload_known_extensions: "false",
  allow_community_extensions: "false",
};

/** The files as DuckDB reads them. */
interface Relation {
  readonly sql: string;
  /** Reads the same without looking at types, to say what is wrong with which line; null if the reader says so itself. */
  readonly diagnosis: string | null;
}

async function relationOf(files: readonly string[]): Promise<Relation> {
  const [first] = files;
  if (first === undefined) throw new RangeError(`"files" expected at least one path, got none`);
  const formats = new Set<Format>(files.map(formatOf));
  if (formats.size > 1) throw new AppError("DATA_FORMATS_MIXED", { files: files.map((file) => basename(file)) });
  await Promise.all(files.map(requireFile));
  const list = `[${files.map(literal).join(", ")}]`;
  if (formats.has("parquet")) return { sql: `read_parquet(${list})`, diagnosis: null };
  if (formats.has("json")) return { sql: `read_json_auto(${list}, sample_size = -1)`, diagnosis: null };
  const dialect = await csvDialect(first);
  requireDistinctNames(basename(first), dialect.names);
  return csvRelation(list, dialect);
}

/** DuckDB, to which case makes no name, would call the second of two `a` by another name: `a_1`. */
function requireDistinctNames(file: string, names: readonly string[]): void {
  const folded = names.map((name) => name.toLowerCase());
  const at = folded.findIndex((name, index) => name !== "" && folded.indexOf(name) !== index);
  if (at < 0) return;
  throw new AppError("CSV_COLUMN_REPEATED", { file, first: names[folded.indexOf(folded[at]!)]!, second: names[at]! });
}

// Types come from every row, not from a sample: a column must not change its type at row 20,481. The first line always
// holds the names, and no line is skipped or taken for a comment on a guess.
function csvRelation(list: string, { delimiter, names }: CsvDialect): Relation {
  const dialect = `delim = ${literal(delimiter)}, quote = '"', escape = '"', header = true, skip = 0, comment = ''`;
  const texts = names.map((_, index) => `c${index}: 'VARCHAR'`).join(", ");
  return {
    sql: `read_csv(${list}, ${dialect}, sample_size = -1, nullstr = '')`,
    diagnosis: `read_csv(${list}, ${dialect}, auto_detect = false, columns = {${texts}})`,
  };
}

async function requireFile(path: string): Promise<void> {
  await access(path).catch(() => {
    throw new AppError("DATA_FILE_NOT_FOUND", { source: path });
  });
}

async function readFiles(connection: DuckDBConnection, relation: Relation, files: readonly string[]): Promise<Table> {
  try {
    return await readSelect(connection, `SELECT * FROM ${relation.sql}`);
  } catch (error) {
    throw await malformed(connection, relation, files, error);
  }
}

async function materialise(connection: DuckDBConnection, relation: Relation, files: readonly string[]): Promise<void> {
  try {
    await connection.run(`CREATE TABLE source AS SELECT * FROM ${relation.sql}`);
  } catch (error) {
    throw await malformed(connection, relation, files, error);
  }
}

async function lock(connection: DuckDBConnection): Promise<void> {
  await connection.run("SET enable_external_access = false");
  await connection.run("SET lock_configuration = true");
}

async function readQuery(connection: DuckDBConnection, query: string): Promise<Table> {
  try {
    await requireOneSelect(connection, query);
    // random() is a function of the seed and the row then, so that the same job reads the same data again.
    await connection.run("SELECT setseed(0)");
    return await readSelect(connection, query);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw queryError(error);
  }
}

async function requireOneSelect(connection: DuckDBConnection, query: string): Promise<void> {
  const statements = await connection.extractStatements(query);
  if (statements.count !== 1)
    throw new AppError("QUERY_REFUSED", { problem: `expected one SELECT, got ${statements.count} statements` });
  const statement = await statements.prepare(0);
  const isSelect = statement.statementType === StatementType.SELECT;
  statement.destroySync();
  if (!isSelect) throw new AppError("QUERY_REFUSED", { problem: "expected a SELECT, got another statement" });
}

/** Runs a SELECT twice: bound for its types, then with each column cast to what the algorithms take. */
async function readSelect(connection: DuckDBConnection, select: string): Promise<Table> {
  const types = await connection.prepare(select);
  const names: string[] = [];
  const sqlTypes: string[] = [];
  for (let index = 0; index < types.columnCount; index++) {
    names.push(types.columnName(index));
    sqlTypes.push(types.columnType(index).toString());
  }
  types.destroySync();
  requireDistinct(names);
  const kinds = sqlTypes.map(kindOf);
  const casts = names.map((name, index) => castOf(name, kinds[index]!));
  const result = await connection.stream(
    `SELECT ${casts.join(", ")} FROM (${select.replace(/;\s*$/, "")}\n) AS selected`,
  );
  return collect(result, names, sqlTypes, kinds);
}

function requireDistinct(names: readonly string[]): void {
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw new AppError("COLUMN_REPEATED", { column: repeated });
}

type ColumnKind = "integer" | "real" | "boolean" | "text" | "unreadable";

function kindOf(sqlType: string): ColumnKind {
  if (sqlType === "BOOLEAN") return "boolean";
  if (/^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/.test(sqlType) || /^DECIMAL\(\d+,\s*0\)$/.test(sqlType))
    return "integer";
  // A column that is NULL in every row has the type NULL.
  if (/^(FLOAT|DOUBLE|SQLNULL|"NULL"|NULL)$/.test(sqlType) || sqlType.startsWith("DECIMAL(")) return "real";
  if (sqlType === "VARCHAR" || sqlType === "UUID" || sqlType.startsWith("ENUM(")) return "text";
  return "unreadable";
}

function castOf(name: string, kind: ColumnKind): string {
  const quoted = `"${name.replaceAll('"', '""')}"`;
  if (kind === "unreadable") return "NULL::BOOLEAN";
  return `CAST(${quoted} AS ${kind === "text" ? "VARCHAR" : "DOUBLE"})`;
}

async function collect(
  result: DuckDBResult,
  names: readonly string[],
  sqlTypes: readonly string[],
  kinds: readonly ColumnKind[],
): Promise<Table> {
  const values = kinds.map((kind) => (kind === "text" ? new TextValues() : new NumberValues()));
  let rows = 0;
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    for (const [index, column] of values.entries())
      if (kinds[index] !== "unreadable") column.append(chunk.getColumnVector(index), chunk.rowCount);
    rows += chunk.rowCount;
  }
  const columns = names.map((name, index): TableColumn => {
    const column = values[index]!;
    const kind = kinds[index]!;
    const sqlType = sqlTypes[index]!;
    if (kind === "unreadable") return { type: "unreadable", name, sqlType };
    if (column instanceof TextValues) return { type: "text", name, values: column.finish(), sqlType };
    return { type: "number", name, values: column.finish(), measure: kind === "text" ? "real" : kind, sqlType };
  });
  return { rows, columns };
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

async function malformed(
  connection: DuckDBConnection,
  relation: Relation,
  files: readonly string[],
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof Error) || error instanceof AppError) return error;
  let problem = summary(relation.diagnosis === null ? error : await diagnose(connection, relation.diagnosis, error));
  for (const file of files) problem = problem.replaceAll(file, basename(file));
  const names = files.map((file) => basename(file)).join(", ");
  return new AppError("DATA_MALFORMED", { file: names, problem }, { cause: error });
}

async function diagnose(connection: DuckDBConnection, relation: string, error: Error): Promise<Error> {
  try {
    await connection.run(`SELECT count(COLUMNS(*)) FROM ${relation}`);
    return error;
  } catch (diagnosis) {
    return diagnosis instanceof Error ? diagnosis : error;
  }
}

function queryError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  // DuckDB gives no code; the kind of its error is the first words of the message.
  const isRefused = error.message.startsWith("Permission Error");
  return new AppError(isRefused ? "QUERY_REFUSED" : "QUERY_FAILED", { problem: summary(error) }, { cause: error });
}

/** The lines of DuckDB's message that say what and where, without its hints about options that are not the user's to set. */
function summary(error: Error): string {
  const message = error.message.split(/\n+(?:LINE \d+:|Possible fixes:|Possible Solution)/)[0]!;
  const lines = message.split("\n").map((line) => line.trim());
  return lines
    .filter((line) => line !== "")
    .slice(0, 5)
    .join("; ")
    .slice(0, 500);
}
