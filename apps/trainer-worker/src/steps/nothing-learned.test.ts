import { silentPort } from "@mintmark/ml-core/base/fit-port";
import type { Column } from "@mintmark/ml-core/base/preprocessing";
import type { Target } from "@mintmark/ml-core/base/target";
import { parseTrainingConfig } from "@mintmark/training-file";
import { describe, expect, it } from "vitest";
import { fitRows } from "./fit.ts";
import { nothingLearned } from "./nothing-learned.ts";

const rows = 30;
const count = number((row) => row);
const same = number(() => 7, "c");
/** The same everywhere once its missing values are filled in. */
const filled = number((row) => (row % 2 ? 7 : Number.NaN));
const halves: Target = { kind: "classes", labels: Int32Array.from({ length: rows }, (_, row) => row % 2), classes: 2 };
const slope: Target = { kind: "values", values: Float64Array.from({ length: rows }, (_, row) => 2 * row) };
// A sum of tenths is no multiple of a tenth: rounding leaves traces of a column in what is learned of this target.
const level: Target = { kind: "values", values: new Float64Array(rows).fill(0.1) };

describe("of the data it says", () => {
  it.each(["linear-regression", "ridge", "decision-tree", "random-forest", "gradient-boosting"])(
    "to %s that the target is one value",
    (name) => {
      expect(said(name, {}, [count], level)).toBe("the target is 0.1 in every one of the 30 training rows");
    },
  );

  it.each(["logistic-regression", "gradient-boosting", "decision-tree", "random-forest", "decision-stump"])(
    "to %s that its columns are the same everywhere",
    (name) => {
      expect(said(name, {}, [same, text(() => "x")], halves)).toBe("no column differs between the 30 training rows");
    },
  );

  it.each([
    ["k-means", { n_clusters: 3 }],
    ["isolation-forest", {}],
    ["linear-regression", {}],
  ])("the same to %s of %j", (name, params) => {
    const target = name === "linear-regression" ? slope : null;
    expect(said(name, params, [same], target)).toBe("no column differs between the 30 training rows");
  });

  it("that its columns are the same once they are preprocessed, where they differ before", () => {
    expect(said("decision-tree", {}, [filled], halves, [{ impute: ["x"] }])).toBe(
      "no column differs between the 30 training rows after preprocessing",
    );
  });

  it("nothing of columns that differ by the last bits only, or by being missing", () => {
    expect(said("decision-tree", {}, [number((row) => 1 + row * 1e-12)], halves)).toBeNull();
    expect(said("decision-tree", {}, [filled], halves)).toBeNull();
  });

  it("nothing without an intercept, where constants make predictions that differ", () => {
    expect(said("linear-regression", { fit_intercept: false }, [count], level)).toBeNull();
  });
});

describe("of parameters it says", () => {
  it.each([
    ["gradient-boosting", {}, "min_data_in_leaf 20 leaves no split of the 30 training rows; make it smaller"],
    [
      "gradient-boosting",
      { min_data_in_leaf: 10, bagging_fraction: 0.5 },
      "min_data_in_leaf 10 leaves no split of the 15 rows that bagging_fraction 0.5 draws of the 30 training rows; make it smaller",
    ],
    [
      "gradient-boosting",
      { min_data_in_leaf: 2, min_gain_to_split: 1e6 },
      "no split of the 30 training rows gains more than min_gain_to_split 1000000 with min_data_in_leaf 2 and min_sum_hessian_in_leaf 0.001 on both sides",
    ],
    [
      "decision-tree",
      { min_samples_split: 31 },
      "min_samples_split 31 leaves no split of the 30 training rows; make it smaller",
    ],
    [
      "decision-stump",
      { min_samples_leaf: 16 },
      "min_samples_leaf 16 leaves no split of the 30 training rows; make it smaller",
    ],
    [
      "random-forest",
      { min_samples_leaf: 16 },
      "min_samples_leaf 16 leaves no split of the 30 training rows; make it smaller",
    ],
    [
      // A bootstrap sample of 30 rows has about 19 different ones.
      "random-forest",
      { min_samples_split: 29 },
      "no split of the 30 training rows that was looked at tells the target apart with min_samples_split 29 and min_samples_leaf 1",
    ],
  ])("to %s of %j which leaves no split", (name, params, why) => {
    expect(said(name, params, [count], halves)).toBe(why);
  });

  it("that so many rows are in no leaf where a column has one rare value", () => {
    const rare = number((row) => (row === 3 ? 1 : 0));
    expect(said("gradient-boosting", { min_data_in_leaf: 10 }, [rare], halves)).toBe(
      "min_data_in_leaf 10 leaves no split of the 30 training rows; make it smaller",
    );
  });

  it("that there is one cluster, or that all of them are one", () => {
    expect(said("k-means", { n_clusters: 1 }, [count], null)).toBe("n_clusters is 1");
    expect(said("k-means", { n_clusters: 2 }, [filled], null, [{ impute: ["x"] }])).toBe(
      "the 2 centers are the same point: the 30 training rows do not differ",
    );
  });

  it("that the rows that a tree sees do not differ", () => {
    expect(said("isolation-forest", { max_samples: 8 }, [filled], null, [{ impute: ["x"] }])).toBe(
      "no column differs between the rows that a tree sees (max_samples 8 of 30 training rows)",
    );
  });
});

