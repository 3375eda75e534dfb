/**
 * How a CSV file is written: what separates its values, and how many a line has.
 *
 * The line of names decides, and nothing else does: a guess over the whole file turns a row that is one value short into
 * a file of a single text column, and the mistake in the data stays unseen.
 * @module
 */
import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";

export interface CsvDialect {
  readonly delimiter: string;
  readonly columns: number;
}

/** The delimiter is the one of `, ; | tab` that occurs most often in the first line of the file; a comma if none does. */
export async function csvDialect(path: string): Promise<CsvDialect> {
  const names = (await firstLine(path)).replace(/"[^"]*"/g, "");
  const [best] = delimiters
    .map((delimiter) => ({ delimiter, columns: names.split(delimiter).length }))
    .sort((a, b) => b.columns - a.columns);
  return best!;
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
  return text.split(/\r?\n/, 1)[0]!;
}
