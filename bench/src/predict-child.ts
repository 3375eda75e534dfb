/**
 * What predicting the rows of a file takes without a server: DuckDB reads it, and the model's own graph answers. For
 * `reading.ts`.
 * @module
 */
import { readFileSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";
import type { Column } from "@mintmark/ml-core/base/preprocessing";
import { loadPredictor } from "@mintmark/model-package/predictor";

const [file, model] = process.argv.slice(2);
const began = performance.now();
const instance = await DuckDBInstance.create(":memory:");
const connection = await instance.connect();
const result = await connection.runAndReadAll(`SELECT * FROM read_csv('${file}', types = {'member': 'VARCHAR'})`);
const names = result.columnNames();
const columns = result.getColumnsJS().map(
  (values, at): Column =>
    values.every((value) => typeof value === "string" || value === null)
      ? { type: "text", name: names[at]!, values: values.map((value) => (value === null ? "" : String(value))) }
      : {
          type: "number",
          name: names[at]!,
          values: Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value))),
        },
);
const predictor = loadPredictor(readFileSync(`${model}/model.onnx`), readFileSync(`${model}/MLmodel`));
predictor.predict(columns);
console.log(JSON.stringify({ seconds: (performance.now() - began) / 1_000 }));
connection.closeSync();
instance.closeSync();
