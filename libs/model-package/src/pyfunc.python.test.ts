import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Column } from "@mintmark/ml-core/base/preprocessing";
import { needsPython, python } from "@mintmark/testing/needs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inputLayout } from "./output-columns.ts";
import { modelFiles, writeModelDirectory } from "./package-directory.ts";
import { loadPredictor } from "./predictor.ts";
import { allCases } from "./testing/cases.ts";
import { encoded } from "./testing/encoded.ts";
import { fittedCases } from "./testing/fitted-cases.ts";
import { differences } from "./testing/same.ts";

interface Answer {
  /** "DataFrame" or "dict". */
  readonly form: string;
  readonly columns: Readonly<Record<string, readonly (number | string | boolean)[]>>;
  /** Whether rows asked one at a time had the same bits as in the batch. */
  readonly single: boolean;
}

const available = needsPython(["mlflow", "onnxruntime", "onnx", "pandas"]);

describe.skipIf(!available)("mlflow.pyfunc on the directory that we write", () => {
  const directory = mkdtempSync(join(tmpdir(), "mintmark-pyfunc-"));
  const cases = [...allCases(), ...fittedCases()];
  let answers: Readonly<Record<string, Answer>>;

  beforeAll(async () => {
    const plan = [];
    for (const [at, { name, model, columns }] of cases.entries()) {
      const path = join(directory, String(at));
      const example = columns.map((column) => head(column));
      await writeModelDirectory(path, modelFiles({ model, example, training: { seed: at } }));
      plan.push({ name, path, columns: columns.map((column, i) => encoded(column, model.inputs[i]!.column.type)) });
    }
    writeFileSync(join(directory, "plan.json"), JSON.stringify(plan));
    const script = join(import.meta.dirname, "testing", "predict_with_pyfunc.py");
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "", PYTHONPYCACHEPREFIX: "" };
    const run = spawnSync(python, [script, directory], { encoding: "utf8", timeout: 240_000, env });
    if (run.status !== 0) throw new Error(`${script} failed:\n${run.stderr.slice(-4_000)}`);
    answers = JSON.parse(readFileSync(join(directory, "answers.json"), "utf8"));
  }, 300_000);

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it.each(cases)("answers as our predictor: $name", ({ name, model, columns, tolerance }) => {
    const answer = answers[name]!;
    const files = modelFiles({ model, example: null, training: {} });
    const ours = loadPredictor(files.get("model.onnx")!, files.get("MLmodel")!).predict(columns);
    expect(Object.keys(answer.columns)).toEqual(ours.map((column) => column.name));
    for (const column of ours) expect(differences(answer.columns[column.name]!, column, tolerance)).toEqual([]);
    expect(answer.form).toBe(inputLayout(model.inputs) === "columns" ? "dict" : "DataFrame");
    if (tolerance === 0) expect(answer.single).toBe(true);
  });

  it("leaves nothing in a directory that was not signed", () => {
    const { model, columns } = cases[0]!;
    const written = modelFiles({ model, example: columns, training: {} });
    for (const [at] of cases.entries()) {
      const files = readdirSync(join(directory, String(at)), { recursive: true, withFileTypes: true });
      expect(files.filter((file) => file.isFile())).toHaveLength(written.size);
      expect(files.filter((file) => file.isDirectory()).map(({ name }) => name)).toEqual(["code"]);
    }
  });
});

function head(column: Column): Column {
  return column.type === "number"
    ? { ...column, values: column.values.slice(0, 3) }
    : { ...column, values: column.values.slice(0, 3) };
}
