/**
 * How the rows of a model are read, as `metadata.mintmark` of its `MLmodel` says it.
 * @module
 */
import { type ColumnSchema, columnTypes, storageOf, type TableSchema } from "@mintmark/columns/column-schema";
import type { NumberFormat } from "@mintmark/columns/number-text";
import { AppError } from "@mintmark/errors";
import { Scalar } from "yaml";
import type { ModelInput } from "./trained-model.ts";

/** What YAML is to hold of the schema; what is as everywhere is left out. */
export function schemaDocument({ columns, missing, delimiter, encoding, query }: TableSchema): Record<string, unknown> {
  return {
    columns: columns.map(columnDocument),
    ...(missing !== undefined && { missing: missing.map(quoted) }),
    ...(delimiter !== undefined && { delimiter: quoted(delimiter) }),
    ...(encoding !== undefined && { encoding: quoted(encoding) }),
    ...(query !== undefined && { query: quoted(query) }),
  };
}

function columnDocument({ name, type, optional, format, spells = [] }: ColumnSchema): Record<string, unknown> {
  return {
    name: quoted(name),
    type,
    optional,
    ...(format !== undefined && { decimal: quoted(format.decimal) }),
    ...(format !== undefined && format.thousands !== null && { thousands: quoted(format.thousands) }),
    ...(spells.length > 0 && { spells }),
  };
}

/** Python reads YAML 1.1, where a bare `yes` is true and `1:30` is ninety. */
function quoted(text: string): Scalar {
  const scalar = new Scalar(text);
  scalar.type = "QUOTE_DOUBLE";
  return scalar;
}

/**
 * The schema of the inputs that the signature names.
 * @param mintmark `metadata.mintmark` of the file; whatever is there
 * @throws AppError MODEL_FILE_INVALID if it has columns that are none, or others than the signature
 */
export function readSchema(mintmark: unknown, inputs: readonly Pick<ModelInput, "name" | "type">[]): TableSchema {
  const { columns: given, missing, delimiter, encoding, query } = isObject(mintmark) ? mintmark : {};
  const columns = given === undefined ? inputs.map(unknownColumn) : readColumns(given);
  if (JSON.stringify(columns.map(asInput)) !== JSON.stringify(inputs.map(asInput)))
    throw invalid("has other columns than the signature");
  return {
    columns,
    ...(missing !== undefined && { missing: texts("missing", missing) }),
    ...(delimiter !== undefined && { delimiter: text("delimiter", delimiter) }),
    ...(encoding !== undefined && { encoding: text("encoding", encoding) }),
    ...(query !== undefined && { query: text("query", query) }),
  };
}

function unknownColumn({ name, type }: Pick<ModelInput, "name" | "type">): ColumnSchema {
  return { name, type, optional: true };
}

function asInput({ name, type }: Pick<ColumnSchema, "name" | "type">) {
  return [name, storageOf(type)];
}

function readColumns(list: unknown): ColumnSchema[] {
  if (!Array.isArray(list)) throw invalid("has no list of columns");
  return list.map((column: unknown, at) => readColumn(isObject(column) ? column : {}, `columns[${at}]`));
}

function readColumn(column: Readonly<Record<string, unknown>>, at: string): ColumnSchema {
  const { name, optional, decimal, thousands, spells } = column;
  const type = columnTypes.find((known) => known === column["type"]);
  if (type === undefined) throw invalid(`has a type that is none in ${at}`);
  if (typeof optional !== "boolean") throw invalid(`does not say in ${at} whether it is optional`);
  return {
    name: text(`${at}.name`, name),
    type,
    optional,
    ...(decimal !== undefined && { format: readFormat(at, decimal, thousands) }),
    ...(spells !== undefined && { spells: readSpells(at, spells) }),
  };
}

function readFormat(at: string, decimal: unknown, thousands: unknown): NumberFormat {
  if (decimal !== "." && decimal !== ",") throw invalid(`has a decimal mark that is none in ${at}`);
  return { decimal, thousands: thousands === undefined ? null : text(`${at}.thousands`, thousands) };
}

function readSpells(at: string, list: unknown): ("number" | "boolean")[] {
  return texts(`${at}.spells`, list).map((kind) => {
    if (kind === "number" || kind === "boolean") return kind;
    throw invalid(`has a spelling that is none in ${at}`);
  });
}

function texts(name: string, value: unknown): string[] {
  if (!Array.isArray(value)) throw invalid(`expected a list of texts as ${name}`);
  return value.map((item) => text(name, item));
}

function text(name: string, value: unknown): string {
  if (typeof value !== "string") throw invalid(`expected a text as ${name}`);
  return value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(problem: string): AppError<"MODEL_FILE_INVALID"> {
  return new AppError("MODEL_FILE_INVALID", { file: "MLmodel", problem: `metadata.mintmark ${problem}` });
}
