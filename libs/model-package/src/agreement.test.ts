import type { Column } from "@mintmark/ml-core/base/preprocessing";
import { type Prediction, predict } from "@mintmark/ml-core/predict";
import { transform } from "@mintmark/ml-core/preprocess/transform";
import { describe, expect, it } from "vitest";
import { modelFiles } from "./package-directory.ts";
import { loadPredictor, type OutputColumn, type Predictor } from "./predictor.ts";
import { allCases } from "./testing/cases.ts";
import { fittedCases } from "./testing/fitted-cases.ts";
import { differences } from "./testing/same.ts";
import type { TrainedModel } from "./trained-model.ts";

const cases = [...allCases(), ...fittedCases()];

describe("the predictor of the packaged graph", () => {
  it.each(cases)("answers as ml-core: $name", ({ model, columns, tolerance }) => {
    const expected = expectedColumns(model, ofMlCore(model, columns));
    for (const column of load(model).predict(columns)) {
      const values = Array.from<number | string | boolean>(expected[column.name]!);
      const comparable = values.map((value) =>
        typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
      );
      expect(differences(comparable, column, tolerance)).toEqual([]);
    }
  });

  it.each(cases)("answers a row alone as among others: $name", ({ model, columns }) => {
    const predictor = load(model);
    const together = predictor.predict(columns);
    const rows = columns[0]!.values.length;
    for (const row of [0, 1, 63, 64, 65, rows - 1]) {
      const alone = predictor.predict(columns.map((column) => rowOf(column, row)));
      expect(alone.map(({ values }) => values[0])).toEqual(together.map(({ values }) => values[row]));
    }
  });
});

function load(model: TrainedModel): Predictor {
  const files = modelFiles({ model, example: null, training: {} });
  return loadPredictor(files.get("model.onnx")!, files.get("MLmodel")!);
}

function ofMlCore({ estimator, preprocessor }: TrainedModel, columns: readonly Column[]): Prediction {
  return predict(
    estimator,
    estimator.kind === "text" ? (columns[0]!.values as string[]) : transform(preprocessor, columns),
  );
}

/** ml-core's answer under the names and values that the contract gives it. */
function expectedColumns(model: TrainedModel, prediction: Prediction): Record<string, OutputColumn["values"]> {
  const name = model.output.name ?? "prediction";
  const shown = (values: readonly (number | string | boolean)[], indices: Int32Array) =>
    Array.from(indices, (index) => model.output.labels?.[String(values[index])] ?? labelled(model, values[index]!));
  switch (prediction.kind) {
    case "values":
      return { [name]: prediction.values };
    case "clusters": {
      const clusters = [0, 1, 2, 3, 4, 5, 6, 7];
      return { [name]: shown(clusters, prediction.labels) as string[], distance: prediction.distances };
    }
    case "anomalies":
      return { anomaly_score: prediction.scores, is_anomaly: Array.from(prediction.isAnomaly, (bit) => bit === 1) };
    case "classes": {
      const { data, rows, cols } = prediction.probabilities;
      const classes = model.classes!;
      const probabilities = classes.map((value, k) => [
        `probability_${value}`,
        Float64Array.from({ length: rows }, (_, row) => data[row * cols + k]!),
      ]);
      return { [name]: shown(classes, prediction.labels) as string[], ...Object.fromEntries(probabilities) };
    }
    default:
      return prediction satisfies never;
  }
}

/** With labels, a value that they do not name is shown as text. */
function labelled(model: TrainedModel, value: number | string | boolean): number | string | boolean {
  return model.output.labels === null ? value : String(value);
}

function rowOf(column: Column, row: number): Column {
  return column.type === "text"
    ? { ...column, values: column.values.slice(row, row + 1) }
    : { ...column, values: column.values.slice(row, row + 1) };
}
