/**
 * Predictions as rows: what is put beside them, and how they are shown and written.
 * @module
 */
import { writeFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import type { RawRows } from "@mintmark/dataset";
import { AppError } from "@mintmark/errors";
import { nearest } from "@mintmark/training-file";
import { notWritable } from "../file-failure.ts";
import type { Progress } from "../session.ts";
import { type Cell, type TableColumn, table } from "../table.ts";
import { printable, type View } from "../view.ts";

export type Row = Readonly<Record<string, unknown>>;

/** Puts columns of the rows before their answers, as they stand in the file. */
export type Keeper = (batch: RawRows, answers: readonly Row[]) => readonly Row[];

/**
 * @param keep names separated by commas, `all`, or undefined for none
 * @throws AppError COLUMN_UNKNOWN when rows have no column of the name, OPTION_INVALID if an answer has it already
 */
export function keeper(keep: string | undefined, progress: Progress): Keeper {
  if (keep === undefined) return (_batch, answers) => answers;
  const isAll = keep.trim() === "all";
  const listed = keep
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  let isTold = false;
  return ({ columns }, answers) => {
    const known = [...columns.keys()].filter((name) => name !== "");
    const unknown = isAll ? undefined : listed.find((name) => !known.includes(name));
    if (unknown !== undefined)
      throw new AppError("COLUMN_UNKNOWN", { field: "--keep", column: unknown, suggestion: nearest(unknown, known) });
    const taken = new Set(Object.keys(answers[0] ?? {}));
    const twice = (isAll ? known : listed).filter((name) => taken.has(name));
    if (twice.length > 0 && !isAll)
      throw new AppError("OPTION_INVALID", {
        option: "--keep",
        expected: "names that no answer has",
        value: twice[0]!,
      });
    if (twice.length > 0 && !isTold) {
      isTold = true;
      progress.line(`not kept, because the answer has a column of the name: ${twice.join(", ")}`);
    }
    const names = (isAll ? known : listed).filter((name) => !taken.has(name));
    return answers.map((answer, row) => ({
      ...Object.fromEntries(names.map((name) => [name, columns.get(name)![row] ?? null])),
      ...answer,
    }));
  };
}

/** A value a line if there is one column, else a table. */
export function shown(predictions: readonly Row[], view: View): string {
  const names = Object.keys(predictions[0] ?? {});
  if (names.length === 1) return predictions.map((row) => printable(String(row[names[0]!]))).join("\n");
  const columns = names.map((name): TableColumn<Row> => ({ heading: name, cell: (row) => valueCell(row[name]) }));
  return table(columns, predictions, view);
}

function valueCell(value: unknown): Cell {
  return typeof value === "number" ? value : String(value ?? "");
}

/** @throws AppError OPTION_INVALID, FILE_NOT_WRITABLE */
export async function write(name: string, cwd: string, predictions: readonly Row[]): Promise<void> {
  const isCsv = extname(name).toLowerCase() === ".csv";
  if (!isCsv && extname(name).toLowerCase() !== ".json")
    throw new AppError("OPTION_INVALID", {
      option: "--output",
      expected: "a name ending in .csv or .json",
      value: name,
    });
  const text = isCsv ? csv(predictions) : `${JSON.stringify(predictions, null, 1)}\n`;
  await writeFile(resolve(cwd, name), text).catch((error: unknown) => {
    throw notWritable(name, error);
  });
}

function csv(predictions: readonly Row[]): string {
  const names = Object.keys(predictions[0] ?? {});
  const lines = [names, ...predictions.map((row) => names.map((name) => String(row[name] ?? "")))];
  return `${lines.map((line) => line.map(csvCell).join(",")).join("\n")}\n`;
}

/** RFC 4180. */
function csvCell(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
