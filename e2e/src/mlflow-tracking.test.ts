/** MLflow's tracking calls on the running system: statuses, codes and messages as its clients know them, limits, and one truth with the native API. */
import { bytesBlob, connectRegistry, type RegistryClient, uploadBlobs } from "@mintmark/registry-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mlflowIsThere, runScript } from "./mlflow.ts";
import { embeddedStack, type Stack } from "./stack.ts";

let stack: Stack;
let native: RegistryClient;
beforeAll(async () => {
  stack = await embeddedStack({ args: ["--workers", "0"] });
  native = connectRegistry({ baseUrl: stack.registryUrl, token: undefined, httpVersion: "2" });
});
afterAll(async () => {
  native?.close();
  await stack?.stop();
});

type Fields = Readonly<Record<string, unknown>>;
const nobody = "f".repeat(32);

/** @returns status and body; arguments go where MLflow's clients put them */
async function call(method: string, path: string, fields: Fields = {}, prefix = "api") {
  const query = new URLSearchParams(
    Object.entries(fields).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((one) => [name, String(one)]),
    ),
  );
  const url = `${stack.url}/${prefix}/2.0/mlflow/${path}`;
  const answer =
    method === "GET"
      ? await fetch(`${url}?${query}`)
      : await fetch(url, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(fields) });
  const body = JSON.parse(await answer.text());
  return { status: answer.status, ...body };
}

const get = (path: string, fields?: Fields) => call("GET", path, fields);
const post = (path: string, fields?: Fields) => call("POST", path, fields);

let made = 0;
async function newExperiment(fields: Fields = {}): Promise<string> {
  made += 1;
  return (await post("experiments/create", { name: `experiment ${made}`, ...fields })).experiment_id;
}

async function newRun(fields: Fields = {}): Promise<string> {
  return (await post("runs/create", { experiment_id: "0", ...fields })).run.info.run_id;
}

const run = async (run_id: string) => (await get("runs/get", { run_id })).run;
const value = (key: string, of: number | string, more: Fields = {}) => ({ key, value: of, timestamp: 1, ...more });
const pairs = (count: number) => Array.from({ length: count }, (_, i) => ({ key: `k${i}`, value: "v" }));
const points = (count: number) => Array.from({ length: count }, (_, i) => value("m", 1, { timestamp: i }));

describe("an experiment", () => {
  it("is answered with its location, lifecycle, times and tags, by id and by name, also when deleted", async () => {
    const experiment_id = await newExperiment({ name: "answer", tags: [{ key: "a", value: "1" }] });
    const time = expect.any(Number);
    const answered = {
      experiment_id,
      name: "answer",
      artifact_location: `mlflow-artifacts:/${experiment_id}`,
      lifecycle_stage: "active",
      creation_time: time,
      last_update_time: time,
      tags: [{ key: "a", value: "1" }],
    };
    expect(await get("experiments/get", { experiment_id })).toEqual({ status: 200, experiment: answered });
    expect(await post("experiments/delete", { experiment_id })).toEqual({ status: 200 });
    expect(await get("experiments/get-by-name", { experiment_name: "answer" })).toEqual({
      status: 200,
      experiment: { ...answered, lifecycle_stage: "deleted" },
    });
  });

  it("takes its runs along when it is deleted and restored", async () => {
    const experiment_id = await newExperiment();
    const run_id = await newRun({ experiment_id });
    await post("experiments/delete", { experiment_id });
    expect((await run(run_id)).info.lifecycle_stage).toBe("deleted");
    await post("experiments/restore", { experiment_id });
    expect((await run(run_id)).info.lifecycle_stage).toBe("active");
  });

  it("is found by GET and POST, with a default for the length of a page", async () => {
    const name = `searched ${made}`;
    await newExperiment({ name });
    for (const search of [get, post])
      expect((await search("experiments/search", { filter: `name = '${name}'` })).experiments).toMatchObject([
        { name },
      ]);
    const pages = await get("experiments/search", { max_results: 1, view_type: "ALL" });
    expect([pages.experiments.length, typeof pages.next_page_token]).toEqual([1, "string"]);
    expect(await post("experiments/search", { filter: "name = 'nowhere'" })).toEqual({ status: 200 });
  });

  it("is one with the native API's", async () => {
    const id = await newExperiment({ tags: [{ key: "a", value: "1" }] });
    await post("experiments/set-experiment-tag", { experiment_id: id, key: "b", value: "2" });
    await post("experiments/delete-experiment-tag", { experiment_id: id, key: "a" });
    await post("experiments/update", { experiment_id: id, new_name: `renamed ${id}` });
    const { experiment } = await native.experiments.getExperiment({ by: { case: "id", value: id } });
    expect(experiment).toMatchObject({ name: `renamed ${id}`, tags: { b: "2" } });
  });
});

