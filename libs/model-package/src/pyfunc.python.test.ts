import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Column } from "@mintmark/ml-core/base/preprocessing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { needsPython, python } from "../../testing/src/needs.ts";
import { modelFiles, writeModelDirectory } from "./package-directory.ts";
import { loadPredictor, type OutputColumn } from "./predictor.ts";
import {
  classesOf,
  Draw,
  type Layout,
  randomColumns,
  randomInputs,
  randomIsolationForest,
  randomLogistic,
  randomText,
  randomTexts,
  randomTrees,
  trained,
} from "./testing/random-model.ts";
import type { TrainedModel } from "./trained-model.ts";

/** Rows of each case: more than a batch, and no multiple of one. */
const rows = 2_003;

interface Case {
  readonly name: string;
  readonly model: TrainedModel;
  readonly columns: readonly Column[];
  /** Relative; 0 asks for the same bits. */
  readonly tolerance: number;
}

interface Answer {
  /** "DataFrame" or "dict". */
  readonly form: string;
  readonly columns: Readonly<Record<string, readonly (number | string | boolean)[]>>;
  /** Whether rows asked one at a time had the same bits as in the batch. */
  readonly single: boolean;
}

const available = needsPython(
  ["mlflow", "onnxruntime", "onnx", "pandas"],
  "mlflow==3.17.2 onnx==1.23.2 onnxruntime==1.31.1",
);

describe.skipIf(!available)("mlflow.pyfunc on the directory that we write", () => {
  const directory = mkdtempSync(join(tmpdir(), "mintmark-pyfunc-"));
  const cases = allCases();
  let answers: Readonly<Record<string, Answer>>;

  beforeAll(async () => {
    const plan = [];
    for (const [at, { name, model, columns }] of cases.entries()) {
      const path = join(directory, String(at));
      const example = columns.map((column) => head(column));
      await writeModelDirectory(path, modelFiles({ model, example, training: { seed: at } }));
      plan.push({ name, path, columns: columns.map(encoded) });
    }
    writeFileSync(join(directory, "plan.json"), JSON.stringify(plan));
    const script = join(import.meta.dirname, "testing", "predict_with_pyfunc.py");
    const run = spawnSync(python, [script, directory], { encoding: "utf8", timeout: 240_000 });
    if (run.status !== 0) throw new Error(`${script} failed:\n${run.stderr.slice(-4_000)}`);
    answers = JSON.parse(readFileSync(join(directory, "answers.json"), "utf8"));
  }, 300_000);

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it.each(cases)("answers as our predictor: $name", ({ name, model, columns, tolerance }) => {
    const answer = answers[name]!;
    const files = modelFiles({ model, example: null, training: {} });
    const ours = loadPredictor(files.get("model.onnx")!, files.get("MLmodel")!).predict(columns);
    expect(Object.keys(answer.columns)).toEqual(ours.map((column) => column.name));
    for (const column of ours) expectSame(answer.columns[column.name]!, column, tolerance);
    expect(answer.form).toBe(
      model.inputs.length > 1 && model.inputs.some(({ type }) => type === "text") ? "dict" : "DataFrame",
    );
    if (tolerance === 0) expect(answer.single).toBe(true);
  });
});

function allCases(): Case[] {
  const cases: Case[] = [];
  for (const layout of ["numbers", "mixed", "one text"] as const) cases.push(...layoutCases(layout));
  const text = (name: string, model: TrainedModel) => {
    const columns: Column[] = [{ type: "text", name: "summary", values: randomTexts(new Draw(cases.length), rows) }];
    cases.push({ name: `text: ${name}`, model, columns, tolerance: 1e-12 });
  };
  const inputs = { inputs: [{ name: "summary", type: "text" as const }], preprocessor: { encoders: [] } };
  text("two classes", trained("text", inputs, randomText(new Draw(1), 2), { classes: ["a", "b"] }));
  text("three classes", trained("text", inputs, randomText(new Draw(2), 3), { classes: classesOf.texts }));
  return cases;
}

