/**
 * Classifies texts: TF-IDF, then logistic regression on its sparse rows.
 * @module
 */
import { ArgumentError } from "../base/argument-error.ts";
import type { TextEstimator } from "../base/estimator.ts";
import type { Fit } from "../base/fit.ts";
import { type FitPort, silentPort } from "../base/fit-port.ts";
import type { ClassTarget } from "../base/target.ts";
import { requireClassLabels } from "../base/training-data.ts";
import { fitSparseLogisticRegression, type LogisticRegressionParams } from "../linear/logistic-regression.ts";
import { fitTfidf, type TfidfParams, transformTfidf } from "./tfidf.ts";

export interface TfidfLogisticRegressionParams extends TfidfParams, LogisticRegressionParams {}

/**
 * @param texts one a row; "" is a text without words
 * @throws ArgumentError for bad data or parameters.
 */
export function fitTfidfLogisticRegression(
  texts: readonly string[],
  y: ClassTarget,
  params: TfidfLogisticRegressionParams = {},
  port: FitPort = silentPort,
): Fit<TextEstimator> {
  if (texts.length < 1) throw new ArgumentError('"texts" expected at least 1 text, got 0');
  requireClassLabels(texts.length, y);
  const vectorizer = fitTfidf(texts, params);
  const fit = fitSparseLogisticRegression(transformTfidf(vectorizer, texts), y, params, port);
  return { ...fit, estimator: { kind: "text", vectorizer, classifier: fit.estimator } };
}
