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
  | { readonly short: string; readonly full: string; readonly style?: Style; readonly indent?: number };

/**
 * Rows under headings, "none" where there is none. On a terminal, lines are as long as it is wide: the longest cells give way first. Where the columns are
 * too many for it even then, each row stands as a block of lines.
 */
export function table<Row>(columns: readonly TableColumn<Row>[], rows: readonly Row[], view: View): string {
  const shown = columns.flatMap(({ heading, cell, optional }) => {
    const cells = rows.map(cell);
    const isEmpty = optional === true && !view.wide && cells.every((value) => value === undefined || value === "");
    return isEmpty ? [] : [laidOut(heading, cells, view)];
  });
  if (rows.length === 0) return `${shown.map(({ cells }) => styled(cells[0]!, "heading", view)).join("  ")}\nnone`;
  const widths = fitted(shown, view);
  if (widths === undefined) return records(shown, rows.length, view);
  const headings = cutApart(
    shown.map(({ cells }) => cells[0]!),
    widths,
  );
  const fitting = shown.map(({ cells }, column) => cutApart(cells.slice(1), widths[column]!));
  const lines = shown[0]?.cells.map((_, line) =>
    shown
      .map(({ style, toRight }, column) => {
        const width = widths[column]!;
        const cell = line === 0 ? headings[column]! : fitting[column]![line - 1]!;
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

/** Heading and value a line, and an empty line between rows. */
function records(columns: readonly Column[], rows: number, view: View): string {
  const width = largest(columns.map(({ cells }) => lengthOf(cells[0]!)));
  const block = (row: number) =>
    columns.map(({ cells, style }) => {
      const heading = cells[0]!;
      const gap = " ".repeat(width - lengthOf(heading) + gapWidth);
      return `${styled(heading, "heading", view)}${gap}${styled(cells[row + 1]!.trim(), style(row), view)}`.trimEnd();
    });
  return Array.from({ length: rows }, (_, row) => block(row).join("\n")).join("\n\n");
}

function textOf(cell: Cell, { wide }: View): string {
  if (cell === undefined) return "";
  if (typeof cell === "number") return number(cell, wide);
  if (cell instanceof Date) return wide ? cell.toISOString() : cell.toISOString().slice(0, 16).replace("T", " ");
  if (typeof cell === "string") return oneLine(cell);
  return " ".repeat(cell.indent ?? 0) + oneLine(wide ? cell.full : cell.short);
}

/** Cells may hold whole texts, with marks that move the cursor of a terminal. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\s]+/gu, " ");
}

/** Numbers of one column, to the right, so that their points stand below each other. */
export function aligned(numbers: readonly number[], view: View): string[] {
  const texts = byPoint(numbers, view);
  const width = largest(texts.map(lengthOf));
  return texts.map((text) => text.padStart(width));
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

/**
 * The width of each column: as long as its cells, or less where a line would be longer than the terminal; undefined where
 * it would be longer all the same.
 */
function fitted(columns: readonly Column[], { width, wide }: View): number[] | undefined {
  const widths = columns.map(({ cells }) => largest(cells.map(lengthOf)));
  if (width === undefined || wide) return widths;
  let over = widths.reduce((sum, each) => sum + each, gapWidth * (columns.length - 1)) - width;
  while (over > 0) {
    const longest = columns.reduce(
      (best, { least }, at) => (widths[at]! > least && widths[at]! > (widths[best] ?? 0) ? at : best),
      -1,
    );
    if (longest < 0) return undefined;
    widths[longest]! -= 1;
    over -= 1;
  }
  return widths;
}

/** Of lists that are too long for arguments, too. */
function largest(numbers: readonly number[]): number {
  return numbers.reduce((most, each) => Math.max(most, each), 0);
}

/**
 * Texts cut to their widths, so that those that differ still do: at the end, else in the middle, else without what they have
 * in common at their beginning.
 */
function cutApart(texts: readonly string[], widths: number | readonly number[]): readonly string[] {
  const widthOf = (at: number) => (typeof widths === "number" ? widths : widths[at]!);
  const cut = texts.map((text, at) => cutEnd(text, widthOf(at)));
  if (cut.every((text, at) => text === texts[at])) return texts;
  for (const alike of Map.groupBy(texts.keys(), (at) => cut[at]!).values()) {
    const different = new Set(alike.map((at) => texts[at]!));
    if (different.size === 1) continue;
    const middles = new Set([...different].map((text) => cutMiddle(text, widthOf(alike[0]!))));
    const common = commonStart([...different]);
    for (const at of alike)
      cut[at] =
        middles.size === different.size
          ? cutMiddle(texts[at]!, widthOf(at))
          : cutEnd(`…${texts[at]!.slice(common)}`, widthOf(at));
  }
  return cut;
}

function cutEnd(text: string, width: number): string {
  const characters = [...text];
  return characters.length > width ? `${characters.slice(0, width - 1).join("")}…` : text;
}

function cutMiddle(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text;
  const end = Math.floor((width - 1) / 2);
  return `${characters.slice(0, width - 1 - end).join("")}…${characters.slice(-end).join("")}`;
}

/** How many code units all of the texts have in common at their beginning. */
function commonStart(texts: readonly string[]): number {
  const [first = "", ...others] = texts;
  let length = first.length;
  for (const text of others) while (!text.startsWith(first.slice(0, length))) length--;
  return length;
}

function lengthOf(text: string): number {
  return [...text].length;
}
