/**
 * Plots of how a classifier does on rows that it has not seen.
 * @module
 */
import { confusionMatrix } from "@mintmark/ml-core/metrics/confusion-matrix";
import { thresholdCurve } from "@mintmark/ml-core/metrics/threshold-curves";
import type { ClassPrediction } from "@mintmark/ml-core/predict";
import { type Layer, type Plot, reference, thinned } from "./plot.ts";

export interface JudgedClasses {
  readonly truth: Int32Array;
  readonly prediction: ClassPrediction;
  /** As people call them, by label. */
  readonly classes: readonly string[];
  /** Of two classes, the one whose probability the curves are about. */
  readonly positive: number;
}

/** Beyond it, a matrix is a carpet that nobody reads. */
export const maxMatrixClasses = 30;

export function confusionPlot({ truth, prediction, classes }: JudgedClasses): Plot {
  const { counts } = confusionMatrix(truth, prediction.labels, classes.length);
  const rows = classes.flatMap((actual, row) =>
    classes.map((predicted, col) => ({ actual, predicted, rows: counts[row * classes.length + col]! })),
  );
  const x = { field: "predicted", type: "nominal", sort: [...classes] } as const;
  const y = { field: "actual", type: "nominal", sort: [...classes] } as const;
  const color = { field: "rows", type: "quantitative", scale: { scheme: "blues" } } as const;
  const most = counts.reduce((most, count) => Math.max(most, count), 0);
  const isDark = `datum.rows > ${most / 2}`;
  return {
    name: "confusion-matrix",
    rows,
    spec: {
      title: "Confusion matrix (test rows)",
      layer: [
        { mark: "rect", encoding: { x, y, color } },
        {
          mark: { type: "text", fontSize: classes.length > 12 ? 7 : 11 },
          encoding: {
            x,
            y,
            text: { field: "rows", type: "quantitative" },
            color: { condition: { test: isDark, value: "white" }, value: "black" },
          },
        },
      ],
    },
  };
}

/** The ROC and the precision–recall curve; none if only one of the two classes occurs. */
export function curvePlots({ truth, prediction, classes, positive }: JudgedClasses): readonly Plot[] {
  const { data, cols } = prediction.probabilities;
  const scores = Float64Array.from(truth, (_, row) => data[row * cols + positive]!);
  const curve = thresholdCurve(truth, scores, positive);
  if (curve === undefined) return [];
  const points = thinned(curve);
  const share = points[points.length - 1]!.precision;
  const rates = points.map(({ threshold, falsePositiveRate, truePositiveRate }) => ({
    threshold,
    false_positive_rate: falsePositiveRate,
    true_positive_rate: truePositiveRate,
  }));
  const precisions = points.map(({ threshold, truePositiveRate, precision }) => ({
    threshold,
    recall: truePositiveRate,
    precision,
  }));
  const title = (curve: string) => `${curve} of '${classes[positive]}' (test rows)`;
  return [
    {
      name: "roc-curve",
      rows: rates,
      spec: {
        title: title("ROC curve"),
        layer: [reference([0, 0], [1, 1]), line("false_positive_rate", "true_positive_rate", "linear")],
      },
    },
    {
      name: "precision-recall-curve",
      rows: precisions,
      spec: {
        title: title("Precision and recall"),
        layer: [reference([0, share], [1, share]), line("recall", "precision", "step-before")],
      },
    },
  ];
}

function line(x: string, y: string, interpolate: "linear" | "step-before"): Layer {
  const scale = { domain: [0, 1] };
  return {
    mark: { type: "line", interpolate },
    encoding: {
      x: { field: x, type: "quantitative", title: words(x), scale },
      y: { field: y, type: "quantitative", title: words(y), scale },
      order: { field: "threshold", type: "quantitative", sort: "descending" },
    },
  };
}

function words(field: string): string {
  return field.replaceAll("_", " ");
}
