import type { Column } from "@mintmark/ml-core/base/preprocessing";
import type { Target } from "@mintmark/ml-core/base/target";
import { MISSING_AS_LARGEST } from "@mintmark/ml-core/tree/columns";
import { parseTrainingConfig } from "@mintmark/training-file";
import { expect, it } from "vitest";
import { fitModel } from "./algorithms.ts";

const columns: readonly Column[] = [
  { type: "number", name: "age", values: Float64Array.of(1, Number.NaN, 3, 4, Number.NaN, 6) },
];
const target: Target = { kind: "classes", labels: Int32Array.of(0, 1, 0, 0, 1, 0), classes: 2 };

const fit = (name: string, preprocess: readonly object[] = []) => {
  const config = parseTrainingConfig({
    model: "m",
    data: { source: "x.csv", target: "y" },
    algorithm: { name },
    preprocess,
  });
  return fitModel({ ...config, columns, target, port: { iteration: () => {} } });
};

it.each(["decision-stump", "decision-tree", "random-forest", "gradient-boosting"])(
  "lets %s learn from missing numbers as the largest",
  (name) => {
    expect(fit(name).preprocessor.encoders[0]).toMatchObject({ fill: MISSING_AS_LARGEST });
    expect(() => fit(name, [{ "standard-scale": ["age"] }])).toThrow(/add \{ impute: \[age\]/);
  },
);

it.each(["isolation-forest", "logistic-regression", "k-means"])("refuses missing numbers for %s", (name) => {
  const config = parseTrainingConfig({
    model: "m",
    data: { source: "x.csv", ...(name === "logistic-regression" && { target: "y" }) },
    algorithm: { name, ...(name === "k-means" && { params: { n_clusters: 2 } }) },
  });
  expect(() => fitModel({ ...config, columns, target, port: { iteration: () => {} } })).toThrow(
    /holds 2 missing values, the first at row 1/,
  );
});
