/**
 * What DuckDB reads otherwise than everybody else, and says nothing, looked for in the bytes of a CSV file: rows that it
 * drops or shortens, and blanks of which it does not tell whether they stood in quotes.
 * @module
 */
import { open } from "node:fs/promises";
import { bytesOf, isGzip } from "../text-of-file.ts";

/** DuckDB drops a line of more than 2,000,000 bytes at a file's end. */
const mostOfLine = 1 << 20;

const quote = 0x22;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const tab = 0x09;

/** Whether DuckDB finds the rows of the file as {@link recordsOf} does, or refuses them. */
export async function hasPlainRows(path: string, delimiter: string, columns: number): Promise<boolean> {
  const separator = delimiter.charCodeAt(0);
  if (separator > 0x7f) return false;
  let isPlain = true;
  for await (const lines of linesOf(path)) {
    // To the end all the same: only there a compressed file is known to be whole.
    if (!isPlain) continue;
    isPlain = lines !== null && !hasLongRow(lines, separator, columns);
  }
  return isPlain;
}

/** Whether a cell of the file may begin with a blank in quotes. */
export async function mayQuoteBlanks(path: string, delimiter: string): Promise<boolean> {
  const before = new Set([delimiter.charCodeAt(0), lineFeed, carriageReturn, space, tab]);
  for await (const lines of linesOf(path)) {
    if (lines === null) return true;
    for (const opening of ['" ', '"\t'])
      for (let at = lines.indexOf(opening); at >= 0; at = lines.indexOf(opening, at + 1))
        if (at === 0 || before.has(lines[at - 1]!)) return true;
  }
  return false;
}

/** Whole lines, many at a time, to be looked at before the next; null for one that is too long for DuckDB. */
async function* linesOf(path: string): AsyncGenerator<Buffer | null> {
  const buffer = Buffer.allocUnsafe(mostOfLine + (1 << 18));
  let kept = 0;
  const pieces = piecesOf(path, () => buffer.subarray(kept));
  for await (const bytes of pieces) {
    const length = kept + bytes;
    const bound = buffer.subarray(0, length);
    const end = Math.max(bound.lastIndexOf(lineFeed), bound.lastIndexOf(carriageReturn)) + 1;
    if (end > 0) yield bound.subarray(0, end);
    buffer.copyWithin(0, end, length);
    kept = length - end;
    if (kept < mostOfLine) continue;
    yield null;
    kept = 0;
  }
  if (kept > 0) yield buffer.subarray(0, kept);
}

/** Puts the bytes into what `room` gives, and says how many; decompressed. Of a large file nothing is left to collect. */
async function* piecesOf(path: string, room: () => Buffer): AsyncGenerator<number> {
  if (isGzip(path)) {
    // A piece of it is smaller than any room.
    for await (const bytes of bytesOf(path)) yield bytes.copy(room());
    return;
  }
  const file = await open(path);
  try {
    for (;;) {
      const { bytesRead } = await file.read(room(), 0, 1 << 18);
      if (bytesRead === 0) return;
      yield bytesRead;
    }
  } finally {
    await file.close();
  }
}

/** Whether a row has more delimiters at its end than the one that spreadsheets write: DuckDB takes any number for none. */
function hasLongRow(lines: Buffer, separator: number, columns: number): boolean {
  const mark = String.fromCharCode(separator);
  // Of one column, a row that is a delimiter alone would be no row.
  const ending = columns === 1 ? mark : mark + mark;
  for (const lineBreak of ["\n", "\r", ""]) {
    const needle = ending + lineBreak;
    for (let at = firstEnding(lines, needle); at >= 0; at = lines.indexOf(needle, at + 1)) {
      if (columns === 1) return true;
      if (!fits(lines, at + ending.length, separator, columns)) return true;
      if (lineBreak === "") break;
    }
  }
  return false;
}

/** Where a line first ends so; the last of all may end without a line break. */
function firstEnding(lines: Buffer, needle: string): number {
  const isBreak = needle.endsWith("\n") || needle.endsWith("\r");
  if (isBreak) return lines.indexOf(needle);
  const at = lines.length - needle.length;
  return at >= 0 && lines.subarray(at).equals(Buffer.from(needle)) ? at : -1;
}

/** Whether the line that ends there is as short as a row must be. One that begins or ends within quotes is for others to tell. */
function fits(lines: Buffer, end: number, separator: number, columns: number): boolean {
  let delimiters = 0;
  let quotes = 0;
  for (let at = end - 1; at >= 0 && lines[at] !== lineFeed && lines[at] !== carriageReturn; at--) {
    const code = lines[at];
    if (code === quote) quotes++;
    else if (code === separator && quotes % 2 === 0) delimiters++;
  }
  return quotes % 2 === 0 && delimiters <= columns;
}
