import { AppError, type Reason } from "@mintmark/errors";
import { parseTrainingConfig, type TrainingConfig } from "@mintmark/training-file";
import { describe, expect, it } from "vitest";
import { checkTrainingData } from "./check-data.ts";
import { type NumberTableColumn, type Table, type TableColumn, type TextTableColumn, unusableColumn } from "./table.ts";

const city = text("city", ["Bern", "Basel", "Bern", "Basel", "Bern", "Basel"]);
const size = numbers("size", [1, 2, 3, 4, 5, 6]);
const label = text("label", ["b", "a", "b", "a", "b", "a"]);
type Changes = Readonly<Record<string, unknown>>;
const plan = file();
const data = (changes: Changes) => file({}, changes);

it("gives the features in the order of the file and the target as class indices, classes ascending", () => {
  expect(checkTrainingData(plan, table(city, label, size))).toEqual({
    task: "classification",
    features: [city, size],
    target: { kind: "classes", labels: Int32Array.of(1, 0, 1, 0, 1, 0), classes: 2 },
    classes: ["a", "b"],
    warnings: [],
  });
});

it("gives the features in the order of the training file if it names them", () => {
  const { features } = checkTrainingData(data({ features: ["size", "city"] }), table(city, label, size));
  expect(features).toEqual([size, city]);
});

it("asks for no target in clustering and anomaly detection", () => {
  const clustering = file({ algorithm: { name: "k-means", params: { n_clusters: 2 } } }, { target: null });
  expect(checkTrainingData(clustering, table(city, size))).toMatchObject({ task: "clustering", target: null });
});

describe("a target of classes", () => {
  const targetOf = (column: TableColumn) => checkTrainingData(plan, table(size, column));

  it("is sorted by value for integers, by code point for text, and false before true", () => {
    expect(targetOf(numbers("label", [10, 9, 10, 9, -1, 9]))).toMatchObject({ classes: [-1, 9, 10] });
    expect(targetOf(text("label", ["\u{1F600}", "\uFFFD", "Z", "a", "a", "a"]))).toMatchObject({
      classes: ["Z", "a", "\uFFFD", "\u{1F600}"],
    });
    expect(targetOf(numbers("label", [1, 0, 1, 0, 1, 1], "boolean"))).toMatchObject({ classes: [false, true] });
  });

  it("may be of whole real numbers, as Parquet files often have them", () => {
    expect(targetOf(numbers("label", [2, 1, 2, 1, 2, 1], "number"))).toMatchObject({ classes: [1, 2] });
  });
});

