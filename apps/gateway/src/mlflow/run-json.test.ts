import { create } from "@bufbuild/protobuf";
import { RunSchema } from "@mintmark/proto/mintmark/tracking/v1/run";
import { expect, it } from "vitest";
import { runJson } from "./run-json.ts";

const blake3 = "ab".repeat(32);

it.each([
  [
    "is fetched here where the bytes are here",
    { downloadPath: "/v1/data/1.x/a.csv", source: "a.csv" },
    "http",
    { url: "https://mint.example/m/v1/data/1.x/a.csv" },
  ],
  [
    "is fetched where the worker found it",
    { source: "https://data.example/a.csv" },
    "http",
    { url: "https://data.example/a.csv" },
  ],
  ["is named in its bucket", { source: "s3://bucket/a.csv" }, "s3", { uri: "s3://bucket/a.csv" }],
  ["is named as a file of the worker's", { source: "a.csv" }, "local", { uri: "a.csv" }],
])("a snapshot %s", (_, input, type, source) => {
  const run = create(RunSchema, { inputs: [{ name: "a.csv", blake3, sha256: blake3, role: "training", ...input }] });
  const { inputs } = runJson(run, "https://mint.example/m") as {
    inputs: { dataset_inputs: { tags: object; dataset: { source: string } }[] };
  };
  const [{ dataset, tags } = { dataset: { source: "" }, tags: {} }] = inputs.dataset_inputs;
  expect(tags).toEqual([{ key: "mlflow.data.context", value: "training" }]);
  expect(dataset).toMatchObject({ name: "a.csv", digest: blake3.slice(0, 36), source_type: type });
  expect(JSON.parse(dataset.source)).toEqual(source);
});
