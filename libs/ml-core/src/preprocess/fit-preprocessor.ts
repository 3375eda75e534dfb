/**
 * Learns from the training rows what becomes of each column on the way to the feature matrix.
 *
 * Steps apply in their order. Scaling is a composition of (x − offset) / scale, so a column may pass through several
 * steps and still is one encoder. Statistics leave missing values out.
 * @module
 */
import { compareCodePoints } from "../base/code-points.ts";
import type {
  Column,
  ColumnEncoder,
  NumberColumn,
  NumberEncoder,
  Preprocessor,
  TextColumn,
} from "../base/preprocessing.ts";
import { columnDeviations, columnMeans } from "../linear/moments.ts";
import { MISSING_AS_LARGEST } from "../tree/columns.ts";
import { ColumnError } from "./column-error.ts";
import type { ImputeStep, Step } from "./steps.ts";

export interface PreprocessOptions {
  /** How text columns are encoded that no step names: `ordinal` suits trees, `one-hot` everything linear. */
  readonly defaultText: "ordinal" | "one-hot";
  /**
   * What becomes of missing numbers in a column that no step imputes. `largest` suits trees: they count as larger than any
   * value, so that a split can cut them off; a column that a step scales has no such value.
   * @default "refused"
   */
  readonly missing?: "refused" | "largest";
}

/**
 * @param columns the features, in the order of the feature matrix; the rows to learn from
 * @throws ColumnError if a step names a column that is not there or of the wrong type, a column is encoded twice, a
 * number column holds infinite values, or missing ones and there is no rule for them.
 */
export function fitPreprocessor(
  columns: readonly Column[],
  steps: readonly Step[],
  { defaultText, missing = "refused" }: PreprocessOptions,
): Preprocessor {
  for (const step of steps) requireKnown(columnsOf(step), columns);
  const encoders = columns.map((column) => {
    const own = steps.filter((step) => columnsOf(step).includes(column.name));
    return column.type === "number" ? fitNumber(column, own, missing) : fitText(column, own, defaultText);
  });
  return { encoders };
}

/** @throws ColumnError if a number column holds an infinite value. */
export function requireNoInfinity(column: NumberColumn): void {
  const infinite = (value: number) => value === Infinity || value === -Infinity;
  const row = column.values.findIndex(infinite);
  if (row < 0) return;
  const count = column.values.filter(infinite).length;
  throw new ColumnError("infinite-values", column.name, `holds ${count} infinite values, the first at row ${row}`, {
    row,
    count,
  });
}

function fitNumber(
  column: NumberColumn,
  steps: readonly Step[],
  missing: NonNullable<PreprocessOptions["missing"]>,
): NumberEncoder {
  requireNoInfinity(column);
  let encoder: NumberEncoder = { kind: "number", column: column.name, fill: null, offset: 0, scale: 1 };
  for (const step of steps) encoder = withStep(encoder, column, step);
  if (encoder.fill !== null || !column.values.some(Number.isNaN)) return encoder;
  // Without a step the values are as they came, and none of them is as large.
  if (missing === "largest" && steps.length === 0) return { ...encoder, fill: MISSING_AS_LARGEST };
  throw missingValues(column);
}

function withStep(encoder: NumberEncoder, column: NumberColumn, step: Step): NumberEncoder {
  if ("ordinal-encode" in step || "one-hot" in step) {
    const verb = "one-hot" in step ? "one-hot" : "ordinal-encode";
    throw new ColumnError(
      "number-in-text-step",
      column.name,
      `holds numbers, and ${verb} takes text: leave it out of that step, or cast it to text in data.query`,
    );
  }
  if ("impute" in step) return encoder.fill === null ? { ...encoder, fill: fillOf(column, step, encoder) } : encoder;

  const present = presentValues(column, encoder.fill);
  if (present.length === 0) throw nothingToImputeFrom(column);
  requireScalable(column.name, present);
  const { offset, scale } = "standard-scale" in step ? standardScale(present) : minMaxScale(present);
  // Both are in the units of the column; a later scaling sees what the earlier ones made of it, which is affine, and
  // standardizing or stretching an affine image of x is the same as doing it to x.
  return { ...encoder, offset, scale };
}

/** What stands in for a missing value, in the units of the column; a constant is in those that earlier steps left. */
function fillOf(
  column: NumberColumn,
  { strategy = "mean", value = 0 }: ImputeStep,
  { offset, scale }: NumberEncoder,
): number {
  if (strategy === "constant") {
    if (typeof value === "number") return value * scale + offset;
    throw new ColumnError(
      "number-in-text-step",
      column.name,
      `holds numbers, and impute has the text "${value}" as value`,
    );
  }
  const present = presentValues(column, null);
  if (present.length === 0) throw nothingToImputeFrom(column);
  if (strategy === "mean") return meanOf(present);
  const sorted = present.sort();
  return strategy === "median" ? medianOf(sorted) : mostFrequentOf(sorted);
}