describe("refused before anything is trained", () => {
  const positive = file({ evaluate: { positive: "c" } });
  const steps = (...preprocess: Changes[]) => file({ preprocess });
  const logistic = file({ algorithm: { name: "logistic-regression" } });
  const metric = (name: string) => file({ evaluate: { metrics: [name] } });
  const threeClasses = text("label", ["a", "b", "c", "a", "b", "c"]);
  const folds = (count: number) => file({ evaluate: { folds: count } });
  const regression = file({ task: "regression" });
  const onText = file({ algorithm: { name: "tfidf-logistic-regression" } });
  const clusters = file({ algorithm: { name: "k-means", params: { n_clusters: 7 } } }, { target: null });
  const output = "OUTPUT_CONFIGURATION_INVALID";
  const named = (output: Changes) => file({ output });
  const realLabels = file({ output: { labels: { 2: "two" } }, evaluate: { folds: 0 } });
  const twoClusters = { algorithm: { name: "k-means", params: { n_clusters: 2 } } };
  const clusterLabels = file({ ...twoClusters, output: { labels: { 2: "third" } } }, { target: null });
  const gap = numbers("size", [1, Number.NaN, 3, Number.NaN, 5, 6]);
  const endless = numbers("size", [1, 2, Number.POSITIVE_INFINITY, 4, 5, 6]);
  const cases: [string, TrainingConfig, Table, Reason, string][] = [
    ["no rows", plan, table(text("label", [])), "DATA_EMPTY", "'x.csv' has no rows"],
    ["a misspelt target", data({ target: "lable" }), table(size, label), "TARGET_NOT_FOUND", "did you mean 'label'?"],
    [
      "a misspelt feature",
      data({ features: ["sise"] }),
      table(size, label),
      "FEATURE_NOT_FOUND",
      "did you mean 'size'?",
    ],
    ["nothing but the target", plan, table(label), "FEATURES_MISSING", "no feature column"],
    [
      "a column of bytes",
      plan,
      table(
        unusableColumn("d", "other", new AppError("COLUMN_TYPE_UNSUPPORTED", { column: "d", sqlType: "BLOB" })),
        label,
      ),
      "COLUMN_TYPE_UNSUPPORTED",
      "BLOB",
    ],
    ["a step on no feature", steps({ "one-hot": ["town"] }), table(city, label), "FEATURE_NOT_FOUND", "preprocess[0]"],
    ["scaled text", steps({ "standard-scale": ["city"] }), table(city, label), "COLUMN_NOT_NUMERIC", "such as 'Bern'"],
    ["encoded numbers", steps({ "one-hot": ["size"] }), table(size, label), "COLUMN_NOT_TEXT", "::VARCHAR"],
    ["missing values", logistic, table(gap, label), "VALUES_MISSING", "2 missing values, the first in row 2"],
    [
      "missing values that are scaled",
      steps({ "min-max-scale": ["size"] }),
      table(gap, label),
      "VALUES_MISSING",
      "row 2",
    ],
    ["a metric of two classes", metric("roc_auc"), table(size, threeClasses), "METRIC_NOT_DEFINED", "of 3 classes"],
    ["a metric of many classes", metric("roc_auc_ovr"), table(size, label), "METRIC_NOT_DEFINED", "of 2 classes"],
    ["a metric of another task", metric("rmse"), table(size, label), "METRIC_NOT_DEFINED", "there are: accuracy"],
    ["infinite values", plan, table(endless, label), "VALUES_INFINITE", "1 infinite value, the first in row 3"],
    [
      "values beyond 2^1000",
      plan,
      table(numbers("size", [1, 2, 3, 1e301, 5, 1.1e301]), label),
      "VALUES_TOO_LARGE",
      "row 6",
    ],
    [
      "a missing label",
      plan,
      table(size, text("label", ["a", "", "a", "b", "b", "b"])),
      "TARGET_VALUES_MISSING",
      "row 2",
    ],
    [
      "real classes",
      file({ task: "classification" }),
      table(size, numbers("label", [0.5, 1, 2, 3, 4, 5])),
      "TARGET_NOT_CLASSES",
      "0.5",
    ],
    ["text in regression", regression, table(size, label), "TARGET_NOT_NUMERIC", "'b'"],
    ["one class", plan, table(size, text("label", Array(6).fill("a"))), "TARGET_ONE_CLASS", "'a'"],
    ["a positive that is no class", positive, table(size, label), "POSITIVE_CLASS_NOT_FOUND", "classes: a, b"],
    ["text features that are two", onText, table(city, size, label), "TEXT_FEATURES_INVALID", "city, size"],
    ["a text feature of numbers", onText, table(size, label), "TEXT_FEATURES_INVALID", "size"],
    ["more folds than rows", folds(7), table(size, label), "FOLDS_EXCEED_ROWS", "6 rows"],
    ["more folds than a class has", folds(4), table(size, label), "FOLDS_EXCEED_CLASS", "class 'a' has only 3 rows"],
    [
      "a split that takes all",
      data({ split: { test: 0.5, validation: 0.49, stratify: false } }),
      table(size, label),
      "SPLIT_LEAVES_NOTHING",
      "6 rows",
    ],
    [
      "a class that is all test",
      data({ split: { test: 0.9, validation: 0, stratify: true } }),
      table(size, label),
      "SPLIT_LEAVES_NOTHING",
      "",
    ],
    [
      "scaled values whose squares overflow",
      file({ algorithm: { name: "ridge" }, task: "regression", preprocess: [{ "min-max-scale": ["size"] }] }),
      table(numbers("size", [1, 2, -1e200, 4, 5, 6]), numbers("label", [1, 2, 3, 4, 5, 6])),
      "VALUES_TOO_LARGE_TO_SCALE",
      "'size' has the value -1e+200 in row 3, but 'min-max-scale' takes values up to 1e+150",
    ],
    [
      "labels of what is no class",
      named({ labels: { c: "x" } }),
      table(size, label),
      output,
      "names 'c', which is not",
    ],
    [
      "labels of real numbers",
      realLabels,
      table(size, numbers("label", [0.5, 2, 3, 4, 5, 6], "number")),
      output,
      "predicts numbers",
    ],
    [
      "a prediction named as a probability",
      named({ name: "probability_a" }),
      table(size, label),
      output,
      "two columns",
    ],
    ["a prediction named as a column", named({ name: "city" }), table(city, size, label), output, "two columns"],
    ["labels of no cluster", clusterLabels, table(size), output, "predictions are '0', '1'"],
    ["more clusters than rows", clusters, table(size), "CLUSTERS_EXCEED_ROWS", "n_clusters is 7"],
  ];

  it.each(cases)("%s", (_, refusedPlan, refusedTable, reason, message) => {
    const error = failure(() => checkTrainingData(refusedPlan, refusedTable));
    expect([error.reason, error.message]).toEqual([reason, expect.stringContaining(message)]);
  });
});

