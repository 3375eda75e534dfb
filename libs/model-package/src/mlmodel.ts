/**
 * The file `MLmodel`: how MLflow describes a model directory. Without time, run or identifier, so that equal models have
 * equal bytes.
 * @module
 */

import { storageOf, type TableSchema } from "@mintmark/columns/column-schema";
import { AppError } from "@mintmark/errors";
import type { Task } from "@mintmark/ml-core/base/task";
import { parse, stringify } from "yaml";
import { mlflowVersion, onnxVersion, pythonVersion } from "./environment.ts";
import { inputLayout, type ModelOutput, type OutputType } from "./output-columns.ts";
import { readSchema, schemaDocument } from "./schema-document.ts";
import type { Signature } from "./signature.ts";
import type { ModelInput } from "./trained-model.ts";

export interface Mlmodel {
  /** The model's inputs; empty if the file has no signature. */
  readonly inputs: readonly ModelInput[];
  /** How they are read. Where the file does not say, nothing is known of a column but its storage, and none is required. */
  readonly schema: TableSchema;
  /** The file that the ONNX flavor names; null if the model has no such flavor. */
  readonly onnxFile: string | null;
  /** What the model is for; null in a file that is not ours. */
  readonly task: string | null;
}

export interface MlmodelOptions {
  readonly task: Task;
  readonly hasExample: boolean;
}

/** The Python module that `mlflow.pyfunc` runs the model with, and the directory where it is. */
export const loaderModule = "mintmark_pyfunc_v1";
export const codeDirectory = "code";

/**
 * The text of `MLmodel`. Columns with text among several are described as tensors, because MLflow hands the texts of
 * pandas 3 to ONNX only so; all others as columns.
 */
export function writeMlmodel({ inputs, outputs, schema }: Signature, { task, hasExample }: MlmodelOptions): string {
  const asTensors = inputLayout(inputs) === "columns";
  const document = {
    flavors: {
      onnx: { data: "model.onnx", onnx_version: onnxVersion, providers: ["CPUExecutionProvider"] },
      python_function: {
        code: codeDirectory,
        data: "model.onnx",
        env: { conda: "conda.yaml", virtualenv: "python_env.yaml" },
        loader_module: loaderModule,
        python_version: pythonVersion,
      },
    },
    metadata: { mintmark: { task, ...schemaDocument(schema) } },
    mlflow_version: mlflowVersion,
    ...(hasExample && {
      saved_input_example_info: {
        artifact_path: "input_example.json",
        pandas_orient: "split",
        serving_input_path: "serving_input_example.json",
        type: "dataframe",
      },
    }),
    signature: {
      inputs: JSON.stringify(inputs.map((input) => (asTensors ? tensorOf(input) : columnOf(input)))),
      outputs: JSON.stringify(outputs.map((output) => (asTensors ? tensorOf(output) : columnOf(output)))),
      params: null,
    },
  };
  return stringify(document, { lineWidth: 0 });
}

/**
 * What serving needs of an `MLmodel`, ours or another's.
 * @throws AppError MODEL_FILE_INVALID if it is not such a file, or its signature holds types that we do not serve
 */
export function readMlmodel(bytes: Uint8Array): Mlmodel {
  const document = parseYaml(bytes);
  const onnx = field(field(document, "flavors"), "onnx");
  const onnxFile = field(onnx, "data");
  const mintmark = field(field(document, "metadata"), "mintmark");
  const task = field(mintmark, "task");
  const schema = readSchema(mintmark, readColumns(field(field(document, "signature"), "inputs")));
  return {
    inputs: schema.columns.map((column) => ({ name: column.name, type: storageOf(column.type), column })),
    schema,
    onnxFile: typeof onnxFile === "string" ? onnxFile : null,
    task: typeof task === "string" ? task : null,
  };
}

type NamedType = Pick<ModelInput, "name" | "type">;

const columnTypes: Readonly<Record<OutputType, string>> = {
  number: "double",
  integer: "long",
  text: "string",
  boolean: "boolean",
};
const tensorTypes: Readonly<Record<OutputType, string>> = {
  number: "float64",
  integer: "int64",
  text: "object",
  boolean: "bool",
};
const numberTypes = new Set(["double", "float", "long", "integer", "boolean"]);

function columnOf({ name, type }: NamedType | ModelOutput) {
  return { type: columnTypes[type], name, required: true };
}

function tensorOf({ name, type }: NamedType | ModelOutput) {
  return { type: "tensor", "tensor-spec": { dtype: tensorTypes[type], shape: [-1] }, name };
}

function readColumns(list: unknown): NamedType[] {
  if (list === undefined || list === null) return [];
  const columns: unknown = typeof list === "string" ? parseJson(list) : list;
  if (!Array.isArray(columns)) throw invalid("the signature's inputs are not a list");
  return columns.map((column, at): NamedType => {
    const name = field(column, "name");
    if (typeof name !== "string") throw invalid(`input ${at} of the signature has no name`);
    return { name, type: inputType(column, name) };
  });
}

function inputType(column: unknown, name: string): ModelInput["type"] {
  const type = field(column, "type");
  const dtype = field(field(column, "tensor-spec"), "dtype");
  if (type === "tensor" && typeof dtype === "string") {
    if (/^(float|u?int)\d+$|^bool$/.test(dtype)) return "number";
    if (dtype === "object" || dtype === "str") return "text";
  }
  if (type === "string") return "text";
  if (typeof type === "string" && numberTypes.has(type)) return "number";
  throw invalid(`input '${name}' of the signature has the type ${JSON.stringify(dtype ?? type)}, which is not served`);
}

function parseYaml(bytes: Uint8Array): unknown {
  try {
    // Of a key that is there twice, the last counts, as in Python; to look for such, the parser would
    // compare each with every other. Nor is the line of every error quoted, or a tag that it does not know told on stderr.
    return parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes), {
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: "error",
    });
  } catch (error) {
    throw invalid(`it is not YAML (${error instanceof Error ? error.message.split("\n", 1)[0] : error})`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid("the signature's inputs are not JSON");
  }
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

function invalid(problem: string): AppError<"MODEL_FILE_INVALID"> {
  return new AppError("MODEL_FILE_INVALID", { file: "MLmodel", problem });
}
