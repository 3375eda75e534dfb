/**
 * A prediction as JSON rows, some rows at a time, so that a large one does not hold up everyone else.
 * @module
 */
import type { Column } from "@mintmark/ml-core/base/preprocessing";
import type { Predictor } from "@mintmark/model-package/predictor";
import { toRows } from "@mintmark/model-package/tabular";
import { takeTurns } from "./take-turns.ts";

/** A few milliseconds of work for most models. */
const rowsAtOnce = 256;

/** A JSON list with one object a row. */
export async function predictRows(predictor: Predictor, columns: readonly Column[]): Promise<string> {
  const rows = columns[0]?.values.length ?? 0;
  if (rows <= rowsAtOnce) return rowsJson(predictor, columns);
  const turns = takeTurns();
  const parts: string[] = [];
  for (let from = 0; from < rows; from += rowsAtOnce) {
    const part = rowsJson(
      predictor,
      columns.map((column) => sliceOf(column, from, from + rowsAtOnce)),
    );
    parts.push(part.slice(1, -1));
    await turns.next();
  }
  return `[${parts.join(",")}]`;
}

function rowsJson(predictor: Predictor, columns: readonly Column[]): string {
  return JSON.stringify(toRows(predictor.predict(columns)));
}

function sliceOf(column: Column, from: number, to: number): Column {
  return column.type === "number"
    ? { ...column, values: column.values.subarray(from, to) }
    : { ...column, values: column.values.slice(from, to) };
}