describe("a run", () => {
  it("is answered with both forms of its id, and nothing that is empty", async () => {
    const experiment_id = await newExperiment();
    const answer = await post("runs/create", {
      experiment_id,
      user_id: "ada",
      run_name: "first",
      start_time: 1_700_000_000_000,
      tags: [{ key: "a", value: "1" }],
    });
    const { run_id } = answer.run.info;
    expect(run_id).toMatch(/^[0-9a-f]{32}$/);
    expect(answer).toEqual({
      status: 200,
      run: {
        info: {
          run_id,
          run_uuid: run_id,
          run_name: "first",
          experiment_id,
          user_id: "ada",
          status: "RUNNING",
          start_time: 1_700_000_000_000,
          artifact_uri: `mlflow-artifacts:/${experiment_id}/${run_id}/artifacts`,
          lifecycle_stage: "active",
        },
        data: {
          tags: expect.arrayContaining([
            { key: "a", value: "1" },
            { key: "mlflow.runName", value: "first" },
          ]),
        },
        inputs: {},
        outputs: {},
      },
    });
    expect(await get("runs/get", { run_uuid: run_id })).toEqual(answer);
  });

  it("that nobody named gets a name, which is its tag too", async () => {
    const { info, data } = (await post("runs/create", { experiment_id: "0" })).run;
    expect(info.run_name).not.toBe("");
    expect(data.tags).toEqual([{ key: "mlflow.runName", value: info.run_name }]);
  });

  it("changes what is said and nothing else; name and tag stay the same", async () => {
    const run_id = await newRun({ run_name: "before" });
    const ended = await post("runs/update", { run_id, status: "FINISHED", end_time: 1_700_000_001_000 });
    expect(ended.run_info).toMatchObject({ status: "FINISHED", end_time: 1_700_000_001_000, run_name: "before" });
    expect((await post("runs/update", { run_uuid: run_id, run_name: "after" })).run_info).toMatchObject({
      status: "FINISHED",
      end_time: 1_700_000_001_000,
      run_name: "after",
    });
    expect((await run(run_id)).data.tags).toContainEqual({ key: "mlflow.runName", value: "after" });
    await post("runs/set-tag", { run_id, key: "mlflow.runName", value: "by tag" });
    expect((await run(run_id)).info.run_name).toBe("by tag");
    for (const status of ["SCHEDULED", "RUNNING", "FAILED", "KILLED"])
      expect((await post("runs/update", { run_id, status })).run_info.status).toBe(status);
  });

  it("takes no writes while it is deleted", async () => {
    const run_id = await newRun();
    for (let times = 0; times < 2; times++) expect(await post("runs/delete", { run_id })).toEqual({ status: 200 });
    const writes: readonly [string, Fields][] = [
      ["log-metric", value("m", 1)],
      ["log-parameter", { key: "p", value: "1" }],
      ["set-tag", { key: "t", value: "1" }],
      ["delete-tag", { key: "mlflow.runName" }],
      ["log-batch", { tags: [{ key: "t", value: "1" }] }],
      ["update", { status: "FINISHED" }],
      ["log-inputs", { datasets: [{ dataset: { name: "d", digest: "1" } }] }],
    ];
    for (const [path, fields] of writes)
      expect(await post(`runs/${path}`, { run_id, ...fields })).toMatchObject({
        status: 400,
        error_code: "INVALID_PARAMETER_VALUE",
      });
    for (let times = 0; times < 2; times++) expect(await post("runs/restore", { run_id })).toEqual({ status: 200 });
    expect((await run(run_id)).data).toEqual({ tags: [{ key: "mlflow.runName", value: expect.any(String) }] });
  });

  it("is one with the native API's: user, source, parent and commit stand in fields of their own", async () => {
    const parent = await newRun();
    const id = await newRun({
      user_id: "ada",
      tags: Object.entries({
        "mlflow.parentRunId": parent,
        "mlflow.source.name": "train.py",
        "mlflow.source.git.commit": "abc",
      }).map(([key, of]) => ({ key, value: of })),
    });
    expect((await native.runs.getRun({ id })).run).toMatchObject({
      user: "ada",
      parentRunId: parent,
      source: { name: "train.py", gitCommit: "abc" },
    });
  });

  it("keeps the history of models that old clients log", async () => {
    const run_id = await newRun();
    const model = { run_id, artifact_path: "m", utc_time_created: "t", flavors: { f: { a: 1, config: { b: 2 } } } };
    for (const artifact_path of ["m", "n"])
      await post("runs/log-model", { run_id, model_json: JSON.stringify({ ...model, artifact_path }) });
    const { tags } = (await run(run_id)).data;
    const history = tags.find(({ key }: { key: string }) => key === "mlflow.log-model.history").value;
    expect(JSON.parse(history)).toEqual(
      ["m", "n"].map((artifact_path) => ({ ...model, artifact_path, flavors: { f: { a: 1 } } })),
    );
  });
});