describe("of coefficients it says", () => {
  // Each value of x as often with either class, and as high as low.
  const balanced = number((row) => (row % 4 < 2 ? 1 : -1));
  const even: Target = { kind: "classes", labels: Int32Array.from({ length: 28 }, (_, row) => row % 2), classes: 2 };

  it("that all are 0, where no column goes along with the target", () => {
    const first28 = { ...balanced, values: balanced.values.slice(0, 28) };
    expect(said("logistic-regression", {}, [first28], even)).toBe(
      "no column goes along with the target: every coefficient is 0",
    );
  });

  it("that all texts have the same words", () => {
    expect(said("tfidf-logistic-regression", {}, [text(() => "one text")], halves)).toBe(
      "the 30 training rows have the same words, as far as terms are kept (min_df, max_features)",
    );
    const rare = text((row) => `one text ${row}`);
    expect(said("tfidf-logistic-regression", { min_df: 2 }, [rare], halves)).toContain("the same words");
  });
});

it.each([
  ["linear-regression", {}, slope],
  ["ridge", {}, slope],
  ["logistic-regression", {}, halves],
  ["decision-stump", {}, halves],
  ["decision-tree", {}, slope],
  ["random-forest", { n_estimators: 3 }, halves],
  ["gradient-boosting", { min_data_in_leaf: 5, n_estimators: 3 }, slope],
  ["k-means", { n_clusters: 3 }, null],
  ["isolation-forest", {}, null],
] as const)("says nothing of a %s that tells rows apart", (name, params, target) => {
  expect(said(name, params, [count, same], target)).toBeNull();
});

it("says nothing of texts that differ", () => {
  expect(said("tfidf-logistic-regression", {}, [text((row) => (row % 2 ? "up" : "down"))], halves)).toBeNull();
});

/** The reason that the warning gives, after what all of them begin with. */
function said(
  name: string,
  params: object,
  columns: readonly Column[],
  target: Target | null,
  preprocess: readonly object[] = [],
): string | null {
  const data = { source: "x.csv", ...(target === null ? {} : { target: "y" }) };
  const config = parseTrainingConfig({ model: "m", data, preprocess, algorithm: { name, params } });
  const training = { count: columns[0]!.values.length, columns, target };
  const warning = nothingLearned(config, fitRows(config, training, silentPort), training);
  if (warning === null) return null;
  const beginning = "learned nothing: predicts a constant, because ";
  expect(warning).toContain(beginning);
  return warning.slice(beginning.length);
}

function number(value: (row: number) => number, name = "x") {
  return { type: "number", name, values: Float64Array.from({ length: rows }, (_, row) => value(row)) } as const;
}

function text(value: (row: number) => string) {
  return { type: "text", name: "t", values: Array.from({ length: rows }, (_, row) => value(row)) } as const;
}
