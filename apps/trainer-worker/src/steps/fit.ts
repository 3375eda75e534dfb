/**
 * Step 3: learns a model from the training rows.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { ArgumentError } from "@mintmark/ml-core/base/argument-error";
import type { FitPort } from "@mintmark/ml-core/base/fit-port";
import type { TrainingConfig } from "@mintmark/training-file";
import { type FittedModel, fitModel } from "../algorithms.ts";
import type { Rows } from "./split.ts";

/** @throws AppError FIT_REFUSED if the algorithm cannot learn from these rows */
export function fitRows({ algorithm, preprocess }: TrainingConfig, rows: Rows, port: FitPort): FittedModel {
  try {
    return fitModel({ algorithm, preprocess, columns: rows.columns, target: rows.target, port });
  } catch (error) {
    // What the pre-flight checks let through: ml-core says by an ArgumentError what is wrong with the data or a parameter.
    if (!(error instanceof ArgumentError)) throw error;
    throw new AppError("FIT_REFUSED", { algorithm: algorithm.name, problem: error.message }, { cause: error });
  }
}