describe("what is logged", () => {
  it("is there with numbers as numbers, and NaN and infinities as words", async () => {
    const run_id = await newRun();
    const odd = { a: "NaN", b: "Infinity", c: "-Infinity", d: 0.1 };
    for (const [key, of] of Object.entries(odd)) await post("runs/log-metric", { run_id, ...value(key, of) });
    await post("runs/log-metric", { run_uuid: run_id, key: "e", value: "2.5", timestamp: "12", step: "-3" });
    const { metrics } = (await run(run_id)).data;
    expect(metrics).toEqual(
      expect.arrayContaining([
        ...Object.entries(odd).map(([key, of]) => ({ key, value: of, timestamp: 1, step: 0 })),
        { key: "e", value: 2.5, timestamp: 12, step: -3 },
      ]),
    );
    expect(metrics).toHaveLength(5);
  });

  it("may come again: the same parameter, the same point", async () => {
    const run_id = await newRun();
    const batch = { run_id, params: [{ key: "p", value: "1" }], metrics: [value("m", 1), value("m", 1)] };
    for (let times = 0; times < 2; times++) expect(await post("runs/log-batch", batch)).toEqual({ status: 200 });
    expect((await get("metrics/get-history", { run_id, metric_key: "m" })).metrics).toHaveLength(1);
  });

  it("is kept whole or not at all", async () => {
    const run_id = await newRun();
    await post("runs/log-parameter", { run_id, key: "p", value: "1" });
    const refused = await post("runs/log-batch", {
      run_id,
      params: [
        { key: "new", value: "1" },
        { key: "p", value: "2" },
      ],
      metrics: [value("m", 1)],
      tags: [{ key: "t", value: "1" }],
    });
    expect(refused).toMatchObject({ status: 400, error_code: "INVALID_PARAMETER_VALUE" });
    expect((await run(run_id)).data).toEqual({
      params: [{ key: "p", value: "1" }],
      tags: [{ key: "mlflow.runName", value: expect.any(String) }],
    });
  });

  it("is cut where MLflow cuts: parameters at 6000 characters, tags at 8000", async () => {
    const run_id = await newRun();
    await post("runs/log-batch", {
      run_id,
      params: [{ key: "batch", value: "v".repeat(6001) }],
      tags: [{ key: "batch", value: "v".repeat(8001) }],
    });
    await post("runs/log-parameter", { run_id, key: "single", value: "v".repeat(7000) });
    await post("runs/set-tag", { run_id, key: "single", value: "v".repeat(9000) });
    const { params, tags } = (await run(run_id)).data;
    expect(params.map((param: { value: string }) => param.value.length)).toEqual([6000, 6000]);
    expect(tags.map((tag: { value: string }) => tag.value.length)).toEqual(expect.arrayContaining([8000, 8000]));
  });

  it("fits a batch of 1000 metrics, or of 100 params, 100 tags and 800 metrics", async () => {
    const run_id = await newRun();
    expect(await post("runs/log-batch", { run_id, metrics: points(1000) })).toEqual({ status: 200 });
    const mixed = { run_id, metrics: points(800), params: pairs(100), tags: pairs(100) };
    expect(await post("runs/log-batch", mixed)).toEqual({ status: 200 });
  });

  it("of the latest value shows that of the greatest step, then time, then value", async () => {
    const run_id = await newRun();
    const [early, late] = [value("m", 5, { step: 3, timestamp: 10 }), value("m", 7, { step: 3, timestamp: 20 })];
    await post("runs/log-batch", { run_id, metrics: [late, early, value("m", 9, { step: 2, timestamp: 99 })] });
    expect((await run(run_id)).data.metrics).toEqual([late]);
  });
});

