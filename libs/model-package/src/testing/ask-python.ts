/**
 * What Python answers for a model: by `mlflow.pyfunc`, or by onnxruntime from the graph alone.
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { python } from "@mintmark/testing/needs";
import { modelFiles, writeModelDirectory } from "../package-directory.ts";
import type { TrainedModel } from "../trained-model.ts";

export interface Question {
  readonly model: TrainedModel;
  readonly door: "pyfunc" | "graph";
  readonly frame: Frame;
}

/** As `pandas.read_csv` reads the text, or columns of Python expressions (`nan`, `NA` and `NaT` are known). */
export type Frame =
  | { readonly csv: string }
  | {
      readonly columns: Readonly<Record<string, readonly string[]>>;
      /** `object` where none is named. */
      readonly dtypes?: Readonly<Record<string, string>>;
    };

export type Answer =
  | { readonly columns: Readonly<Record<string, readonly (number | string | boolean)[]>> }
  | { readonly error: string };

/** An answer a question, by one process. */
export async function askPython(questions: readonly Question[]): Promise<Answer[]> {
  const directory = await mkdtemp(join(tmpdir(), "mintmark-python-"));
  try {
    const paths = new Map<TrainedModel, string>();
    for (const { model } of questions)
      if (!paths.has(model)) {
        const path = join(directory, String(paths.size));
        await writeModelDirectory(path, modelFiles({ model, example: null, training: {} }));
        paths.set(model, path);
      }
    const plan = questions.map(({ model, door, frame }) => ({ path: paths.get(model)!, door, dtypes: {}, ...frame }));
    await writeFile(join(directory, "plan.json"), JSON.stringify(plan));
    const script = join(import.meta.dirname, "ask_python.py");
    const run = spawnSync(python, [script, directory], { encoding: "utf8", timeout: 240_000 });
    if (run.status !== 0) throw new Error(`${script} failed:\n${run.stderr.slice(-4_000)}`);
    return JSON.parse(await readFile(join(directory, "answers.json"), "utf8")) as Answer[];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
