/**
 * Which plots a model gets.
 * @module
 */
import type { Classes } from "@mintmark/ml-core/base/target";
import { type Prediction, predict } from "@mintmark/ml-core/predict";
import type { TrainingConfig } from "@mintmark/training-file";
import type { BuiltModel } from "../build-model.ts";
import { positiveLabel, predictorRows } from "../steps/evaluate.ts";
import { allRows, type Rows, takeRows } from "../steps/split.ts";
import { confusionPlot, curvePlots, maxMatrixClasses } from "./classification-plots.ts";
import type { Plot } from "./plot.ts";
import { regressionPlots } from "./regression-plots.ts";
import { importancePlot, lossPlot } from "./training-plots.ts";

export interface ModelPlots {
  readonly plots: readonly Plot[];
  /** Why one that could be expected is missing. */
  readonly notes: readonly string[];
}

export function plotsOf(config: TrainingConfig, built: BuiltModel): ModelPlots {
  const { losses, facts } = built;
  const judged = judgedPlots(config, built);
  const learned = [
    ...(facts.importance.length === 0 ? [] : [importancePlot(facts.importance)]),
    ...(losses.length < 2 ? [] : [lossPlot(losses)]),
  ];
  return { plots: [...judged.plots, ...learned], notes: judged.notes };
}

/** Of predictions for the test rows, where these have a truth to compare with. */
function judgedPlots(config: TrainingConfig, { data, split, fitted }: BuiltModel): ModelPlots {
  if (data.target === null) return { plots: [], notes: [] };
  if (split.test.length === 0) return { plots: [], notes: ["no plots of predictions: there are no test rows"] };
  const rows = takeRows(allRows(data), split.test);
  return compared(config, data.classes ?? [], rows, predict(fitted.estimator, predictorRows(fitted, rows)));
}

function compared(config: TrainingConfig, classes: Classes, { target }: Rows, prediction: Prediction): ModelPlots {
  if (prediction.kind === "values" && target?.kind === "values")
    return { plots: regressionPlots(target.values, prediction.values), notes: [] };
  if (prediction.kind !== "classes" || target?.kind !== "classes") return { plots: [], notes: [] };
  const positive = positiveLabel(config, classes);
  const judged = { truth: target.labels, prediction, classes: classes.map(String), positive };
  const curves = classes.length === 2 ? curvePlots(judged) : [];
  if (classes.length <= maxMatrixClasses) return { plots: [confusionPlot(judged), ...curves], notes: [] };
  return { plots: [], notes: [`no confusion matrix: ${classes.length} classes, more than ${maxMatrixClasses}`] };
}
