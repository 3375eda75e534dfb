/**
 * CSV as text: its records, and what separates the values in them.
 *
 * RFC 4180: a delimiter or a line break between quotes separates nothing, a quote within them is written twice. Beyond it,
 * as DuckDB reads: a line ends with LF, CR LF or CR; empty lines are no records; blanks after a delimiter do not belong to
 * the value, and blanks within quotes do; a quote within a value that does not begin with one is itself.
 * @module
 */

/** Null is a cell in which nothing is written. */
export type Cell = string | null;

export interface CsvRecord {
  readonly cells: readonly Cell[];
  /** Where the next one begins. */
  readonly end: number;
}

/**
 * The record that begins at `at`, or after the empty lines there; null if the text ends before it does.
 * @param isWhole whether the text is all there is: then its last record needs no line break
 * @throws CsvError if a quote does not end within the whole text, or something but blanks comes after one
 */
export function readRecord(text: string, at: number, delimiter: string, isWhole: boolean): CsvRecord | null {
  const start = skipEmptyLines(text, at);
  if (start >= text.length) return null;
  const separator = delimiter.charCodeAt(0);
  const cells: Cell[] = [];
  let from = start;
  for (;;) {
    let begin = from;
    while (text.charCodeAt(begin) === space && space !== separator) begin++;
    const isQuoted = text.charCodeAt(begin) === quote;
    if (!isQuoted) while (isBlank(text.charCodeAt(begin), separator)) begin++;
    const cell = isQuoted ? quotedCell(text, begin, separator) : plainCell(text, begin, separator);
    if (cell.end >= text.length && !isWhole) return null;
    if (cell.value === undefined) throw new CsvError("a quote does not end");
    cells.push(cell.value);
    if (text.charCodeAt(cell.end) === separator) {
      from = cell.end + 1;
      continue;
    }
    const end = afterLineBreak(text, cell.end);
    // A carriage return at the end of a piece may be half of a line break.
    if (!isWhole && end === text.length && text.charCodeAt(end - 1) === carriageReturn) return null;
    return { cells, end };
  }
}

/** The text is no CSV. */
export class CsvError extends Error {
  override readonly name = "CsvError";
}

export interface CsvDialect {
  readonly delimiter: string;
  /** As they stand in the file, without the quotes around and without blanks before these; "" where there is none. */
  readonly names: readonly string[];
  /** Characters up to where the first row begins. */
  readonly end: number;
}

/** The delimiters that are looked for. */
export const delimiters: readonly string[] = [",", ";", "\t", "|"];

/**
 * The dialect of a text that begins with its names; null if the text ends within them. Nothing but the names decides: a
 * guess over the whole file turns a row that is one value short into a file of a single text column, and the mistake in
 * the data stays unseen.
 * @param candidates of the delimiter; the one that gives most names is it, the earlier of equals
 * @throws CsvError if the names cannot be read by any of them
 */
export function csvDialect(text: string, candidates: readonly string[], isWhole: boolean): CsvDialect | null {
  const start = text.startsWith("\uFEFF") ? 1 : 0;
  let best: CsvDialect | null = null;
  let problem: CsvError | undefined;
  for (const delimiter of candidates) {
    try {
      const record = readRecord(text, start, delimiter, isWhole);
      if (record === null) return null;
      const names = record.cells.map((cell) => (cell === null || cell.trim() === "" ? "" : cell));
      if (best === null || names.length > best.names.length) best = { delimiter, names, end: record.end };
    } catch (error) {
      // Quotes do not stand so beside a delimiter that is not the file's.
      if (!(error instanceof CsvError)) throw error;
      problem ??= error;
    }
  }
  if (best === null && problem !== undefined) throw problem;
  return best;
}

const quote = 0x22;
const space = 0x20;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** A cell and where it ends: at a delimiter, a line break or the end. Undefined if its quote does not end. */
interface Found {
  readonly value: Cell | undefined;
  readonly end: number;
}

function plainCell(text: string, from: number, separator: number): Found {
  let end = from;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === separator || code === lineFeed || code === carriageReturn) break;
  }
  return { value: end === from ? null : text.slice(from, end), end };
}

function quotedCell(text: string, from: number, separator: number): Found {
  let value = "";
  let start = from + 1;
  for (;;) {
    const close = text.indexOf('"', start);
    if (close < 0) return { value: undefined, end: text.length };
    value += text.slice(start, close);
    if (text.charCodeAt(close + 1) !== quote) {
      let end = close + 1;
      while (isBlank(text.charCodeAt(end), separator)) end++;
      const code = text.charCodeAt(end);
      if (end < text.length && code !== separator && code !== lineFeed && code !== carriageReturn)
        throw new CsvError(`after the quote of '${value.slice(0, 20)}' comes '${text.slice(end, end + 10)}'`);
      return { value, end };
    }
    value += '"';
    start = close + 2;
  }
}

/** A value without the blanks before it, which belong to the delimiter where they stand in no quotes. */
export function withoutBlanks(cell: string): string {
  const first = cell.charCodeAt(0);
  return first === 0x20 || first === 0x09 ? cell.replace(/^[ \t]+/, "") : cell;
}

/**
 * The cells of a row under these names; null if they do not fit. One more that is empty is none: spreadsheets end rows
 * with a delimiter.
 */
export function fitted(cells: readonly Cell[], names: readonly string[]): readonly Cell[] | null {
  if (cells.length === names.length) return cells;
  return cells.length === names.length + 1 && cells.at(-1) === null ? cells.slice(0, -1) : null;
}

function isBlank(code: number, separator: number): boolean {
  return (code === 0x20 || code === 0x09) && code !== separator;
}

function skipEmptyLines(text: string, at: number): number {
  let next = at;
  for (;;) {
    const code = text.charCodeAt(next);
    if (code !== lineFeed && code !== carriageReturn) return next;
    next++;
  }
}

function afterLineBreak(text: string, at: number): number {
  if (at >= text.length) return at;
  return text.charCodeAt(at) === carriageReturn && text.charCodeAt(at + 1) === lineFeed ? at + 2 : at + 1;
}
