/**
 * Tables that fit a terminal.
 * @module
 */
import { type Style, styled, type View } from "./view.ts";

export interface TableColumn<Row> {
  readonly heading: string;
  readonly cell: (row: Row) => Cell;
  /** Left out where no row has anything in it, unless everything is asked for. */
  readonly optional?: boolean;
}

/**
 * A text; a number, shown to four significant digits and aligned by its point; a time; a long text that has a short form;
 * nothing.
 */
export type Cell =
  | string
  | number
  | Date
  | undefined
  | { readonly short: string; readonly full: string; readonly style?: Style };

/** Rows under headings. On a terminal, lines are as long as it is wide: the longest cells give way first. */
export function table<Row>(columns: readonly TableColumn<Row>[], rows: readonly Row[], view: View): string {
  const shown = columns.flatMap(({ heading, cell, optional }) => {
    const cells = rows.map(cell);
    const isEmpty = optional === true && !view.wide && cells.every((value) => value === undefined || value === "");
    return isEmpty ? [] : [laidOut(heading, cells, view)];
  });
  const widths = fitted(shown, view);
  const lines = shown[0]?.cells.map((_, line) =>
    shown
      .map(({ cells, style, toRight }, column) => {
        const width = widths[column]!;
        const cell = cut(cells[line]!, width);
        const gap = " ".repeat(width - lengthOf(cell));
        const coloured = styled(cell, line === 0 ? "heading" : style(line - 1), view);
        return toRight ? gap + coloured : coloured + gap;
      })
      .join("  ")
      .trimEnd(),
  );
  return (lines ?? []).join("\n");
}

/** A digest, `blake3:` and hex: 12 digits tell it from others. */
export function digest(text: string | null): Cell {
  if (text === null || text === "") return undefined;
  return { short: text.replace(/^(?:\w+:)?([0-9a-f]{12})[0-9a-f]+$/, "$1"), full: text };
}

/** A word that says how something stands. */
export function state(word: string, style: Style | undefined): Cell {
  return { short: word, full: word, ...(style === undefined ? {} : { style }) };
}

/** Four significant digits, or all of them; integers as they are. */
export function number(value: number, wide: boolean): string {
  return String(wide || Number.isInteger(value) ? value : Number(value.toPrecision(4)));
}

interface Column {
  /** The heading first. */
  readonly cells: readonly string[];
  readonly style: (row: number) => Style | undefined;
  readonly toRight: boolean;
  /** How narrow it may become. */
  readonly least: number;
}

function laidOut(heading: string, cells: readonly Cell[], view: View): Column {
  const isNumeric = cells.some((cell) => typeof cell === "number");
  const shown = isNumeric ? byPoint(cells, view) : cells.map((cell) => textOf(cell, view));
  // A number that is cut is another one, and of times and digests the end counts; words and headings can be guessed.
  const whole = shown.filter((_, row) => cells[row] !== undefined && typeof cells[row] !== "string");
  return {
    cells: [oneLine(heading), ...shown],
    least: Math.max(leastWidth, largest(whole.map(lengthOf))),
    style: (row) => {
      const cell = cells[row];
      return typeof cell === "object" && !(cell instanceof Date) ? cell.style : undefined;
    },
    toRight: isNumeric,
  };
}

function textOf(cell: Cell, { wide }: View): string {
  if (cell === undefined) return "";
  if (typeof cell === "number") return number(cell, wide);
  if (cell instanceof Date) return wide ? cell.toISOString() : cell.toISOString().slice(0, 16).replace("T", " ");
  return oneLine(typeof cell === "string" ? cell : wide ? cell.full : cell.short);
}

/** Cells may hold whole texts, with marks that move the cursor of a terminal. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\s]+/gu, " ");
}

/** With the numbers so that their points stand below each other when they end at the same place. */
function byPoint(cells: readonly Cell[], view: View): string[] {
  const decimals = (text: string) => (text.includes(".") ? text.length - text.indexOf(".") : 0);
  const texts = cells.map((cell) => textOf(cell, view));
  const most = largest(texts.map((text, at) => (typeof cells[at] === "number" ? decimals(text) : 0)));
  return texts.map((text, at) => (typeof cells[at] === "number" ? text + " ".repeat(most - decimals(text)) : text));
}

const gapWidth = 2;
const leastWidth = 8;

/** The width of each column: as long as its cells, or less where a line would be longer than the terminal. */
function fitted(columns: readonly Column[], { width, wide }: View): number[] {
  const widths = columns.map(({ cells }) => largest(cells.map(lengthOf)));
  if (width === undefined || wide) return widths;
  let over = widths.reduce((sum, each) => sum + each, gapWidth * (columns.length - 1)) - width;
  while (over > 0) {
    const longest = columns.reduce(
      (best, { least }, at) => (widths[at]! > least && widths[at]! > (widths[best] ?? 0) ? at : best),
      -1,
    );
    if (longest < 0) break;
    widths[longest]! -= 1;
    over -= 1;
  }
  return widths;
}

/** Of lists that are too long for arguments, too. */
function largest(numbers: readonly number[]): number {
  return numbers.reduce((most, each) => Math.max(most, each), 0);
}

function cut(text: string, width: number): string {
  const characters = [...text];
  return characters.length > width ? `${characters.slice(0, width - 1).join("")}…` : text;
}

function lengthOf(text: string): number {
  return [...text].length;
}
