/**
 * How a CSV file is written: what separates its values, and what they are called.
 *
 * The line of names decides, and nothing else does: a guess over the whole file turns a row that is one value short into
 * a file of a single text column, and the mistake in the data stays unseen.
 * @module
 */
import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";

export interface CsvDialect {
  readonly delimiter: string;
  readonly names: readonly string[];
}

/** The delimiter is the one of `, ; | tab` that occurs most often in the first line of the file; a comma if none does. */
export async function csvDialect(path: string): Promise<CsvDialect> {
  const line = await firstLine(path);
  const [best] = delimiters
    .map((delimiter) => ({ delimiter, names: split(line, delimiter) }))
    .sort((a, b) => b.names.length - a.names.length);
  return best!;
}

/** A delimiter between quotes separates nothing; a quote within them is written twice. */
function split(line: string, delimiter: string): string[] {
  const names: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at <= line.length; at++) {
    if (line[at] === '"') isQuoted = !isQuoted;
    if (at < line.length && (isQuoted || line[at] !== delimiter)) continue;
    names.push(unquoted(line.slice(start, at)));
    start = at + 1;
  }
  return names;
}

function unquoted(name: string): string {
  return /^".*"$/.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name;
}

const delimiters = [",", ";", "\t", "|"];
const longestLine = 1 << 20;

async function firstLine(path: string): Promise<string> {
  const file = createReadStream(path);
  const stream = path.toLowerCase().endsWith(".gz") ? file.pipe(createGunzip()) : file;
  file.on("error", (error) => stream.destroy(error));
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) {
    text += chunk;
    if (text.includes("\n") || text.length > longestLine) break;
  }
  file.destroy();
  return text.replace(/^\uFEFF/, "").split(/\r?\n/, 1)[0]!;
}
