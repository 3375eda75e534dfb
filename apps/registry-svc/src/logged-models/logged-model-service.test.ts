import { LoggedModelStatus } from "@mintmark/proto/mintmark/tracking/v1/logged_model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failureOf } from "../testing/failure.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry();
});
afterAll(() => registry.close());

describe("a logged model", () => {
  it("begins pending, with what its maker said of it, and has a place for its files", async () => {
    const { run } = await registry.client.runs.createRun({});
    const { model } = await models().createLoggedModel({
      experimentId: "0",
      name: "forest",
      modelType: "sklearn",
      sourceRunId: run!.id,
      tags: { team: "growth" },
      params: { depth: "3" },
    });
    expect(model).toMatchObject({
      experimentId: "0",
      name: "forest",
      modelType: "sklearn",
      sourceRunId: run!.id,
      status: LoggedModelStatus.PENDING,
      tags: { team: "growth" },
      params: { depth: "3" },
      metrics: [],
      versions: [],
      artifactUri: `mlflow-artifacts:/0/models/${model!.id}/artifacts`,
    });
    expect(model!.id).toMatch(/^m-[0-9a-f]{32}$/);
    expect((await models().getLoggedModel({ id: model!.id })).model).toEqual(model);
  });

  it("gets a name if none was given, and need not have a run", async () => {
    const { model } = await models().createLoggedModel({ experimentId: "0" });
    expect(model!.name).not.toBe("");
    expect(model!.sourceRunId).toBe("");
  });

  it("keeps the id that it had elsewhere, and no other gets it", async () => {
    const id = "m-0123456789abcdef0123456789abcdef";
    expect((await models().createLoggedModel({ experimentId: "0", id })).model!.id).toBe(id);
    for (const [taken, reason] of [
      [id, "LOGGED_MODEL_ID_TAKEN"],
      ["m-short", "REQUEST_INVALID"],
    ] as const)
      expect((await failureOf(models().createLoggedModel({ experimentId: "0", id: taken }))).reason).toBe(reason);
  });

  it("becomes ready, or is given up", async () => {
    const id = await newModel();
    const ready = await models().finalizeLoggedModel({ id, status: LoggedModelStatus.READY });
    expect(ready.model!.status).toBe(LoggedModelStatus.READY);
    const failed = await models().finalizeLoggedModel({ id, status: LoggedModelStatus.UPLOAD_FAILED });
    expect(failed.model!.status).toBe(LoggedModelStatus.UPLOAD_FAILED);
    for (const status of [LoggedModelStatus.UNSPECIFIED, LoggedModelStatus.PENDING])
      expect(await failureOf(models().finalizeLoggedModel({ id, status }))).toMatchObject({
        code: "InvalidArgument",
        reason: "REQUEST_INVALID",
      });
  });

  it("is gone for every call once it is deleted, and may be deleted again", async () => {
    const id = await newModel();
    await models().deleteLoggedModel({ id });
    await models().deleteLoggedModel({ id });
    const calls = [
      () => models().getLoggedModel({ id }),
      () => models().finalizeLoggedModel({ id, status: LoggedModelStatus.READY }),
      () => models().setLoggedModelTags({ id, tags: { a: "1" } }),
      () => models().deleteLoggedModelTag({ id, key: "a" }),
      () => models().logLoggedModelParams({ id, params: { a: "1" } }),
    ];
    for (const call of calls) expect((await failureOf(call())).reason).toBe("LOGGED_MODEL_NOT_FOUND");
  });

  it.each(["x", "m-x", `m-${"0".repeat(32)}`])("of the id %s is not there", async (id) => {
    for (const call of [models().getLoggedModel, models().deleteLoggedModel])
      expect(await failureOf(call({ id }))).toMatchObject({ code: "NotFound", reason: "LOGGED_MODEL_NOT_FOUND" });
  });

  it.each([
    ["an unknown experiment", { experimentId: "999" }, "EXPERIMENT_NOT_FOUND"],
    ["an experiment that can be none", { experimentId: "x" }, "EXPERIMENT_NOT_FOUND"],
    ["an unknown run", { experimentId: "0", sourceRunId: "f".repeat(32) }, "RUN_NOT_FOUND"],
    ["a name with a meaning in URIs", { experimentId: "0", name: "a/b" }, "REQUEST_INVALID"],
    ["a name that is too long", { experimentId: "0", name: "a".repeat(501) }, "REQUEST_INVALID"],
    ["a tag without a key", { experimentId: "0", tags: { "": "1" } }, "REQUEST_INVALID"],
    ["a parameter that is too long", { experimentId: "0", params: { a: "x".repeat(6001) } }, "REQUEST_INVALID"],
  ])("with %s is refused", async (_, request, reason) => {
    expect((await failureOf(models().createLoggedModel(request))).reason).toBe(reason);
  });

  it("of a deleted experiment is refused", async () => {
    const { rows } = await registry.database.owner.pool.query<{ id: string }>(
      "insert into mintmark.experiment (name, deleted_at) values ('gone', now()) returning experiment_pk::text as id",
    );
    expect(await failureOf(models().createLoggedModel({ experimentId: rows[0]!.id }))).toMatchObject({
      code: "FailedPrecondition",
      reason: "EXPERIMENT_DELETED",
    });
  });
});