it("lets missing numbers pass that a step fills", () => {
  const filled = file({ preprocess: [{ impute: ["size"] }] });
  expect(() => checkTrainingData(filled, table(numbers("size", [1, Number.NaN, 3, 4, 5, 6]), label))).not.toThrow();
});

it("lets missing numbers pass that a tree can cut off, and missing texts", () => {
  const holes = [numbers("size", [1, Number.NaN, 3, 4, 5, 6]), text("city", ["", "a", "a", "b", "b", ""])];
  expect(checkTrainingData(plan, table(...holes, label)).warnings).toEqual([
    "column 'size' has 1 missing value, the first in row 2, which counts as larger than all others; a step { impute: [size] } fills them instead",
  ]);
});

it("takes true and false of YAML for the words of the data", () => {
  const words = text("label", ["True", "False", "True", "False", "True", "False"]);
  const config = file({ evaluate: { positive: true }, output: { labels: { true: "alive", false: "dead" } } });
  expect(checkTrainingData(config, table(size, words)).classes).toEqual(["False", "True"]);
});

it("warns of identifiers, constants, rounded integers, classes of one row, and what the reading noticed", () => {
  const ten = Array.from({ length: 10 }, (_, row) => row);
  const data = {
    ...table(
      numbers("id", ten),
      text(
        "uuid",
        ten.map((row) => `u${row}`),
      ),
      numbers("same", new Array(10).fill(7)),
      numbers(
        "big",
        ten.map((row) => 2 ** 60 + row * 2 ** 20),
      ),
      numbers(
        "fine",
        ten.map((row) => row % 3),
      ),
      text("label", ["a", "b", "a", "b", "a", "b", "a", "b", "a", "rare"]),
    ),
    notes: ["column 1 has no name"],
  };
  const { warnings } = checkTrainingData(
    file({ data: { source: "x.csv", target: "label", split: { test: 0, stratify: false } } }),
    data,
  );
  expect(warnings.map((warning) => warning.split(":")[0])).toEqual([
    "column 1 has no name",
    "column 'id' looks like an identifier (its values count the rows)",
    "column 'uuid' looks like an identifier (every value is another text)",
    "column 'same' has 7 in every row",
    "column 'big' has integers beyond 2^53, the first in row 1",
    "class 'rare' of the target has one row only",
  ]);
});

it("warns of texts that may be meant as dates or numbers, and says how; not of sentences", () => {
  const cells = {
    iso: ["2026-01-01", "2026-01-02"],
    german: ["3.12.2024", "4.12.2024 08:00"],
    money: ["$5,307.50", "(48.00)"],
    share: ["12%", "4 %"],
    city: ["Bern", "Basel"],
    code: ["1001", "01,5"],
  };
  const columns = Object.entries(cells).map(([name, [a, b]]) => text(name, [a!, b!, a!, b!, a!, b!]));
  const { warnings } = checkTrainingData(plan, table(...columns, label));
  expect(warnings.map((warning) => warning.split(", such as")[0])).toEqual([
    "column 'iso' holds dates",
    "column 'german' seems to hold dates",
    "column 'money' seems to hold numbers with signs beside them",
    "column 'share' seems to hold numbers with signs beside them",
  ]);
  const sentences = text(
    "s",
    Array.from({ length: 12 }, (_, row) => `sentence ${row}`),
  );
  const answers = text(
    "label",
    Array.from({ length: 12 }, (_, row) => "ab"[row % 2]!),
  );
  const onText = file({ algorithm: { name: "tfidf-logistic-regression" } });
  expect(checkTrainingData(onText, table(sentences, answers)).warnings).toEqual([]);
});

/** A training file on the table; splits nothing off unless it says so. */
function file(changes: Changes = {}, dataChanges: Changes = {}): TrainingConfig {
  const split = { test: 0, validation: 0, stratify: true };
  return parseTrainingConfig({
    model: "m",
    data: { source: "x.csv", target: "label", split, ...dataChanges },
    algorithm: { name: "random-forest" },
    ...changes,
  });
}

function table(...columns: TableColumn[]): Table {
  const [first] = columns;
  const rows = columns.find((column) => column.type !== "unusable");
  return { rows: first === undefined || rows === undefined ? 0 : rows.values.length, columns, notes: [] };
}

function numbers(name: string, values: number[], measure: NumberTableColumn["measure"] = "integer"): NumberTableColumn {
  return { type: "number", name, values: Float64Array.from(values), measure };
}

function text(name: string, values: string[]): TextTableColumn {
  return { type: "text", name, values };
}

function failure(run: () => unknown): AppError {
  try {
    run();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("expected an AppError");
}