describe("the history of a metric", () => {
  it("keeps every digit of times that count micro- or nanoseconds", async () => {
    const run_id = await newRun();
    const times = [1_795_278_194_901_123, "1795278194901123457", "9223372036854775807"];
    for (const timestamp of times) await post("runs/log-metric", { run_id, ...value("m", 1, { timestamp }) });
    const { metrics } = await get("metrics/get-history", { run_id, metric_key: "m" });
    expect(metrics.map(({ timestamp }: { timestamp: unknown }) => timestamp)).toEqual(times);
    const found = await post("runs/search", { experiment_ids: [(await run(run_id)).info.experiment_id] });
    expect(found.status).toBe(200);
    const native = await fetch(`${stack.url}/mintmark.tracking.v1.RunService/GetRun`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ id: run_id }),
    });
    expect(await native.json()).toMatchObject({ run: { latestPoints: [{ key: "m", timeMs: times.at(-1) }] } });
  });

  it("comes by time, step and value, page by page", async () => {
    const run_id = await newRun();
    await post("runs/log-batch", { run_id, metrics: points(5).toReversed() });
    const asked = { run_id, metric_key: "m", max_results: 3 };
    const first = await get("metrics/get-history", asked);
    const rest = await get("metrics/get-history", { ...asked, page_token: first.next_page_token });
    expect([...first.metrics, ...rest.metrics].map(({ timestamp }) => timestamp)).toEqual([0, 1, 2, 3, 4]);
    expect(rest).not.toHaveProperty("next_page_token");
  });

  it("of several runs comes in one answer for browsers, whole or of some steps", async () => {
    const runs = [await newRun(), await newRun()].toSorted();
    for (const [at, run_id] of runs.entries())
      for (const step of [1, 2, 3]) await post("runs/log-metric", { run_id, ...value("m", at, { step }) });
    const bulk = await call("GET", "metrics/get-history-bulk", { run_id: runs, metric_key: "m" }, "ajax-api");
    const steps = [1, 2, 3];
    expect(bulk.metrics).toEqual(
      runs.flatMap((run_id, at) => steps.map((step) => ({ key: "m", value: at, timestamp: 1, step, run_id }))),
    );
    const some = { run_ids: runs[0]!, metric_key: "m", start_step: 2, end_step: 3 };
    const interval = await call("GET", "metrics/get-history-bulk-interval", some, "ajax-api");
    expect(interval.metrics.map(({ step }: { step: number }) => step)).toEqual([2, 3]);
  });
});

describe("data that a run read", () => {
  const dataset = { name: "d", digest: "abc", source_type: "local", source: "{}", schema: '{"a":1}', profile: "{}" };

  it("comes back as it was described, with its context as a tag", async () => {
    const experiment_id = await newExperiment();
    const run_id = await newRun({ experiment_id });
    const tags = [
      { key: "mlflow.data.context", value: "training" },
      { key: "fold", value: "1" },
    ];
    await post("runs/log-inputs", { run_id, datasets: [{ tags, dataset }] });
    expect((await run(run_id)).inputs).toEqual({ dataset_inputs: [{ tags, dataset }] });
    const summaries = await call(
      "POST",
      "experiments/search-datasets",
      { experiment_ids: [experiment_id] },
      "ajax-api",
    );
    expect(summaries.dataset_summaries).toEqual([{ experiment_id, name: "d", digest: "abc", context: "training" }]);
  });

  it("that is a snapshot comes as what MLflow's clients fetch by HTTP, if its bytes are here", async () => {
    const runId = await newRun();
    const blob = bytesBlob(Buffer.from("a,b\n1,2\n"));
    await uploadBlobs(native, [blob]);
    const { blake3, sha256, size } = blob;
    const snapshot = { name: "a.csv", source: "a.csv", blake3, sha256, role: "training", rows: 3n, size: BigInt(size) };
    await native.runs.logBatch({ runId, inputs: [{ ...snapshot, schemaJson: "{}" }] });
    const [input] = (await run(runId)).inputs.dataset_inputs;
    expect(input).toMatchObject({
      tags: [{ key: "mlflow.data.context", value: "training" }],
      dataset: { name: "a.csv", digest: blake3.slice(0, 36), source_type: "http", schema: "{}" },
    });
    const { url } = JSON.parse(input.dataset.source) as { url: string };
    expect(url.startsWith(`${stack.url}/v1/data/`)).toBe(true);
    expect(await (await fetch(url)).text()).toBe("a,b\n1,2\n");
    expect(JSON.parse(input.dataset.profile)).toMatchObject({ num_rows: 3, sha256 });
  });

  it.each([
    ["a name of 501 characters", { name: "n".repeat(501) }, "datasets[0].dataset.name"],
    ["a digest of 37 characters", { digest: "d".repeat(37) }, "datasets[0].dataset.digest"],
    ["no digest", { digest: "" }, "datasets[0].dataset.digest"],
    ["a source of 65536 characters", { source: "s".repeat(65_536) }, "source"],
  ])("with %s is refused", async (_, fields, named) => {
    const answer = await post("runs/log-inputs", {
      run_id: await newRun(),
      datasets: [{ dataset: { ...dataset, ...fields } }],
    });
    expect(answer).toMatchObject({ status: 400, error_code: "INVALID_PARAMETER_VALUE" });
    expect(answer.message).toContain(named);
  });
});

