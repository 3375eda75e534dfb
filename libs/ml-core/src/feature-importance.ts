/**
 * How much each feature contributes to what an estimator predicts.
 * @module
 */
import type { Estimator } from "./base/estimator.ts";
import type { Matrix } from "./base/matrix.ts";
import type { Preprocessor } from "./base/preprocessing.ts";
import { columnDeviations, columnMeans } from "./linear/moments.ts";
import { widthOf } from "./preprocess/transform.ts";

/**
 * One share a column of `x`, summing to 1 (all 0 if nothing contributes): gain for trees; for linear models |coefficient|
 * times the column's standard deviation, added up over the classes. Null where the kind has no such notion.
 * @param x the features of the training rows
 */
export function featureImportance(estimator: Estimator, x: Matrix): Float64Array | null {
  switch (estimator.kind) {
    case "trees":
      return estimator.importance;
    case "linear":
      return shares(effects(estimator.coefficients, x));
    case "logistic":
      return shares(effects(estimator.coefficients.data, x));
    default:
      return null;
  }
}

/** The importance of the input columns, in their order: one-hot features are added up. */
export function importanceByColumn({ encoders }: Preprocessor, importance: Float64Array): ReadonlyMap<string, number> {
  let at = 0;
  return new Map(
    encoders.map((encoder) => {
      const own = importance.subarray(at, at + widthOf(encoder));
      at += own.length;
      return [encoder.column, own.reduce((sum, share) => sum + share, 0)];
    }),
  );
}

/** @param weights one or several rows of one weight a column */
function effects(weights: Float64Array, x: Matrix): Float64Array {
  const deviations = columnDeviations(x, columnMeans(x));
  const sums = new Float64Array(x.cols);
  for (let at = 0; at < weights.length; at++) sums[at % x.cols]! += Math.abs(weights[at]!) * deviations[at % x.cols]!;
  return sums;
}

function shares(values: Float64Array): Float64Array {
  const total = values.reduce((sum, value) => sum + value, 0);
  return total === 0 ? values : values.map((value) => value / total);
}
