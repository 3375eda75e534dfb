import { readFile, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { serialize } from "node:v8";
import { digestsOf } from "@mintmark/crypto/digests";
import { AttemptEnd } from "@mintmark/proto/mintmark/training/v1/attempt_service";
import { connectRegistry, type RegistryClient } from "@mintmark/registry-client";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { keepWarmChild, type WarmChild } from "./child/warm-child.ts";
import { runJob } from "./job-runner.ts";
import { newKeyDirectory } from "./testing/key-directory.ts";
import { endless, longData, slow } from "./testing/long-fit.ts";
import { type RegistryDouble, startRegistryDouble } from "./testing/registry-double.ts";

const examples = fileURLToPath(new URL("../../../examples/", import.meta.url));
const titanic = {
  model: "titanic",
  data: { source: "titanic.csv", target: "survival" },
  algorithm: { name: "gradient-boosting" },
  register: { alias: ["challenger"], tags: { team: "growth" } },
};
let keys: string;
let registry: RegistryDouble;
let client: RegistryClient;
let children: WarmChild;
let stopping: AbortController;

beforeAll(async () => {
  keys = await newKeyDirectory();
});
afterAll(() => rm(keys, { recursive: true }));
beforeEach(async () => {
  registry = await startRegistryDouble();
  Object.assign(process.env, {
    MINTMARK_REGISTRY_URL: registry.url,
    MINTMARK_KEY_DIR: keys,
    QUEUE_URL: "redis://none",
  });
  client = connectRegistry({ baseUrl: registry.url, httpVersion: "2" });
  children = keepWarmChild((text) => process.stderr.write(text));
  stopping = new AbortController();
});
afterEach(async () => {
  children.close();
  client.close();
  await registry.close();
});

it("takes a job through all its steps to one version, and says that it has finished", async () => {
  const run = await submit(titanic);
  await work(run);
  const { registrations, ends, progress, blobs } = registry.state;
  expect(ends).toMatchObject([{ runId: run, attemptToken: "token-1", end: AttemptEnd.FINISHED }]);
  expect(registrations).toHaveLength(1);
  const { model, aliases, tags, files, documents, inputs, facts } = registrations[0]!;
  expect({ model, aliases, tags }).toEqual({ model: "titanic", aliases: ["challenger"], tags: { team: "growth" } });
  expect(files.every(({ blake3 }) => blobs.has(blake3))).toBe(true);
  expect(documents.map(({ name }) => name)).toEqual([
    "model.sig",
    "model.ed25519.sigstore.json",
    "provenance.sigstore.json",
  ]);
  expect(inputs).toMatchObject([{ role: "training", node: { label: "titanic.csv" } }]);
  expect(facts).toMatchObject({ modelType: "gradient-boosting", nSamples: 1761n, nFeatures: 3 });
  expect(progress[0]?.step).toBe("load");
});

it("records parameters, data with its profile, metrics, timings and loss", async () => {
  await work(await submit(titanic));
  const { batches, logs } = registry.state;
  expect(batches[0]).toMatchObject({
    params: { algorithm: "gradient-boosting", seed: "42", n_estimators: "100" },
    inputs: [{ name: "titanic.csv", rows: 2201n, role: "training" }],
  });
  const profile = JSON.parse(batches[0]!.inputs[0]!.schemaJson) as { columns: { name: string }[] };
  expect(profile.columns.map(({ name }) => name)).toEqual(["class", "sex", "age", "survival"]);
  const metrics = batches.flatMap((batch) => batch.metrics);
  const latest = Object.fromEntries(metrics.map(({ key, value }) => [key, value]));
  expect(latest["accuracy"]).toBeGreaterThan(0.75);
  for (const step of ["load", "fit", "evaluate", "package", "push"])
    expect(latest[`step/${step}_seconds`]).toBeGreaterThanOrEqual(0);
  expect(latest["step/peak_memory_mb"]).toBeGreaterThan(50);
  expect(metrics.filter(({ key }) => key === "loss")).toHaveLength(100);
  expect(logs.map(({ text }) => text).join("\n")).toMatch(/registered titanic version 1/);
});

it("tells run and version what it warned of, and takes back what an attempt before it warned of", async () => {
  const constant = Buffer.from(`a,y\n${Array.from({ length: 40 }, (_, row) => `1,${row % 2 ? "u" : "v"}\n`).join("")}`);
  const data = { source: "constant.csv", target: "y" };
  const run = registry.submit(
    { model: "m", data, algorithm: { name: "decision-tree" } },
    { name: "constant.csv", bytes: constant },
  );
  await work(run);
  const { batches, logs, registrations } = registry.state;
  const warnings = registrations[0]!.facts!.warnings;
  expect(warnings.slice(0, 2)).toEqual([
    "column 'a' has 1 in every row: nothing can be learned from it",
    "learned nothing: predicts a constant, because no column differs between the 32 training rows",
  ]);
  const tagged = batches.filter(({ tags }) => "mintmark.warnings" in tags);
  expect(tagged.map(({ tags }) => JSON.parse(tags["mintmark.warnings"]!))).toEqual([warnings]);
  expect(logs.filter(({ level }) => level === "warn").map(({ text }) => text)).toEqual(warnings);

  await work(await submit(titanic));
  expect(batches.filter(({ tags }) => "mintmark.warnings" in tags)).toHaveLength(1);
  const again = await submit(titanic);
  registry.tag(again, { "mintmark.warnings": JSON.stringify(warnings) });
  await work(again);
  expect(batches.at(-1)!.tags).toEqual({ "mintmark.warnings": "[]" });
});

it("puts plots and the model's files among the artifacts of the run", async () => {
  await work(await submit(titanic));
  const { artifacts, blobs, registrations } = registry.state;
  const plots = [...artifacts.keys()].filter((path) => path.startsWith("plots/")).sort();
  expect(plots).toEqual(
    ["confusion-matrix", "feature-importance", "loss-curve", "precision-recall-curve", "roc-curve"].flatMap((name) => [
      `plots/${name}.csv`,
      `plots/${name}.svg`,
    ]),
  );
  for (const { path, blake3 } of registrations[0]!.files) expect(artifacts.get(`model/${path}`)).toBe(blake3);
  expect([...artifacts.values()].every((blake3) => blobs.has(blake3))).toBe(true);
});

it("begins at once in a child that is warm, not after the loading of another", async () => {
  const beginning = async () => {
    const child = children.take();
    const run = await submit(titanic);
    const before = registry.state.progress.length;
    const start = Date.now();
    await work(run, { ...children, take: () => child });
    const { seconds, nanos } = registry.state.progress[before]!.time!;
    return Number(seconds) * 1_000 + nanos / 1e6 - start;
  };
  const cold = await beginning();
  children.refill();
  const warm = children.take();
  await warm.warm;
  children = { ...children, take: () => warm };
  expect(await beginning()).toBeLessThan(cold / 2);
});

it("trains nothing again when the version was registered before an attempt was cut off", async () => {
  const run = await submit(titanic);
  await work(run);
  await work(run);
  expect(registry.state.registrations).toHaveLength(1);
  expect(registry.state.ends.map(({ end }) => end)).toEqual([AttemptEnd.FINISHED, AttemptEnd.FINISHED]);
});

it("says with reason and message why a job cannot succeed", async () => {
  await work(await submit({ ...titanic, data: { source: "titanic.csv", target: "survived" } }));
  expect(registry.state.ends).toMatchObject([
    { end: AttemptEnd.FAILED, error: { reason: "TARGET_NOT_FOUND", retryable: false } },
  ]);
  expect(registry.state.ends[0]?.error?.message).toContain("did you mean 'survival'?");
});

it.each([
  ["a file of the worker's machine", { source: "/etc/passwd" }, "DATA_SOURCE_REFUSED"],
  ["a URI that its operator has not allowed", { source: "http://127.0.0.1:9/a.csv" }, "DATA_SOURCE_REFUSED"],
  [
    "SQL that reaches outside",
    { source: "titanic.csv", query: "SELECT * FROM read_csv('/etc/passwd')" },
    "QUERY_REFUSED",
  ],
])("refuses a job that names %s", async (_, data, reason) => {
  const config = { ...titanic, data: { ...data, target: "survival" } };
  await work("query" in data ? await submit(config) : registry.submit(config));
  expect(registry.state.ends).toMatchObject([{ end: AttemptEnd.FAILED, error: { reason, retryable: false } }]);
  expect(registry.state.registrations).toEqual([]);
});

it("leaves a job alone that it cannot claim", async () => {
  await work("f".repeat(32));
  expect(registry.state.claims).toBe(0);
  expect(registry.state.ends).toEqual([]);
});

describe("a job that runs", () => {
  it("reports iteration, loss and the time that is left", async () => {
    const { running } = await startEndless();
    await until(() => registry.state.progress.some(({ iteration }) => iteration > 10));
    expect(registry.state.progress.at(-1)).toMatchObject({ step: "fit", iterations: 10_000 });
    const { loss, remainingSeconds } = registry.state.progress.at(-1)!;
    expect([loss! > 0, remainingSeconds! > 0]).toEqual([true, true]);
    registry.state.cancelRequested = true;
    await running;
  });

  it("ends within seconds once somebody asks to cancel it", async () => {
    const { running } = await startEndless();
    registry.state.cancelRequested = true;
    const start = Date.now();
    await running;
    expect(Date.now() - start).toBeLessThan(5_000);
    expect(registry.state.ends.map(({ end }) => end)).toEqual([AttemptEnd.CANCELLED]);
    expect(registry.state.registrations).toEqual([]);
  });

  it("is worth another try when its process was killed", async () => {
    const child = children.take();
    const running = work(registry.submit(endless, longData), { ...children, take: () => child });
    await until(() => registry.state.progress.some(({ step }) => step === "fit"));
    process.kill(child.pid!, "SIGKILL");
    await running;
    expect(registry.state.ends).toMatchObject([
      { end: AttemptEnd.FAILED, error: { reason: "TRAINING_PROCESS_KILLED", retryable: true } },
    ]);
  });

  it("goes on from its last checkpoint after its process was killed, to the same files", async () => {
    await work(registry.submit(slow, longData));
    registry.state.checkpoint = "";
    const finished = registry.state.progress.filter(({ iteration }) => iteration > 0).length;
    const run = registry.submit(slow, longData);
    const child = children.take();
    const running = work(run, { ...children, take: () => child });
    await until(() => registry.state.progress.filter(({ iteration }) => iteration > 0).length > finished);
    // A fit keeps its state after seconds, also on a machine that needs none for the whole of it.
    process.kill(child.pid!, "SIGSTOP");
    await sleep(2_500);
    process.kill(child.pid!, "SIGCONT");
    await until(() => registry.state.checkpoint !== "");
    process.kill(child.pid!, "SIGKILL");
    await running;
    await work(run);
    expect(registry.state.logs.map(({ text }) => text).join("\n")).toMatch(/^resumed at iteration [1-9]\d*$/m);
    const [first, second] = registry.state.registrations;
    expect(second?.files).toEqual(first?.files);
    const curves = registry.state.batches.map(({ metrics }) => metrics.filter(({ key }) => key === "loss"));
    const [firstCurve, secondCurve] = curves.filter(({ length }) => length > 0);
    expect(secondCurve?.map(({ value }) => value)).toEqual(firstCurve?.map(({ value }) => value));
  });

  it("begins anew, and says so, where the checkpoint is no state of its fit", async () => {
    for (const bytes of [Buffer.from("no state"), serialize({ key: "of another fit" }), serialize(null)]) {
      registry.state.checkpoint = digestsOf(bytes).blake3;
      registry.state.blobs.set(registry.state.checkpoint, bytes);
      await work(await submit(titanic));
    }
    expect(registry.state.ends.map(({ end }) => end)).toEqual(new Array(3).fill(AttemptEnd.FINISHED));
    const anew = /checkpoint of an earlier attempt is of other rows/;
    expect(registry.state.logs.filter(({ text }) => anew.test(text))).toHaveLength(3);
  });

  it("begins anew, and says so, where the checkpoint is gone", async () => {
    registry.state.checkpoint = "0".repeat(64);
    await work(await submit(titanic));
    expect(registry.state.ends.map(({ end }) => end)).toEqual([AttemptEnd.FINISHED]);
    expect(registry.state.logs.map(({ text }) => text).join()).toMatch(/cannot be read .*no blob/);
  });

  it("is given back when the worker goes away, within the seconds that it has", async () => {
    const { running } = await startEndless();
    stopping.abort();
    const start = Date.now();
    await running;
    expect(Date.now() - start).toBeLessThan(6_000);
    expect(registry.state.ends.map(({ end }) => end)).toEqual([AttemptEnd.RELEASED]);
  });

  it("is dropped without a word when another worker has it", async () => {
    const { running } = await startEndless();
    registry.state.token = "token-2";
    await running;
    expect(registry.state.ends).toEqual([]);
    expect(registry.state.registrations).toEqual([]);
  });

  it("goes on while the registry is away, and is reported when that is back", async () => {
    const running = work(registry.submit(slow, longData));
    await until(() => registry.state.progress.some(({ step }) => step === "fit"));
    await registry.goDown();
    await sleep(3_000);
    await registry.comeBack();
    await running;
    expect(registry.state.ends.map(({ end }) => end)).toEqual([AttemptEnd.FINISHED]);
    expect(registry.state.registrations).toHaveLength(1);
  });
});

async function submit(config: object): Promise<string> {
  return registry.submit(config, { name: "titanic.csv", bytes: await readFile(`${examples}titanic.csv`) });
}

function work(run: string, from: WarmChild = children): Promise<void> {
  const log = pino({ level: "silent" });
  const deps = { registry: client, children: from, log, worker: "test/1", heartbeatMs: 300, leaseMs: 10_000 };
  return runJob({ ...deps, stopping: stopping.signal }, run);
}

async function startEndless(): Promise<{ running: Promise<void> }> {
  const running = work(registry.submit(endless, longData));
  await until(() => registry.state.progress.some(({ step }) => step === "fit"));
  return { running };
}

async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !holds(); await sleep(50))
    if (Date.now() > end) throw new Error("waited for 20 s in vain");
}