describe("a logged model", () => {
  it("is answered with its place, state and what was said of it, and nothing that is empty", async () => {
    const experiment_id = await newExperiment();
    const source_run_id = await newRun({ experiment_id });
    const answer = await post("logged-models", {
      experiment_id,
      name: "forest",
      model_type: "sklearn",
      source_run_id,
      params: [{ key: "depth", value: "3" }],
      tags: [{ key: "t", value: "1" }],
    });
    const { model_id } = answer.model.info;
    const time = expect.any(Number);
    const info = {
      model_id,
      experiment_id,
      name: "forest",
      creation_timestamp_ms: time,
      last_updated_timestamp_ms: time,
      artifact_uri: `mlflow-artifacts:/${experiment_id}/models/${model_id}/artifacts`,
      status: "LOGGED_MODEL_PENDING",
      model_type: "sklearn",
      source_run_id,
      tags: [{ key: "t", value: "1" }],
    };
    expect(answer).toEqual({ status: 200, model: { info, data: { params: [{ key: "depth", value: "3" }] } } });
    const ready = await call("PATCH", `logged-models/${model_id}`, { model_id, status: "LOGGED_MODEL_READY" });
    expect(ready.model.info.status).toBe("LOGGED_MODEL_READY");
    expect(await get(`logged-models/${model_id}`)).toEqual(ready);
    const found = await post("logged-models/search", { experiment_ids: [experiment_id], filter: "name = 'forest'" });
    expect(found).toEqual({ status: 200, models: [ready.model] });
  });

  it("gets metrics with the run and data set that they were measured with, and links to runs", async () => {
    const run_id = await newRun();
    const { model_id } = (await post("logged-models", { experiment_id: "0" })).model.info;
    const point = value("acc", "NaN", { step: 2, model_id, dataset_name: "d", dataset_digest: "1" });
    expect(await post("runs/log-metric", { run_id, ...point })).toEqual({ status: 200 });
    await post("runs/outputs", { run_id, models: [{ model_id, step: 7 }] });
    await post("runs/log-inputs", { run_id, models: [{ model_id }] });
    expect((await get(`logged-models/${model_id}`)).model.data.metrics).toEqual([{ ...point, run_id }]);
    const { inputs, outputs } = await run(run_id);
    expect([inputs, outputs]).toEqual([{ model_inputs: [{ model_id }] }, { model_outputs: [{ model_id, step: 7 }] }]);
  });

  it("names the versions that were registered of it", async () => {
    const { model_id } = (await post("logged-models", { experiment_id: "0" })).model.info;
    await post("registered-models/create", { name: "of.logged.model" });
    await post("model-versions/create", { name: "of.logged.model", source: `models:/${model_id}`, model_id });
    expect((await get(`logged-models/${model_id}`)).model.info.registrations).toEqual([
      { name: "of.logged.model", version: "1" },
    ]);
  });

  it("gets and loses tags, whatever their keys, and gets parameters", async () => {
    const { model_id } = (await post("logged-models", { experiment_id: "0" })).model.info;
    const at = `logged-models/${model_id}`;
    expect(await call("PATCH", `${at}/tags`, { tags: [{ key: "a/b c", value: "1" }] })).toEqual({ status: 200 });
    expect(await call("DELETE", `${at}/tags/a/b%20c`, { model_id })).toEqual({ status: 200 });
    expect((await call("DELETE", `${at}/tags/a/b%20c`)).status).toBe(404);
    expect(await post(`${at}/params`, { params: [{ key: "p", value: "1" }] })).toEqual({ status: 200 });
    expect((await post(`${at}/params`, { params: [{ key: "p", value: "2" }] })).status).toBe(400);
    expect((await get(at)).model.data).toEqual({ params: [{ key: "p", value: "1" }] });
  });

  it("is gone once it is deleted", async () => {
    const { model_id } = (await post("logged-models", { experiment_id: "0" })).model.info;
    for (let times = 0; times < 2; times++)
      expect(await call("DELETE", `logged-models/${model_id}`, { model_id })).toEqual({ status: 200 });
    expect(await get(`logged-models/${model_id}`)).toMatchObject({
      status: 404,
      error_code: "RESOURCE_DOES_NOT_EXIST",
    });
  });
});

