/**
 * From columns of answers to JSON, as MLflow's scoring protocol has it.
 * @module
 */
import type { OutputColumn } from "./predictor.ts";

export type Row = Readonly<Record<string, number | string | boolean | null>>;

/** One object a row; NaN becomes null, for JSON has no NaN. */
export function toRows(outputs: readonly OutputColumn[]): Row[] {
  const rows = outputs[0]?.values.length ?? 0;
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(outputs.map(({ name, values }) => [name, toJson(values[row]!)])),
  );
}

function toJson(value: number | string | boolean): number | string | boolean | null {
  return Number.isNaN(value) ? null : value;
}
