/**
 * A prediction as JSON rows, some rows at a time: the answers to a large body do not have to be objects all at once.
 * @module
 */
import type { Column } from "@mintmark/ml-core/base/preprocessing";
import type { Predictor } from "@mintmark/model-package/predictor";
import { toRows } from "@mintmark/model-package/tabular";
import type { Pieces } from "../messages.ts";

const rowsAtOnce = 1_024;

/** `{"predictions":[…]}` with one object a row, in UTF-8. */
export function predictRows(predictor: Predictor, columns: readonly Column[]): Pieces {
  const rows = columns[0]?.values.length ?? 0;
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < rows || from === 0; from += rowsAtOnce) {
    const part = columns.map((column) => (rows <= rowsAtOnce ? column : sliceOf(column, from, from + rowsAtOnce)));
    const list = JSON.stringify(toRows(predictor.predict(part))).slice(1, -1);
    const isLast = from + rowsAtOnce >= rows;
    pieces.push(Buffer.from(`${from === 0 ? '{"predictions":[' : ","}${list}${isLast ? "]}" : ""}`));
  }
  return pieces;
}

function sliceOf(column: Column, from: number, to: number): Column {
  return column.type === "number"
    ? { ...column, values: column.values.subarray(from, to) }
    : { ...column, values: column.values.slice(from, to) };
}
