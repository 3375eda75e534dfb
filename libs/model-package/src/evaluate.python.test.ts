import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needsPython, python } from "@mintmark/testing/needs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { outputColumns } from "./output-columns.ts";
import { modelFiles, writeModelDirectory } from "./package-directory.ts";
import { planOf } from "./signature.ts";
import { allCases } from "./testing/cases.ts";
import { encoded } from "./testing/encoded.ts";
import { fittedCases } from "./testing/fitted-cases.ts";

interface Evaluated {
  /** What scikit-learn says of the predictions. */
  readonly right: number;
  readonly metric: number;
  readonly form: string;
  readonly artifacts?: readonly string[];
  readonly byFunction?: number;
  readonly mean?: readonly [theirs: number, right: number];
}

const available = needsPython(["mlflow", "onnxruntime", "onnx", "pandas", "sklearn", "matplotlib"]);

const names: readonly (readonly [kind: "classifier" | "regressor" | "default", ...names: string[]])[] = [
  [
    "classifier",
    "fitted: random forest of breast_cancer",
    "fitted: logistic regression of iris",
    "fitted: boosting of titanic",
    "fitted: texts of debian_sections",
    "numbers: trees, softmax of integers",
    "mixed: trees, logistic of booleans",
    "flags: logistic of three",
  ],
  ["regressor", "fitted: ridge of diabetes", "mixed: linear"],
  ["default", "fitted: k-means of iris", "fitted: boosting of titanic", "mixed: isolation forest"],
];

describe.skipIf(!available)("mlflow.models.evaluate on the directory that we write", () => {
  const directory = mkdtempSync(join(tmpdir(), "mintmark-evaluate-"));
  const all = [...allCases(), ...fittedCases()];
  const named = names.flatMap(([kind, ...of]) =>
    of.map((name) => ({ title: `${kind}: ${name}`, kind, ...all.find((each) => each.name === name)! })),
  );
  // Words of a file that pandas reads as booleans: the labels are booleans then, and the answers are words.
  const titanic = named.find(({ name }) => name === "fitted: boosting of titanic")!;
  const flags = {
    ...titanic,
    title: "classifier: True and False",
    model: { ...titanic.model, classes: ["False", "True"] },
  };
  const cases = [...named, flags];
  let answers: Readonly<Record<string, Evaluated>>;

  beforeAll(async () => {
    const plan = [];
    for (const [at, { title, kind, model, columns }] of cases.entries()) {
      const path = join(directory, String(at));
      await writeModelDirectory(path, modelFiles({ model, example: null, training: {} }));
      const [first] = outputColumns(planOf(model));
      const prediction = first!.name === "anomaly_score" ? "is_anomaly" : first!.name;
      const given = columns.map((column, i) => encoded(column, model.inputs[i]!.column.type));
      plan.push({ name: title, path, kind, prediction, columns: given });
    }
    writeFileSync(join(directory, "plan.json"), JSON.stringify(plan));
    const script = join(import.meta.dirname, "testing", "evaluate_models.py");
    const run = spawnSync(python, [script, directory], { encoding: "utf8", timeout: 280_000 });
    if (run.status !== 0) throw new Error(`${script} failed:\n${run.stderr.slice(-4_000)}`);
    answers = JSON.parse(readFileSync(join(directory, "answers.json"), "utf8"));
  }, 300_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it.each(cases)("calculates with the predictions: $title", ({ title, kind }) => {
    const { right, metric, byFunction, artifacts, mean } = answers[title]!;
    expect(metric).toBeCloseTo(right, 12);
    if (kind !== "default") expect(byFunction).toBe(metric);
    if (kind === "classifier") expect(artifacts).toContain("confusion_matrix");
    if (mean !== undefined) expect(mean[0]).toBeCloseTo(mean[1], 12);
  });
});
