/**
 * A trained model as the files of an MLflow model directory. Nothing in them depends on time, run, host or version
 * number: the same model gives the same bytes.
 * @module
 */
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Column } from "@mintmark/ml-core/base/preprocessing";
import { stringify } from "yaml";
import { pythonVersion, requirements } from "./environment.ts";
import { codeDirectory, loaderModule, writeMlmodel } from "./mlmodel.ts";
import { writeModel } from "./onnx/write-model.ts";
import { signatureOf } from "./signature.ts";
import type { TrainedModel } from "./trained-model.ts";

export interface PackageOptions {
  readonly model: TrainedModel;
  /** A few rows of training data, one column an input in their order; null leaves the input examples out. */
  readonly example: readonly Column[] | null;
  /** How the model was made, as plain data: algorithm, parameters, seed, data by digest and file name. */
  readonly training: Readonly<Record<string, unknown>>;
}

/** What `mlflow.pyfunc` runs a model with. */
const loaderSource = readFileSync(new URL(`../python/${loaderModule}.py`, import.meta.url));

/**
 * The files by their path in the directory, sorted.
 * @throws AppError OUTPUT_CONFIGURATION_INVALID if the output cannot be named as the model says
 */
export function modelFiles({ model, example, training }: PackageOptions): Map<string, Uint8Array> {
  const hasExample = example !== null && example.length > 0;
  const files: Record<string, Uint8Array | string> = {
    MLmodel: writeMlmodel(signatureOf(model), { task: model.task, hasExample }),
    [`${codeDirectory}/${loaderModule}.py`]: loaderSource,
    "conda.yaml": condaYaml(),
    "model.onnx": writeModel(model),
    "python_env.yaml": pythonEnvYaml(),
    "requirements.txt": lines(requirements),
    "training.yaml": stringify(training, { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false }),
    ...(hasExample && exampleFiles(example)),
  };
  const encoder = new TextEncoder();
  return new Map(
    Object.keys(files)
      .sort()
      .map((path) => {
        const content = files[path]!;
        return [path, typeof content === "string" ? encoder.encode(content) : content];
      }),
  );
}

/** Writes the files below `directory`, which is made if it is not there. */
export async function writeModelDirectory(directory: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  for (const [path, content] of files) {
    const target = join(directory, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
  }
}

/** The two forms that MLflow keeps of an input example. */
function exampleFiles(example: readonly Column[]): Record<string, string> {
  const split = {
    columns: example.map(({ name }) => name),
    data: Array.from({ length: example[0]!.values.length }, (_, row) =>
      example.map(({ values }) => jsonValue(values[row]!)),
    ),
  };
  return {
    "input_example.json": `${JSON.stringify(split)}\n`,
    "serving_input_example.json": `${JSON.stringify({ dataframe_split: split })}\n`,
  };
}

/** Missing numbers are null. */
function jsonValue(value: number | string): number | string | null {
  return Number.isNaN(value) ? null : value;
}

function condaYaml(): string {
  const document = {
    channels: ["conda-forge"],
    dependencies: [`python=${pythonVersion}`, "pip", { pip: requirements }],
    name: "mlflow-env",
  };
  return stringify(document);
}

function pythonEnvYaml(): string {
  return stringify({ python: pythonVersion, build_dependencies: ["pip"], dependencies: ["-r requirements.txt"] });
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join("");
}
