import { afterAll, beforeAll, expect, it } from "vitest";
import { failureOf } from "../testing/failure.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";

const historyTag = "mlflow.log-model.history";
const described = { run_id: "r", artifact_path: "model", utc_time_created: "2024-01-01 00:00:00.000000", flavors: {} };

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry();
});
afterAll(() => registry.close());

it("keeps every model of calls at once", async () => {
  const run = await newRun();
  const paths = Array.from({ length: 8 }, (_, index) => `model-${index}`);
  await Promise.all(paths.map((artifact_path) => log(run, { ...described, artifact_path })));
  const kept = (await history(run)) as { artifact_path: string }[];
  expect(kept.map(({ artifact_path }) => artifact_path).sort()).toEqual(paths);
});

it("keeps what clients read of it, in order, and of flavors not their config", async () => {
  const run = await newRun();
  const flavors = { sklearn: { code: null, config: { weights: "…" } }, odd: 1 };
  await log(run, { ...described, flavors, model_uuid: "u", signature: "left out", artifact_path: 'a "]" \0' });
  await log(run, described);
  expect(await history(run)).toEqual([
    { ...described, flavors: { sklearn: { code: null }, odd: 1 }, model_uuid: "u", artifact_path: 'a "]" \0' },
    described,
  ]);
});

it("is refused for its number of values, before it is parsed", async () => {
  const config = Array.from({ length: 200_000 }, () => 0);
  const failure = await failureOf(log(await newRun(), { ...described, flavors: { f: { config } } }));
  expect(failure).toMatchObject({
    reason: "REQUEST_INVALID",
    message: expect.stringContaining("at most 200000 values"),
  });
});

it.each([
  ["text", "x"],
  ["no array", "{}"],
  ["empty", " [ ] "],
])("begins anew where the tag is %s", async (_, tag) => {
  const run = await newRun();
  await registry.client.runs.logBatch({ runId: run, tags: { [historyTag]: tag } });
  await log(run, described);
  expect(await history(run)).toEqual([described]);
});

it("goes on where a client wrote the tag itself", async () => {
  const run = await newRun();
  await registry.client.runs.logBatch({ runId: run, tags: { [historyTag]: ' [\n{"a": "\\u0000"}\n] ' } });
  await log(run, described);
  expect(await history(run)).toEqual([{ a: "\0" }, described]);
});

it("refuses what it cannot read or keep, and runs that take nothing", async () => {
  const run = await newRun();
  const { flavors: _, ...incomplete } = described;
  for (const wrong of ["{", "null", "[]", JSON.stringify(incomplete), JSON.stringify({ ...described, run_id: 1 })])
    expect(await failureOf(logText(run, wrong))).toMatchObject({ reason: "REQUEST_INVALID" });
  const deep = JSON.stringify(described).replace("{}", `{"a": ${"[".repeat(50_000)}${"]".repeat(50_000)}}`);
  expect(await failureOf(logText(run, deep))).toMatchObject({ reason: "REQUEST_INVALID" });
  const long = { ...described, artifact_path: "x".repeat(60_000) };
  expect(await failureOf(log(run, { ...long, run_id: "x".repeat(60_000) }))).toMatchObject({
    reason: "REQUEST_INVALID",
  });
  await log(run, long);
  expect(await failureOf(log(run, long))).toMatchObject({ reason: "REQUEST_INVALID" });
  expect(await history(run)).toEqual([long]);
  expect(await failureOf(log("0".repeat(32), described))).toMatchObject({ reason: "RUN_NOT_FOUND" });
  await registry.client.runs.deleteRun({ id: run });
  expect(await failureOf(log(run, described))).toMatchObject({ reason: "RUN_DELETED" });
});

async function newRun(): Promise<string> {
  return (await registry.client.runs.createRun({})).run!.id;
}

function log(run: string, model: object) {
  return logText(run, JSON.stringify(model));
}

async function logText(runId: string, modelJson: string) {
  await registry.client.runs.logModel({ runId, modelJson });
}

async function history(id: string): Promise<unknown> {
  const { run } = await registry.client.runs.getRun({ id });
  return JSON.parse(run!.tags[historyTag]!);
}