describe("tags and parameters of a logged model", () => {
  it("tags are set, replaced and removed one by one", async () => {
    const id = await newModel();
    await models().setLoggedModelTags({ id, tags: { a: "1", b: "2" } });
    const { model } = await models().setLoggedModelTags({ id, tags: { a: "3" } });
    expect(model!.tags).toEqual({ a: "3", b: "2" });
    await models().deleteLoggedModelTag({ id, key: "a" });
    expect((await models().getLoggedModel({ id })).model!.tags).toEqual({ b: "2" });
    expect(await failureOf(models().deleteLoggedModelTag({ id, key: "a" }))).toMatchObject({
      code: "NotFound",
      reason: "TAG_NOT_FOUND",
    });
  });

  it("parameters are added, may be repeated and not changed, and of a refused call none is added", async () => {
    const id = await newModel();
    await models().logLoggedModelParams({ id, params: { depth: "3" } });
    await models().logLoggedModelParams({ id, params: { depth: "3", width: "1" } });
    const failure = await failureOf(models().logLoggedModelParams({ id, params: { depth: "4", late: "x" } }));
    expect(failure).toMatchObject({ code: "InvalidArgument", reason: "LOGGED_MODEL_PARAM_CHANGED" });
    expect(failure.message).toContain("'depth' of logged model");
    expect((await models().getLoggedModel({ id })).model!.params).toEqual({ depth: "3", width: "1" });
  });

  it("of 20 racing values for one parameter one wins, and the others are told", async () => {
    const id = await newModel();
    // The first round only opens connections: whoever has one would be done before the others begin.
    for (const round of ["race 1", "race 2", "race 3"]) {
      const calls = Array.from({ length: 20 }, (_, i) =>
        models().logLoggedModelParams({ id, params: { [round]: String(i) } }),
      );
      const results = await Promise.allSettled(calls);
      const won = results.flatMap(({ status }, i) => (status === "fulfilled" ? [String(i)] : []));
      expect(won).toHaveLength(1);
      expect((await models().getLoggedModel({ id })).model!.params[round]).toBe(won[0]);
    }
  });
});

it("logged models are found by the search grammar, the latest first, page by page", async () => {
  const { experiment } = await registry.client.experiments.createExperiment({ name: "searched" });
  const experimentIds = [experiment!.id];
  for (const depth of ["1", "2", "3"])
    await models().createLoggedModel({ experimentId: experiment!.id, name: `d${depth}`, params: { depth } });
  const found = await models().searchLoggedModels({ experimentIds, filter: "params.depth != '2'" });
  expect(found.models.map(({ name }) => name)).toEqual(["d3", "d1"]);
  const first = await models().searchLoggedModels({ experimentIds, pageSize: 2 });
  const rest = await models().searchLoggedModels({ experimentIds, pageSize: 50_000, pageToken: first.nextPageToken });
  expect([...first.models, ...rest.models].map(({ name }) => name)).toEqual(["d3", "d2", "d1"]);
  expect(rest.nextPageToken).toBe("");
});

it("shows its metrics by data set and the versions that were registered of it", async () => {
  const runId = (await registry.client.runs.createRun({})).run!.id;
  const { model } = await models().createLoggedModel({ experimentId: "0", sourceRunId: runId });
  const about = { modelId: model!.id, datasetName: "d", datasetDigest: "1" };
  await registry.client.runs.logBatch({
    runId,
    metrics: [
      { key: "acc", value: 0.5, step: 1n, ...about },
      { key: "acc", value: Number.NaN, step: 2n, ...about },
      { key: "acc", value: 0.25, step: 9_007_199_254_740_993n, modelId: model!.id },
    ],
  });
  await registry.client.models.createModel({ name: "of.three.parts" });
  const source = `models:/${model!.id}`;
  await registry.client.versions.createVersion({ model: "of.three.parts", source, loggedModelId: model!.id });
  const { model: seen } = await models().getLoggedModel({ id: model!.id });
  expect(seen!.metrics.map(({ value, step, datasetName, runId }) => [value, step, datasetName, runId])).toEqual([
    [0.25, 9_007_199_254_740_993n, "", runId],
    [Number.NaN, 2n, "d", runId],
  ]);
  expect(seen!.versions).toEqual(["of.three.parts/1"]);
});

it("what was created, finalized or deleted is an event", async () => {
  const id = await newModel();
  await models().finalizeLoggedModel({ id, status: LoggedModelStatus.READY });
  await models().deleteLoggedModel({ id });
  const { rows } = await registry.database.owner.pool.query<{ kind: string }>(
    "select kind from mintmark.event where detail->>'logged_model' = $1 order by number",
    [id],
  );
  expect(rows.map(({ kind }) => kind)).toEqual([
    "logged_model.created",
    "logged_model.finalized",
    "logged_model.deleted",
  ]);
});

it("nothing of all this left as an internal error", () => {
  expect(registry.unexpected).toEqual([]);
});

function models() {
  return registry.client.loggedModels;
}

async function newModel(): Promise<string> {
  return (await models().createLoggedModel({ experimentId: "0" })).model!.id;
}