const invalid = "INVALID_PARAMETER_VALUE";
const missing = "RESOURCE_DOES_NOT_EXIST";
const taken = "RESOURCE_ALREADY_EXISTS";

describe("a mistake is answered with status, code, field and value, never with a 5xx", () => {
  it.each<[string, string, Fields, number, string, string]>([
    ["GET", "experiments/get", {}, 400, invalid, "Missing value for required parameter 'experiment_id'"],
    [
      "GET",
      "experiments/get",
      { experiment_id: "abc" },
      400,
      invalid,
      `Invalid value "abc" for parameter 'experiment_id'`,
    ],
    ["GET", "experiments/get", { experiment_id: "99999999999" }, 404, missing, "99999999999"],
    ["GET", "experiments/get-by-name", { experiment_name: "nowhere" }, 404, missing, "nowhere"],
    ["POST", "experiments/create", {}, 400, invalid, "Missing value for required parameter 'name'"],
    ["POST", "experiments/create", { name: 5 }, 400, invalid, "Invalid value 5 for parameter 'name' supplied"],
    ["POST", "experiments/create", { name: "x".repeat(501) }, 400, invalid, "500"],
    ["POST", "experiments/create", { name: "Default" }, 400, taken, "Default"],
    ["POST", "experiments/update", { experiment_id: "0" }, 400, invalid, "'new_name'"],
    ["POST", "experiments/delete", { experiment_id: "0" }, 400, invalid, "Default"],
    ["POST", "experiments/restore", { experiment_id: "0" }, 404, missing, "0"],
    ["POST", "experiments/set-experiment-tag", { experiment_id: "0", value: "v" }, 400, invalid, "'key'"],
    ["POST", "experiments/set-experiment-tag", { experiment_id: "0", key: "k".repeat(251) }, 400, invalid, "250"],
    [
      "POST",
      "experiments/set-experiment-tag",
      { experiment_id: "0", key: "k", value: "v".repeat(20_001) },
      400,
      invalid,
      "20000",
    ],
    ["POST", "experiments/set-experiment-tag", { experiment_id: "0", key: "../k" }, 400, invalid, "../k"],
    ["POST", "experiments/delete-experiment-tag", { experiment_id: "0", key: "none" }, 404, missing, "none"],
    ["POST", "experiments/search", { max_results: 0 }, 400, invalid, "Invalid value 0 for parameter 'max_results'"],
    [
      "POST",
      "experiments/search",
      { max_results: 50_001 },
      400,
      invalid,
      '"max_results" must be at most 50000, got 50001',
    ],
    ["POST", "experiments/search", { view_type: "SOME" }, 400, invalid, "view_type"],
    ["POST", "experiments/search", { filter: "name ~ 'x'" }, 400, invalid, "filter"],
    ["POST", "experiments/search", { order_by: ["nothing"] }, 400, invalid, "nothing"],
    ["POST", "experiments/search", { page_token: "x" }, 400, invalid, "token"],
    ["POST", "experiments/search-datasets", { experiment_ids: [] }, 400, invalid, "'experiment_ids'"],
    ["GET", "runs/get", {}, 400, invalid, "Missing value for required parameter 'run_id'"],
    ["GET", "runs/get", { run_id: nobody }, 404, missing, `Run with id=${nobody} not found`],
    ["GET", "runs/get", { run_id: "x" }, 404, missing, "Run with id=x not found"],
    ["POST", "runs/create", { experiment_id: "99999" }, 404, missing, "99999"],
    ["POST", "runs/create", { start_time: "soon" }, 400, invalid, `Invalid value "soon" for parameter 'start_time'`],
    ["POST", "runs/create", { tags: { a: "1" } }, 400, invalid, "'tags'"],
    ["POST", "runs/create", { tags: [{ value: "1" }] }, 400, invalid, "'tags[0].key'"],
    [
      "POST",
      "runs/create",
      { run_name: "a", tags: [{ key: "mlflow.runName", value: "b" }] },
      400,
      invalid,
      "mlflow.runName",
    ],
    ["POST", "runs/update", { status: "FINISHED" }, 400, invalid, "'run_id'"],
    [
      "POST",
      "runs/update",
      { run_id: nobody, status: "DONE" },
      400,
      invalid,
      `Invalid value "DONE" for parameter 'status'`,
    ],
    ["POST", "runs/delete", { run_id: nobody }, 404, missing, nobody],
    ["POST", "runs/log-metric", { run_id: nobody, ...value("m", 1) }, 404, missing, `Run with id=${nobody} not found`],
    ["POST", "runs/log-parameter", { run_id: nobody, key: "" }, 400, invalid, "'key'"],
    ["POST", "runs/log-batch", {}, 400, invalid, "'run_id'"],
    ["POST", "runs/log-inputs", { run_id: nobody, datasets: [{}] }, 400, invalid, "'datasets[0].dataset'"],
    ["POST", "runs/outputs", { run_id: nobody }, 400, invalid, "'models'"],
    ["POST", "runs/log-model", { run_id: nobody, model_json: "{" }, 400, invalid, '"model_json"'],
    ["POST", "runs/search", { max_results: 50_001 }, 400, invalid, "max_results"],
    ["POST", "runs/search", { experiment_ids: ["my-exp"] }, 400, invalid, `Invalid value "my-exp" for parameter`],
    ["POST", "runs/create", { run_name: "n".repeat(1001) }, 400, invalid, '"run_name"'],
    ["POST", "runs/create", { user_id: "u".repeat(251) }, 400, invalid, '"user_id"'],
    ["POST", "runs/create", { start_time: 253_402_300_800_000 }, 400, invalid, '"start_time"'],
    ["POST", "runs/search", { experiment_ids: ["0"], filter: "metrics.m > 'a'" }, 400, invalid, "metrics.m"],
    ["GET", "metrics/get-history", { run_id: nobody }, 400, invalid, "'metric_key'"],
    ["GET", "metrics/get-history", { run_id: nobody, metric_key: "m", max_results: 0 }, 400, invalid, "max_results"],
    ["GET", "metrics/get-history-bulk", { metric_key: "m" }, 400, invalid, "'run_id'"],
    [
      "GET",
      "metrics/get-history-bulk-interval",
      { run_ids: nobody, metric_key: "m", start_step: 1 },
      400,
      invalid,
      "end_step",
    ],
    [
      "GET",
      "metrics/get-history-bulk-interval",
      { run_ids: nobody, metric_key: "m", max_results: 2501 },
      400,
      invalid,
      "2500",
    ],
    ["POST", "logged-models", { name: "x" }, 400, invalid, "'experiment_id'"],
    ["POST", "logged-models", { experiment_id: "99999" }, 404, missing, "99999"],
    ["POST", "logged-models", { experiment_id: "0", name: "a/b" }, 400, invalid, "a/b"],
    ["GET", `logged-models/m-${nobody}`, {}, 404, missing, `m-${nobody}`],
    ["PATCH", `logged-models/m-${nobody}`, {}, 400, invalid, "'status'"],
    ["PATCH", `logged-models/m-${nobody}`, { status: "DONE" }, 400, invalid, `"DONE"`],
    ["POST", "logged-models/search", {}, 400, invalid, "'experiment_ids'"],
    ["POST", "logged-models/search", { experiment_ids: ["my-exp"] }, 400, invalid, '"my-exp"'],
    ["POST", "runs/nothing", {}, 404, "ENDPOINT_NOT_FOUND", "runs/nothing"],
  ])("%s %s %j", async (method, path, fields, status, error_code, message) => {
    const answer = await call(method, path, fields);
    expect(answer).toMatchObject({ status, error_code });
    expect(answer.message).toContain(message);
  });

  const long = "k".repeat(251);
  it.each<[string, Fields, string]>([
    ["log-metric", { key: "m", timestamp: 1 }, "Missing value for required parameter 'value'"],
    ["log-metric", { key: "m", value: 1 }, "Missing value for required parameter 'timestamp'"],
    ["log-metric", { value: 1, timestamp: 1 }, "Missing value for required parameter 'key'"],
    ["log-metric", value("m", "abc"), `Invalid value "abc" for parameter 'value'`],
    ["log-metric", value("m", 1, { timestamp: -3 }), "Invalid value -3 for parameter 'timestamp'"],
    ["log-metric", value("m", 1, { timestamp: 3.5 }), "Invalid value 3.5 for parameter 'timestamp'"],
    ["log-metric", value("m", 1, { step: "9223372036854775808" }), "'step'"],
    ["log-metric", value("../m", 1), "../m"],
    ["log-metric", value("a?b", 1), "a?b"],
    ["log-metric", value("a//b", 1), "a//b"],
    ["log-metric", value(long, 1), "250"],
    ["log-parameter", { key: "/p", value: "1" }, "/p"],
    ["log-parameter", { key: "p", value: 2 }, "Invalid value 2 for parameter 'value'"],
    ["log-parameter", { key: "p", value: "a\0b" }, "NUL"],
    ["set-tag", { key: long, value: "1" }, "250"],
    ["delete-tag", {}, "Missing value for required parameter 'key'"],
    ["log-batch", { metrics: [{ key: "m", value: 1 }] }, "'metrics[0].timestamp'"],
    ["log-batch", { metrics: [{ value: 1, timestamp: 1 }] }, "'metrics[0].key'"],
    ["log-batch", { metrics: { a: 1 } }, `Invalid value {"a":1} for parameter 'metrics'`],
    ["log-batch", { params: [...pairs(1), ...pairs(1)] }, "Duplicate parameter keys have been submitted: 'k0'"],
    ["log-batch", { params: pairs(101) }, "at most 100"],
    ["log-batch", { tags: pairs(101) }, "at most 100"],
    ["log-batch", { metrics: points(1001) }, "at most 1000"],
    ["log-batch", { metrics: points(950), tags: pairs(51) }, "got 1001"],
    ["log-batch", { metrics: [value("ok", 1), value("../m", 1)] }, "../m"],
  ])("of a run that is there: %s %j, and nothing is written", async (path, fields, message) => {
    const run_id = await newRun();
    const answer = await post(`runs/${path}`, { run_id, ...fields });
    expect(answer).toMatchObject({ status: 400, error_code: invalid });
    expect(answer.message).toContain(message);
    expect((await run(run_id)).data).toEqual({ tags: [{ key: "mlflow.runName", value: expect.any(String) }] });
  });

  it.each([
    ["application/json", "{", 400, "not JSON"],
    ["application/json", "[]", 400, "JSON object"],
    ["application/json", "5", 400, "JSON object"],
    ["text/plain", "{}", 400, "application/json"],
    ["application/json; charset=utf-8", "", 400, "'run_id'"],
  ])("a body of %s that is %s", async (type, body, status, message) => {
    const answer = await fetch(`${stack.url}/api/2.0/mlflow/runs/log-batch`, {
      method: "POST",
      headers: { "content-type": type },
      body,
    });
    expect([answer.status, await answer.json()]).toMatchObject([
      status,
      { error_code: invalid, message: expect.stringContaining(message) },
    ]);
  });
});

describe.runIf(mlflowIsThere())("MlflowClient, unmodified,", () => {
  it("reads back what it wrote", async () => {
    const seen = await runScript("tracking_client", { MLFLOW_TRACKING_URI: stack.url });
    expect(seen).toEqual({
      counts: [251, 1505, true],
      odd: { nan: "nan", inf: "inf", "-inf": "-inf", tiny: "5e-324" },
      step: "9223372036854775807",
      cut: [8000, 6000],
      user: true,
      artifact_uri: true,
      data: {
        name: "frame",
        digest: true,
        source: "https://example.com/a.csv",
        schema: true,
        tags: { "mlflow.data.context": "training", fold: "1" },
      },
      "bad key": invalid,
      pending: ["PENDING", true],
      "missing tag": missing,
      "logged model": {
        status: "READY",
        tags: { t: "1", keep: "3" },
        params: { depth: "3", width: "1" },
        run: true,
        artifacts: true,
        metrics: [
          ["acc", "0.9", 3, "frame", true],
          ["odd", "nan", 0, null, true],
        ],
      },
      outputs: [[true, 7]],
      inputs: [true],
      search: ["forest"],
      "deleted model": missing,
    });
  });
});
