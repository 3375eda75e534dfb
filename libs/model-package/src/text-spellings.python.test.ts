import { pandasMissing } from "@mintmark/columns/missing";
import { readValues } from "@mintmark/columns/read-values";
import type { ColumnEncoder } from "@mintmark/ml-core/base/preprocessing";
import type { ClassTarget } from "@mintmark/ml-core/base/target";
import { fitLogisticRegression } from "@mintmark/ml-core/linear/logistic-regression";
import { fitPreprocessor } from "@mintmark/ml-core/preprocess/fit-preprocessor";
import { transform } from "@mintmark/ml-core/preprocess/transform";
import { needsPython } from "@mintmark/testing/needs";
import { beforeAll, describe, expect, it } from "vitest";
import { modelFiles } from "./package-directory.ts";
import { loadPredictor, type Predictor } from "./predictor.ts";
import { type Answer, askPython, type Frame, type Question } from "./testing/ask-python.ts";
import { Draw, inputOf, randomText, trained } from "./testing/random-model.ts";
import { spellingsOf } from "./text-spellings.ts";
import type { TrainedModel } from "./trained-model.ts";

const available = needsPython(["mlflow", "onnxruntime", "onnx", "pandas"]);

/** A value as JSON has it for the gateway, and the expression that makes it in Python. */
type Value = readonly [json: unknown, python: string];
const text = (value: string): Value => [value, JSON.stringify(value)];
const values: readonly Value[] = [
  ...["", " ", "blue", "red", "Red", "none", "true", "True", "TRUE", "false", "False", "FALSE", "tRUE"].map(text),
  ...["1001", "1001.0", "01", "1", "1.0", "2.50", "2.5", "1e16", "1e+16", "-", "-999", "-999.0"].map(text),
  ...pandasMissing.map(text),
  ...["NaT", "nan ", "a None b", "library None"].map(text),
  [null, "None"],
  [null, "nan"],
  [null, "NA"],
  [null, "NaT"],
  [Number.NaN, "np.float64('nan')"],
];
const numbers: readonly Value[] = [
  [1001, "1001"],
  [1001, "1001.0"],
  [1001, "np.int64(1001)"],
  [2.5, "2.5"],
  [1, "1"],
  [1e16, "1e16"],
  [7, "7.0"],
  [-999, "-999.0"],
];
const booleans: readonly Value[] = [
  [true, "True"],
  [false, "False"],
  [true, "np.bool_(True)"],
];

const categories: readonly (readonly string[])[] = [
  ["", "blue", "red"],
  ["blue", "red"],
  ["", "FALSE", "True"],
  ["True", "false", "true"],
  ["", "01", "1", "1001", "1e16", "2.50", "x"],
  ["None", "nan", "red"],
];
const kinds = ["ordinal", "one-hot"] as const;
const layouts = ["one text", "mixed"] as const;

interface Case {
  readonly name: string;
  readonly model: TrainedModel;
  readonly values: readonly Value[];
}

/** The prediction says which category the text was taken for. */
function categoryCase(of: readonly string[], kind: (typeof kinds)[number], layout: (typeof layouts)[number]): Case {
  const missing = of.includes("x") ? { missing: ["-", "-999"] } : {};
  const own: ColumnEncoder = {
    ...(kind === "ordinal" ? { kind, unknown: -1 } : { kind }),
    column: "color",
    fill: null,
    categories: of,
  };
  const other: ColumnEncoder = { kind: "number", column: "size", fill: 0, offset: 0, scale: 1 };
  const encoders = layout === "mixed" ? [own, other] : [own];
  const weights = kind === "ordinal" ? [1] : of.map((_, index) => index + 1);
  const coefficients = Float64Array.from(layout === "mixed" ? [...weights, 0] : weights);
  const estimator = { kind: "linear", coefficients, intercept: 0 } as const;
  const inputs = { inputs: encoders.map((encoder) => inputOf(encoder)), preprocessor: { encoders } };
  const model = { ...trained("regression", inputs, estimator), ...missing };
  const { spells } = spellingsOf({ categories: of }, model);
  return {
    name: `${kind} of [${of.join("|")}], ${layout}`,
    model,
    values: [
      // To a graph, Python's None is the text None: where training knew that as a value of its own, it is meant.
      ...values.filter(([json]) => typeof json === "string" || !of.includes("None")),
      ...(spells.includes("number") ? numbers : []),
      ...(spells.includes("boolean") ? booleans : []),
    ],
  };
}

function textCase(): Case {
  const column = { name: "color", type: "text", optional: true } as const;
  const estimator = randomText(new Draw(5), { ngramMin: 1, ngramMax: 1, classes: 2 });
  const vocabulary = ["library", "na", "nan", "nat", "none", "null"];
  const weights = { data: Float64Array.from({ length: 6 }, (_, i) => i - 3), rows: 1, cols: 6 };
  const model = trained(
    "text",
    { inputs: [{ name: "color", type: "text", column }], preprocessor: { encoders: [] } },
    {
      ...estimator,
      vectorizer: { ...estimator.vectorizer, vocabulary, idf: new Float64Array(6).fill(1) },
      classifier: { ...estimator.classifier, coefficients: weights },
    },
    { classes: ["a", "b"] },
  );
  return { name: "words", model, values };
}

