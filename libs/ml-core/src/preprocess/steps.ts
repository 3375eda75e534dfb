/**
 * Preprocessing steps, in the words of the training file.
 * @module
 */

export type Step = OrdinalEncodeStep | OneHotStep | StandardScaleStep | MinMaxScaleStep | ImputeStep;

/** Text to the index of its category, in code-point order. */
export interface OrdinalEncodeStep {
  readonly "ordinal-encode": readonly string[];
  /** What a value that training did not show becomes; default −1. */
  readonly unknown?: number | undefined;
}

/** Text to one 0/1 feature a category. */
export interface OneHotStep {
  readonly "one-hot": readonly string[];
}

/** Numbers to mean 0 and standard deviation 1; a constant column is only centred. */
export interface StandardScaleStep {
  readonly "standard-scale": readonly string[];
}

/** Numbers to the range 0..1 of the training rows; a constant column becomes 0. */
export interface MinMaxScaleStep {
  readonly "min-max-scale": readonly string[];
}

/** Fills in missing numbers, or missing text before it is encoded, whichever step comes first. */
export interface ImputeStep {
  readonly impute: readonly string[];
  /**
   * `most-frequent`: of equally frequent values the smallest, of texts the first in code-point order. Default `mean`, which
   * like `median` is of numbers only.
   */
  readonly strategy?: "mean" | "median" | "most-frequent" | "constant" | undefined;
  /** For `constant`: of the type of the columns; default 0. */
  readonly value?: number | string | undefined;
}