function fitText(
  column: TextColumn,
  steps: readonly Step[],
  defaultText: PreprocessOptions["defaultText"],
): ColumnEncoder {
  const imputing = steps.find((step) => "impute" in step);
  const encoding = steps.filter((step) => !("impute" in step));
  const [step, second] = encoding;
  if (second !== undefined)
    throw new ColumnError("encoded-twice", column.name, `is named by ${encoding.length} steps; keep one of them`);
  const fill = imputing === undefined ? null : textFillOf(column, imputing);
  const filled = column.values.map((value) => (value === "" ? (fill ?? "") : value));
  const categories = [...new Set(filled)].sort(compareCodePoints);
  const base = { column: column.name, fill, categories };
  if (step === undefined)
    return defaultText === "one-hot" ? { kind: "one-hot", ...base } : { kind: "ordinal", ...base, unknown: -1 };
  if ("ordinal-encode" in step) return { kind: "ordinal", ...base, unknown: step.unknown ?? -1 };
  if ("one-hot" in step) return { kind: "one-hot", ...base };
  throw new ColumnError(
    "text-in-number-step",
    column.name,
    `holds text, and ${Object.keys(step)[0]} takes numbers: use ordinal-encode or one-hot`,
  );
}

/** What stands in for missing text. */
function textFillOf(column: TextColumn, { strategy = "mean", value = 0 }: ImputeStep): string {
  if (strategy === "constant") {
    if (typeof value === "string") return value;
    throw new ColumnError(
      "text-in-number-step",
      column.name,
      `holds text, and impute has the number ${value} as value`,
    );
  }
  if (strategy !== "most-frequent")
    throw new ColumnError(
      "text-in-number-step",
      column.name,
      `holds text, and impute with strategy ${strategy} takes numbers: text takes most-frequent or constant`,
    );
  const counts = new Map<string, number>();
  for (const text of column.values) if (text !== "") counts.set(text, (counts.get(text) ?? 0) + 1);
  if (counts.size === 0) throw nothingToImputeFrom(column);
  const most = counts.values().reduce((a, b) => Math.max(a, b));
  return [...counts.keys()].filter((text) => counts.get(text) === most).sort(compareCodePoints)[0]!;
}

function requireKnown(names: readonly string[], columns: readonly Column[]): void {
  const known = columns.map((column) => column.name);
  const stranger = names.find((name) => !known.includes(name));
  if (stranger !== undefined)
    throw new ColumnError("unknown-column", stranger, `is not a feature; there are ${known.join(", ")}`);
}

function missingValues(column: NumberColumn): ColumnError {
  const row = column.values.findIndex(Number.isNaN);
  const count = column.values.filter(Number.isNaN).length;
  return new ColumnError(
    "missing-values",
    column.name,
    `holds ${count} missing values, the first at row ${row}: add { impute: [${column.name}], strategy: mean } to preprocess`,
    { row, count },
  );
}

function nothingToImputeFrom(column: Column): ColumnError {
  return new ColumnError(
    "nothing-to-impute-from",
    column.name,
    "has only missing values: leave it out of data.features, or impute it with strategy constant",
  );
}

/** The column each step names. */
function columnsOf(step: Step): readonly string[] {
  if ("ordinal-encode" in step) return step["ordinal-encode"];
  if ("one-hot" in step) return step["one-hot"];
  if ("standard-scale" in step) return step["standard-scale"];
  if ("min-max-scale" in step) return step["min-max-scale"];
  return step.impute;
}

/** The values that scaling sees: missing ones filled, or left out where nothing fills them (an error follows later). */
function presentValues({ values }: NumberColumn, fill: number | null): Float64Array {
  return fill === null
    ? values.filter((value) => !Number.isNaN(value))
    : values.map((value) => (Number.isNaN(value) ? fill : value));
}

/** Values may be no larger in size: as many of their squares as there can be rows add up to a finite number. */
export const SCALABLE_MAX = 1e150;

function requireScalable(name: string, values: Float64Array): void {
  const large = values.find((value) => Math.abs(value) > SCALABLE_MAX);
  if (large === undefined) return;
  throw new ColumnError(
    "too-large-to-scale",
    name,
    `holds ${large}, and scaling takes values up to ${SCALABLE_MAX}: divide it in data.query`,
  );
}

function standardScale(values: Float64Array): { offset: number; scale: number } {
  const x = { data: values, rows: values.length, cols: 1 };
  const means = columnMeans(x);
  const [deviation] = columnDeviations(x, means);
  return { offset: means[0]!, scale: deviation === 0 ? 1 : deviation! };
}

function minMaxScale(values: Float64Array): { offset: number; scale: number } {
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  return { offset: least, scale: most === least ? 1 : most - least };
}

function meanOf(values: Float64Array): number {
  return columnMeans({ data: values, rows: values.length, cols: 1 })[0]!;
}

function medianOf(sorted: Float64Array): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : sorted[middle - 1]! / 2 + sorted[middle]! / 2;
}

function mostFrequentOf(sorted: Float64Array): number {
  let best = sorted[0]!;
  let bestCount = 0;
  for (let from = 0; from < sorted.length; ) {
    let to = from;
    while (to < sorted.length && sorted[to] === sorted[from]) to += 1;
    if (to - from > bestCount) {
      best = sorted[from]!;
      bestCount = to - from;
    }
    from = to;
  }
  return best;
}
