/**
 * Numbers, booleans and dates that are written as text: one reading for each way of writing numbers, until all of the
 * column is known. The first way that every cell keeps to is the column's.
 * @module
 */
import type { ColumnType } from "@mintmark/columns/column-schema";
import { isMissingCell } from "@mintmark/columns/missing";
import { hasGroups, type NumberFormat, parseNumber } from "@mintmark/columns/number-text";
import { isInRange, parseCell } from "@mintmark/columns/read-values";
import { AppError } from "@mintmark/errors";
import { notOfType, type Place } from "./decide.ts";
import { Numbers } from "./growing-column.ts";
import type { Rules } from "./read-options.ts";
import { numberColumn, type TableColumn, unusableColumn } from "./table.ts";

/** What a column can be that is stored as numbers. */
export type MeasuredType = Exclude<ColumnType, "text">;

/** A column that was read, and what a person should know of the reading. */
export interface ReadColumn {
  readonly column: TableColumn;
  readonly notes: readonly string[];
}

interface Reading {
  readonly format: NumberFormat;
  readonly values: Numbers;
  /** The first cell that is not written so. */
  broken?: Place;
}

export class WrittenNumbers {
  readonly #name: string;
  /** What the training file says that it is; null where its cells decide that it is of numbers. */
  readonly #declared: MeasuredType | null;
  readonly #rules: Rules;
  readonly #readings: readonly Reading[];
  /** The first cell with a value. */
  #first: Place | undefined;
  /** The first cell that is another number by the other way of writing. */
  #ambiguous: Place | undefined;
  /** Whether some cell has marks that only one way of writing knows as those between groups. */
  #isGrouped = false;

  constructor(name: string, declared: MeasuredType | null, rules: Rules, expected = 0) {
    this.#name = name;
    this.#declared = declared;
    this.#rules = rules;
    this.#readings = rules.formats.map((format) => ({ format, values: new Numbers(rules.missingNumbers, expected) }));
  }

  /** Whether no way of writing fits all cells so far. */
  get isBroken(): boolean {
    return this.#readings.every(({ broken }) => broken !== undefined);
  }

  /** A value that is a number by its type, which no way of writing changes; NaN if it is missing. */
  number(value: number, place: () => Place): void {
    const isTaken = Number.isNaN(value) || this.#rules.missingNumbers.has(value) || isOfType(this.#declared, value);
    for (const reading of this.#readings) {
      if (!isTaken) reading.broken ??= place();
      reading.values.push(isTaken ? value : Number.NaN);
    }
  }

  missing(): void {
    for (const { values } of this.#readings) values.push(Number.NaN);
  }

  /** A cell of text; null if it is missing. */
  cell(text: string | null, at: Pick<Place, "file" | "row">): void {
    if (text === null || isMissingCell(text, this.#rules.missing)) {
      this.missing();
      return;
    }
    this.#first ??= { ...at, cell: text };
    const type = this.#declared ?? "number";
    const read = this.#readings.map(({ format }) => parseCell({ type, format }, text));
    for (const [way, reading] of this.#readings.entries()) {
      const value = read[way];
      const isTaken = value !== undefined && (type !== "integer" || Number.isInteger(value));
      if (!isTaken) reading.broken ??= { file: at.file, row: at.row, cell: text };
      reading.values.push(isTaken ? value : Number.NaN);
    }
    this.#weigh(text, read, at);
  }

  finish(): ReadColumn {
    const reading = this.#readings.find(({ broken }) => broken === undefined);
    if (reading === undefined) return { column: unusableColumn(this.#name, "mixed", this.#refusal()), notes: [] };
    const { format, values } = reading;
    const isSecond = reading !== this.#readings[0];
    // What breaks the first way has decimals of the second. A cell that both can read may then be meant by either.
    if (isSecond && this.#ambiguous !== undefined && !this.#isGrouped)
      return { column: unusableColumn(this.#name, "mixed", this.#otherwise(this.#readings[0]!.broken!)), notes: [] };
    const measure = this.#declared === null ? {} : { measure: this.#declared };
    const column = numberColumn(this.#name, values.finish(), { ...measure, format });
    const isGuess = !isSecond && this.#readings.length > 1 && this.#ambiguous !== undefined && !this.#isGrouped;
    return { column, notes: isGuess ? [groupsTaken(this.#name, this.#ambiguous!, format)] : [] };
  }

  #weigh(text: string, read: readonly (number | undefined)[], at: Pick<Place, "file" | "row">): void {
    const [first, second] = read;
    if (first !== undefined && second !== undefined) {
      if (first !== second) this.#ambiguous ??= { file: at.file, row: at.row, cell: text };
      return;
    }
    const way = read.findIndex((value) => value !== undefined);
    if (way >= 0 && hasGroups(text, this.#readings[way]!.format)) this.#isGrouped = true;
  }

  #refusal(): AppError {
    // The way of writing that held longest says best which cell is wrong.
    const [longest] = this.#readings.map(({ broken }) => broken!).sort((a, b) => b.row - a.row);
    return this.#declared === null ? this.#otherwise(longest!) : notOfType(this.#name, this.#declared, longest!);
  }

  #otherwise(offending: Place): AppError {
    const isFirst = this.#first!.file === offending.file && this.#first!.row === offending.row;
    const first = isFirst ? (this.#ambiguous ?? this.#first!) : this.#first!;
    const isNumber = this.#rules.formats.some((format) => parseNumber(offending.cell, format) !== undefined);
    const kinds: readonly [string, string] = ["numbers", isNumber ? "numbers written otherwise" : "text"];
    return new AppError("COLUMN_MIXED", { column: this.#name, kinds, first, offending });
  }
}

function isOfType(declared: MeasuredType | null, value: number): boolean {
  if (declared === null) return true;
  return declared === "integer" ? Number.isInteger(value) : isInRange(declared, value);
}

function groupsTaken(name: string, { file, row, cell }: Place, format: NumberFormat): string {
  return `column '${name}': '${cell.trim()}' in row ${row} of ${file} was read as ${parseNumber(cell, format)}; where '${format.thousands}' is the decimal mark, say data.decimal: "${format.thousands}"`;
}
