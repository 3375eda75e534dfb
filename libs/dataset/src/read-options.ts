/**
 * How data is to be read: what the training file says under `data`, where the data alone would say otherwise.
 * @module
 */
import { type ColumnType, missingOf } from "@mintmark/columns/column-schema";
import { missingNumbers, missingSet } from "@mintmark/columns/missing";
import { commaFormat, type NumberFormat, pointFormat } from "@mintmark/columns/number-text";
import type { TrainingConfig } from "@mintmark/training-file";

export interface ReadOptions {
  /** Paths of the files, all of one format, read one after the other. */
  readonly files: readonly string[];
  /** One SELECT over the table `source`; the files as they are if null. */
  readonly query?: string | null | undefined;
  readonly reading?: Partial<Reading> | undefined;
  /** Every column but this one is text, whatever its cells look like; undefined where the cells decide. */
  readonly textBut?: string | null | undefined;
}

/** How a training file wants its data read. */
export function readOptionsOf({ data, algorithm }: TrainingConfig, files: readonly string[]): ReadOptions {
  const isText = algorithm.name === "tfidf-logistic-regression";
  return { files, query: data.query, reading: data, ...(isText && { textBut: data.target }) };
}

/** The part of `data` that decides what cells mean. */
export type Reading = Pick<
  TrainingConfig["data"],
  "types" | "missing" | "decimal" | "thousands" | "delimiter" | "encoding" | "drop"
>;

/** The same, as the readers use it. */
export interface Rules {
  /** What the training file says that a column is; undefined where its cells decide. */
  readonly typeOf: (name: string) => ColumnType | undefined;
  readonly missing: ReadonlySet<string>;
  /** Numbers that mean "no value". */
  readonly missingNumbers: ReadonlySet<number>;
  /** How numbers may be written, the first that all of a column keeps to counts. */
  readonly formats: readonly NumberFormat[];
  readonly delimiter: string | null;
  readonly encoding: string | null;
  readonly drop: ReadonlySet<string>;
  /** Whether texts are wanted also of columns that cannot be used as they are: a query may make something of them. */
  readonly keepsMixed: boolean;
}

export function rulesOf({ query, reading = {}, textBut }: ReadOptions): Rules {
  const {
    types = {},
    missing,
    decimal = null,
    thousands = null,
    delimiter = null,
    encoding = null,
    drop = [],
  } = reading;
  const declared = new Map(Object.entries(types));
  return {
    typeOf: (name) => declared.get(name) ?? (textBut !== undefined && name !== textBut ? "text" : undefined),
    missing: missingSet(missing ?? missingOf({})),
    missingNumbers: missingNumbers(missing ?? missingOf({})),
    formats: formatsOf(decimal, thousands),
    delimiter,
    encoding,
    drop: new Set(drop),
    keepsMixed: (query ?? null) !== null,
  };
}

function formatsOf(decimal: Reading["decimal"], thousands: Reading["thousands"]): NumberFormat[] {
  if (decimal === null && thousands === null) return [pointFormat, commaFormat];
  // A mark that may stand in both ways of writing leaves both open.
  const marks = decimal !== null ? [decimal] : ([".", ","] as const).filter((mark) => mark !== thousands);
  return marks.map((mark) => ({ decimal: mark, thousands: thousands ?? (mark === "." ? "," : ".") }));
}