const cases: readonly Case[] = [
  ...categories.flatMap((of) => kinds.flatMap((kind) => layouts.map((layout) => categoryCase(of, kind, layout)))),
  textCase(),
];

/** Color and size as they are read by `pandas.read_csv`: texts with gaps, booleans, and numbers with and without gaps. */
const files: readonly (readonly [name: string, categories: readonly string[], cells: readonly string[]])[] = [
  ["texts with gaps", ["", "blue", "red"], ["red", "blue", "", "red", "NA", "green", "null"]],
  ["texts without", ["blue", "red"], ["red", "blue", "red"]],
  ["texts of which training had no gap", ["blue", "red"], ["red", "", "blue"]],
  ["booleans", ["FALSE", "TRUE"], ["TRUE", "FALSE", "true"]],
  ["booleans alone", ["FALSE", "TRUE"], ["TRUE", "FALSE", "true"]],
  ["booleans with gaps", ["", "False", "True"], ["True", "", "False"]],
  ["codes", ["1001", "1002", "x"], ["1001", "1002", "1003"]],
  ["codes with gaps", ["", "1001", "1002"], ["1001", "", "1002"]],
  ["nothing", ["", "red"], ["", "", ""]],
];

const fileModels = files.map(
  ([name, of]) => categoryCase(of, "ordinal", name.endsWith("alone") ? "one text" : "mixed").model,
);

/** Every third color is missing, and says which class: a logistic regression learns it from one flag a text. */
const fittedRows = Array.from({ length: 90 }, (_, i) => [["red", "blue", ""][i % 3]!, "sm"[i % 2]!] as const);

function fittedModel(): TrainedModel {
  const columns = ["color", "size"].map((name, at) => ({
    type: "text" as const,
    name,
    values: fittedRows.map((row) => row[at]!),
  }));
  const preprocessor = fitPreprocessor(columns, [], { defaultText: "one-hot" });
  const target: ClassTarget = { kind: "classes", labels: Int32Array.from(fittedRows, (_, i) => i % 3), classes: 3 };
  const { estimator } = fitLogisticRegression(transform(preprocessor, columns), target, { C: 100 });
  const inputs = { inputs: preprocessor.encoders.map((encoder) => inputOf(encoder)), preprocessor };
  return trained("classification", inputs, estimator, { classes: ["u", "v", "w"] });
}

function csv(cells: readonly string[]): Frame {
  return { csv: ["size,color", ...cells.map((cell, i) => `${i},${cell}`)].join("\n") };
}

describe.skipIf(!available)("texts mean to mlflow.pyfunc and to the graph in onnxruntime what they mean to us", () => {
  const questions = cases.flatMap((each): Question[] => {
    const { model } = each;
    // The first value of a column decides how MLflow reads it, and it may not be None.
    const asked = ["'red'", ...each.values.map(([, python]) => python)];
    const color = model.inputs.length === 1 ? { color: asked } : { color: asked, size: asked.map(() => "0.0") };
    const frame = { columns: color, dtypes: { size: "float64" } };
    return [
      { model, door: "pyfunc", frame },
      { model, door: "graph", frame },
    ];
  });
  const fileQuestions = files.map(
    ([, , cells], at): Question => ({ model: fileModels[at]!, door: "pyfunc", frame: csv(cells) }),
  );
  const fitted = fittedModel();
  const fittedFile = ["color,size", ...fittedRows.map((row) => row.join(","))].join("\n");
  const fittedQuestion: Question = { model: fitted, door: "pyfunc", frame: { csv: fittedFile } };
  let answers: Answer[] = [];
  beforeAll(async () => {
    answers = await askPython([...questions, ...fileQuestions, fittedQuestion]);
  }, 240_000);

  it.each(cases.map((each, at) => ({ ...each, at })))("$name", ({ model, values, at }) => {
    const json = ["red", ...values.map(([value]) => value)];
    const ours = predicted(model, json);
    expect(answers[2 * at]).toEqual({ columns: ours });
    expect(answers[2 * at + 1]).toEqual({ columns: ours });
  });

  it.each(files.map(([name, , cells], at) => ({ name, cells, at })))("a file of $name", ({ cells, at }) => {
    expect(answers[2 * cases.length + at]).toEqual({ columns: predicted(fileModels[at]!, cells) });
  });

  it("every row of the file that a model was fitted on, with a gap in every third", () => {
    const answer = answers.at(-1)!;
    const { predict } = load(fitted);
    const columns = fitted.inputs.map(({ name }, at) => ({
      type: "text" as const,
      name,
      values: fittedRows.map((row) => row[at]!),
    }));
    const [prediction] = predict(columns);
    expect([...prediction!.values]).toEqual(fittedRows.map((_, i) => "uvw"[i % 3]));
    expect("columns" in answer && answer.columns["prediction"]).toEqual(prediction!.values);
  });
});

function predicted(model: TrainedModel, color: readonly unknown[]): Record<string, unknown[]> {
  const { schema, predict } = load(model);
  const raw = new Map([
    ["color", color],
    ["size", color.map(() => 0)],
  ]);
  return Object.fromEntries(predict(readValues(schema, raw)).map(({ name, values }) => [name, [...values]]));
}

function load(model: TrainedModel): Predictor {
  const files = modelFiles({ model, example: null, training: {} });
  return loadPredictor(files.get("model.onnx")!, files.get("MLmodel")!);
}