function layoutCases(layout: Layout): Case[] {
  const cases: Case[] = [];
  let seed = layout.length;
  const add = (
    name: string,
    kind: "exact" | "close",
    make: (draw: Draw, features: number, inputs: ReturnType<typeof randomInputs>) => TrainedModel,
  ) => {
    const draw = new Draw(seed++);
    const exact = kind === "exact";
    const inputs = randomInputs(draw, { layout, fills: !exact, scales: !exact });
    const model = make(draw, inputs.features, inputs);
    const columns = randomColumns(draw, inputs.inputs, { rows, extremes: exact });
    cases.push({ name: `${layout}: ${name}`, model, columns, tolerance: exact ? 0 : 1e-12 });
  };
  const { texts, integers, booleans } = classesOf;
  add("trees, regression", "exact", (draw, features, inputs) =>
    trained("regression", inputs, randomTrees(draw, features, "identity", 0)),
  );
  add("trees, probabilities of texts", "exact", (draw, features, inputs) =>
    trained("classification", inputs, randomTrees(draw, features, "probability", 3), { classes: texts }),
  );
  add("trees, logistic of booleans", "exact", (draw, features, inputs) =>
    trained("classification", inputs, randomTrees(draw, features, "logistic", 2), { classes: booleans }),
  );
  add("trees, softmax of integers", "exact", (draw, features, inputs) =>
    trained("classification", inputs, randomTrees(draw, features, "softmax", 3), { classes: integers }),
  );
  add("trees, renamed", "exact", (draw, features, inputs) =>
    trained("classification", inputs, randomTrees(draw, features, "logistic", 2), {
      classes: [0, 1],
      output: { name: "Survival prediction", labels: { "0": "dead", "1": "alive" } },
    }),
  );
  add("isolation forest", "exact", (draw, features, inputs) =>
    trained("anomaly", inputs, randomIsolationForest(draw, features)),
  );
  add("linear", "close", (draw, features, inputs) =>
    trained("regression", inputs, { kind: "linear", coefficients: draw.reals(features), intercept: draw.real() }),
  );
  add("logistic of two", "close", (draw, features, inputs) =>
    trained("classification", inputs, randomLogistic(draw, features, 2), { classes: ["no", "yes"] }),
  );
  add("logistic of three", "close", (draw, features, inputs) =>
    trained("classification", inputs, randomLogistic(draw, features, 3), { classes: integers }),
  );
  add("k-means", "close", (draw, features, inputs) =>
    trained("clustering", inputs, {
      kind: "k-means",
      centers: { data: draw.reals(4 * features), rows: 4, cols: features },
    }),
  );
  return cases;
}

function expectSame(theirs: readonly (number | string | boolean)[], ours: OutputColumn, tolerance: number): void {
  expect(theirs.length).toBe(ours.values.length);
  const differing = Array.from(theirs, (_, row) => row).filter(
    (row) => !isSame(theirs[row]!, ours.values[row]!, tolerance),
  );
  const shown = differing.slice(0, 5).map((row) => ({ row, theirs: theirs[row], ours: ours.values[row] }));
  expect({ column: ours.name, differing: differing.length, shown }).toEqual({
    column: ours.name,
    differing: 0,
    shown: [],
  });
}

/** Relative to the value, or to 1 for values below it: scores near 0 are differences of larger terms. */
function isSame(theirs: number | string | boolean, ours: number | string | boolean, tolerance: number): boolean {
  if (theirs === ours || (Number.isNaN(ours) && theirs === "NaN")) return true;
  if (typeof theirs !== "number" || typeof ours !== "number") return false;
  return Math.abs(theirs - ours) <= tolerance * Math.max(1, Math.abs(ours));
}

function head(column: Column): Column {
  return column.type === "number"
    ? { ...column, values: column.values.slice(0, 3) }
    : { ...column, values: column.values.slice(0, 3) };
}

function encoded({ name, type, values }: Column) {
  return {
    name,
    type,
    values: type === "text" ? values : Buffer.from((values as Float64Array).buffer).toString("base64"),
  };
}
