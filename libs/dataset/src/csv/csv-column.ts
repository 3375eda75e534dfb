/**
 * One column of CSV while its files are read: its cells as numbers or as texts, and what they were seen to be.
 *
 * The first rows tell how to read it fast, as doubles or as texts. That is a plan and no decision: where a later cell
 * contradicts it, the column is read again by another plan, and what it is, all of its cells decide.
 * @module
 */

import { isMissingCell } from "@mintmark/columns/missing";
import { hasGroups, parseNumber } from "@mintmark/columns/number-text";
import { mixture, type Place, type Seen } from "../decide.ts";
import { Numbers, Texts } from "../growing-column.ts";
import type { Rules } from "../read-options.ts";
import { numberColumn, unusableColumn } from "../table.ts";
import { type MeasuredType, type ReadColumn, WrittenNumbers } from "../written-numbers.ts";

/** `double`: DuckDB casts. `marked`: numbers that it does not cast, such as `1,234` and `3,5`. */
export type Plan = "double" | "marked" | "text" | "declared";

/** Where a cell stands: its file, and its row there, from 1. */
export interface Position {
  readonly file: string;
  readonly row: number;
}

export interface CsvColumn {
  readonly name: string;
  readonly plan: Plan;
  /** A cell that DuckDB cast. */
  readonly number: (value: number, at: Position) => void;
  /** A cell as it stands; null if it is empty. */
  readonly cell: (text: string | null, at: Position) => void;
  /** By which plan it is to be read again; undefined if this one held. */
  readonly next: () => Plan | undefined;
  readonly finish: () => ReadColumn;
}

/** How to read a column whose first cells are these. */
export function planOf(name: string, cells: readonly (string | null)[], rules: Rules): Plan {
  const type = rules.typeOf(name);
  if (type !== undefined) return type === "text" ? "text" : "declared";
  const present = cells.filter((cell) => cell !== null && !isMissingCell(cell, rules.missing)) as string[];
  if (present.some((cell) => rules.formats.every((format) => parseNumber(cell, format) === undefined))) return "text";
  const needsMarks = rules.formats[0]!.decimal === "," || present.some((cell) => cell.includes(","));
  return needsMarks ? "marked" : "double";
}

/** @param rows how many cells it will have */
export function csvColumn(name: string, plan: Plan, rules: Rules, rows: number): CsvColumn {
  switch (plan) {
    case "double":
      return doubleColumn(name, rules, rows);
    case "marked":
      return markedColumn(name, rules, rows);
    case "text":
      return textColumn(name, rules, rows);
    case "declared":
      return declaredColumn(name, rules.typeOf(name) as MeasuredType, rules, rows);
    default:
      return plan satisfies never;
  }
}

function doubleColumn(name: string, rules: Rules, rows: number): CsvColumn {
  const values = new Numbers(rules.missingNumbers, rows);
  const seen: Seen = {};
  let next: Plan | undefined;
  let zeros: Place | undefined;
  const take = (value: number, cell: string, at: Position) => {
    seen.numbers ??= { ...at, cell };
    values.push(value);
  };
  return {
    name,
    plan: "double",
    number: (value, at) => {
      if (seen.numbers === undefined) seen.numbers = { ...at, cell: String(value) };
      values.push(value);
    },
    cell: (text, at) => {
      if (text === null || isMissingCell(text, rules.missing)) return values.push(Number.NaN);
      const value = parseNumber(text, rules.formats[0]);
      if (value !== undefined && !hasGroups(text, rules.formats[0]!)) {
        if (/^\s*[+-]?0\d+\s*$/.test(text)) zeros ??= { ...at, cell: text };
        return take(value, text, at);
      }
      if (value !== undefined || rules.formats.some((format) => parseNumber(text, format) !== undefined)) {
        next ??= "marked";
      } else {
        // Only numbers before it: the column is of both. Nothing before it: the plan was for want of any cell.
        if (seen.numbers === undefined || rules.keepsMixed) next ??= "text";
        seen.text ??= { ...at, cell: text };
      }
      return values.push(Number.NaN);
    },
    next: () => next,
    finish: () => finishNumbers(name, values, seen, zeros === undefined ? [] : [leadingZero(name, zeros)]),
  };
}

function markedColumn(name: string, rules: Rules, rows: number): CsvColumn {
  const numbers = new WrittenNumbers(name, null, rules, rows);
  let isNumber = false;
  let next: Plan | undefined;
  return {
    name,
    plan: "marked",
    number: () => {},
    cell: (text, at) => {
      numbers.cell(text, at);
      if (!numbers.isBroken) isNumber ||= text !== null && !isMissingCell(text, rules.missing);
      else if (!isNumber || rules.keepsMixed) next ??= "text";
    },
    next: () => next,
    finish: () => numbers.finish(),
  };
}

function textColumn(name: string, rules: Rules, rows: number): CsvColumn {
  const seen: Seen = {};
  let file = "";
  let before = 0;
  const isDeclared = rules.typeOf(name) !== undefined;
  const texts = new Texts(rules.missing, rows, (cell, row) => {
    if (isDeclared) return;
    const place = { file, row: row - before + 1, cell };
    if (rules.formats.some((format) => parseNumber(cell, format) !== undefined)) seen.numbers ??= place;
    else seen.text ??= place;
  });
  return {
    name,
    plan: "text",
    number: () => {},
    cell: (text, at) => {
      if (at.file !== file) {
        file = at.file;
        before = texts.length - at.row + 1;
      }
      texts.push(text);
    },
    next: () => undefined,
    finish: () => {
      const column = { type: "text", name, values: texts.finish() } as const;
      const mixed = mixture(name, seen);
      if (mixed !== undefined)
        return { column: rules.keepsMixed ? column : unusableColumn(name, "mixed", mixed), notes: [] };
      return { column, notes: [] };
    },
  };
}

function declaredColumn(name: string, type: MeasuredType, rules: Rules, rows: number): CsvColumn {
  const numbers = new WrittenNumbers(name, type, rules, rows);
  return {
    name,
    plan: "declared",
    number: () => {},
    cell: (text, at) => numbers.cell(text, at),
    next: () => undefined,
    finish: () => numbers.finish(),
  };
}

function finishNumbers(name: string, values: Numbers, seen: Seen, notes: readonly string[]): ReadColumn {
  const mixed = mixture(name, seen);
  if (mixed !== undefined) return { column: unusableColumn(name, "mixed", mixed), notes: [] };
  return { column: numberColumn(name, values.finish()), notes };
}

function leadingZero(name: string, { file, row, cell }: Place): string {
  return `column '${name}' is of numbers, and '${cell.trim()}' in row ${row} of ${file} begins with 0: where it is a code, say data.types: { ${name}: text }`;
}
