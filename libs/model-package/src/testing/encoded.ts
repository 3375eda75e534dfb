/**
 * Columns on their way to a script in Python: numbers with all their bits.
 * @module
 */
import type { ColumnType } from "@mintmark/columns/column-schema";
import type { Column } from "@mintmark/ml-core/base/preprocessing";

export function encoded({ name, type, values }: Column, declared: ColumnType) {
  return {
    name,
    type: declared,
    values: type === "text" ? values : Buffer.from((values as Float64Array).buffer).toString("base64"),
  };
}
