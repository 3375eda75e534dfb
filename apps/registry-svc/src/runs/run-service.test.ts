import { toJson } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { RunSchema, RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import { reasonOf } from "@mintmark/registry-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failureOf } from "../testing/failure.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry();
});
afterAll(() => registry.close());

it("keys that objects have of their own are keys like others", async () => {
  const names = ["__proto__", "constructor", "hasOwnProperty", "prototype", "toString", "valueOf"];
  const entries = Object.fromEntries(names.map((name) => [name, `of ${name}`]));
  const { runs } = registry.client;
  const { run } = await runs.createRun({ tags: entries });
  await runs.logBatch({ runId: run!.id, params: entries, metrics: names.map((key) => ({ key, value: 1 })) });
  const read = (await runs.getRun({ id: run!.id })).run!;
  expect(Object.entries(read.params).sort()).toEqual(Object.entries(entries).sort());
  expect(Object.keys(read.metrics).sort()).toEqual(names);
  for (const name of names) expect(Object.getOwnPropertyDescriptor(read.tags, name)?.value).toBe(`of ${name}`);
});

describe("a run", () => {
  it("begins running, with its experiment, tags and a made-up name", async () => {
    const { run } = await runs().createRun({ experiment: "first", tags: { team: "growth" } });
    expect(run).toMatchObject({
      experiment: "first",
      experimentId: expect.stringMatching(/^[1-9]\d*$/),
      name: expect.stringMatching(/^[a-z]+-[a-z]+-\d{3}$/),
      user: "admin",
      status: RunStatus.RUNNING,
      tags: { team: "growth", "mlflow.runName": run!.name },
      artifactUri: `mlflow-artifacts:/${run!.experimentId}/${run!.id}/artifacts`,
      deleted: false,
      parentRunId: "",
    });
    expect(run!.id).toMatch(/^[0-9a-f]{32}$/);
    expect((await runs().createRun({})).run).toMatchObject({ experiment: "Default", experimentId: "0" });
  });

  it("can be a part of another, which must exist", async () => {
    const parent = await newRun();
    const { run } = await runs().createRun({ parentRunId: parent });
    expect(run!.parentRunId).toBe(parent);
    await refused(runs().createRun({ parentRunId: "0".repeat(32) }), "RUN_NOT_FOUND");
    await refused(runs().createRun({ experiment: " " }), "EXPERIMENT_NAME_INVALID");
  });

  it("is a part of the run that a tag names, if that is here", async () => {
    const parent = await newRun();
    const child = await runs().createRun({ tags: { "mlflow.parentRunId": parent } });
    expect(child.run!.parentRunId).toBe(parent);
    const stranger = await runs().createRun({ tags: { "mlflow.parentRunId": "f".repeat(32) } });
    expect(stranger.run!.parentRunId).toBe("f".repeat(32));
    const native = await runs().createRun({ parentRunId: parent });
    expect(native.run!.tags["mlflow.parentRunId"]).toBe(parent);
  });

  it("has one spelling of its id, and so has a logged model", async () => {
    const id = (await newRun()).toUpperCase();
    await refused(runs().getRun({ id }), "RUN_NOT_FOUND");
    await refused(runs().logBatch({ runId: id }), "RUN_NOT_FOUND");
    await refused(runs().createRun({ id }), "REQUEST_INVALID");
    const model = (await loggedModel()).replace(/[0-9a-f]+$/, (digits) => digits.toUpperCase());
    await refused(registry.client.loggedModels.getLoggedModel({ id: model }), "LOGGED_MODEL_NOT_FOUND");
  });

  it("takes the id, the user and the start that it is given", async () => {
    const id = "0123456789abcdef0123456789abcdef";
    const startTime = timestampFromMs(1_234_567_890_123);
    const { run } = await runs().createRun({ id, user: "ada", startTime });
    expect(run).toMatchObject({ id, user: "ada", startTime });
    expect(await failureOf(runs().createRun({ id }))).toMatchObject({ code: "AlreadyExists", reason: "RUN_ID_TAKEN" });
    expect((await runs().createRun({ tags: { "mlflow.user": "bob" } })).run!.user).toBe("bob");
    await refused(runs().createRun({ id: "xyz" }), "REQUEST_INVALID");
    await refused(runs().createRun({ experiment: "a", experimentId: "0" }), "REQUEST_INVALID");
    await refused(runs().createRun({ startTime: { seconds: 10n ** 15n, nanos: 0 } }), "REQUEST_INVALID");
    const lastMoment = { seconds: 253_402_300_799n, nanos: 999_999_999 };
    expect((await runs().createRun({ startTime: lastMoment })).run!.startTime).toMatchObject({ nanos: 999_000_000 });
  });

  it("says what was executed, by MLflow's tags, else by those of training files", async () => {
    const tags = {
      "mlflow.source.name": "train.py",
      "mlflow.source.type": "LOCAL",
      "mlflow.source.git.commit": "c0ffee",
      "mlflow.source.git.branch": "main",
      "mlflow.source.git.repoURL": "https://example.org/r.git",
    };
    expect((await runs().createRun({ tags })).run!.source).toMatchObject({
      name: "train.py",
      type: "LOCAL",
      gitCommit: "c0ffee",
      gitBranch: "main",
      gitRepository: "https://example.org/r.git",
    });
    const own = await runs().createRun({ tags: { "git.commit": "beef", "git.branch": "dev" } });
    expect(own.run!.source).toMatchObject({ name: "", gitCommit: "beef", gitBranch: "dev" });
  });

  it("has one name, whether it is given as such or as the tag mlflow.runName", async () => {
    const nameAndTag = async (id: string) => {
      const { name, tags } = (await runs().getRun({ id })).run!;
      return [name, tags["mlflow.runName"]];
    };
    const id = (await runs().createRun({ tags: { "mlflow.runName": "by tag" } })).run!.id;
    expect(await nameAndTag(id)).toEqual(["by tag", "by tag"]);
    await runs().updateRun({ id, name: "updated" });
    expect(await nameAndTag(id)).toEqual(["updated", "updated"]);
    await runs().logBatch({ runId: id, tags: { "mlflow.runName": "tagged" } });
    expect(await nameAndTag(id)).toEqual(["tagged", "tagged"]);
    expect(await nameAndTag((await runs().createRun({ name: "n", tags: { "mlflow.runName": "n" } })).run!.id)).toEqual([
      "n",
      "n",
    ]);
    await refused(runs().createRun({ name: "one", tags: { "mlflow.runName": "other" } }), "REQUEST_INVALID");
  });

  it("ends when its caller says so, or now", async () => {
    const id = await newRun();
    const endTime = timestampFromMs(1_700_000_000_123);
    const ended = await runs().updateRun({ id, status: RunStatus.KILLED, endTime });
    expect(ended.run).toMatchObject({ status: RunStatus.KILLED, endTime });
    const failed = await runs().updateRun({ id, status: RunStatus.FAILED });
    expect(failed.run).toMatchObject({ status: RunStatus.FAILED, endTime });
    await refused(runs().updateRun({ id, status: 9 as RunStatus }), "REQUEST_INVALID");
  });

  it("that is deleted takes no writes and is not listed, until it is restored", async () => {
    const { run } = await runs().createRun({ experiment: "bin", tags: { a: "1" } });
    const { id } = run!;
    await runs().deleteRun({ id });
    await runs().deleteRun({ id });
    expect((await runs().getRun({ id })).run!.deleted).toBe(true);
    expect((await runs().listRuns({ experiment: "bin" })).runs).toEqual([]);
    const refusal = { code: "FailedPrecondition", reason: "RUN_DELETED" };
    expect(await failureOf(runs().logBatch({ runId: id, tags: { a: "2" } }))).toMatchObject(refusal);
    expect(await failureOf(runs().logBatch({ runId: id, metrics: [point("a", 1, 1)] }))).toMatchObject(refusal);
    expect(await failureOf(runs().updateRun({ id, name: "n" }))).toMatchObject(refusal);
    expect(await failureOf(runs().deleteRunTag({ id, key: "a" }))).toMatchObject(refusal);
    await runs().restoreRun({ id });
    await runs().restoreRun({ id });
    await runs().logBatch({ runId: id, tags: { a: "2" } });
    expect((await runs().getRun({ id })).run).toMatchObject({ deleted: false, tags: { a: "2" } });
    await refused(runs().deleteRun({ id: "f".repeat(32) }), "RUN_NOT_FOUND");
    await refused(runs().restoreRun({ id: "f".repeat(32) }), "RUN_NOT_FOUND");
  });

  it("loses a tag, once", async () => {
    const { run } = await runs().createRun({ tags: { a: "1", b: "2" } });
    await runs().deleteRunTag({ id: run!.id, key: "a" });
    expect((await runs().getRun({ id: run!.id })).run!.tags).toEqual({ b: "2", "mlflow.runName": run!.name });
    expect(await failureOf(runs().deleteRunTag({ id: run!.id, key: "a" }))).toMatchObject({
      code: "NotFound",
      reason: "TAG_NOT_FOUND",
    });
    await refused(runs().deleteRunTag({ id: "f".repeat(32), key: "a" }), "RUN_NOT_FOUND");
    await refused(runs().deleteRunTag({ id: run!.id, key: "a\0" }), "REQUEST_INVALID");
  });

  it("is found by search as others are", async () => {
    const { run } = await runs().createRun({ experiment: "searched", tags: { a: "x" } });
    const experimentIds = [run!.experimentId];
    expect((await runs().searchRuns({ experimentIds, filter: "tags.a = 'x'" })).runs).toEqual([run]);
  });

  it("ends, and can go on again", async () => {
    const id = await newRun();
    const ended = await runs().updateRun({ id, status: RunStatus.FINISHED, name: "done" });
    expect(ended.run).toMatchObject({ status: RunStatus.FINISHED, name: "done", endTime: expect.anything() });
    const again = await runs().updateRun({ id, status: RunStatus.RUNNING });
    expect(again.run!.endTime).toBeUndefined();
    await refused(runs().updateRun({ id: "x", name: "y" }), "RUN_NOT_FOUND");
  });

  it("is listed the latest first, page by page, by experiment and status", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift((await runs().createRun({ experiment: "paged" })).run!.id);
    await runs().updateRun({ id: ids[2]!, status: RunStatus.FAILED });
    const first = await runs().listRuns({ experiment: "paged", pageSize: 2 });
    const second = await runs().listRuns({ experiment: "paged", pageSize: 2, pageToken: first.nextPageToken });
    const third = await runs().listRuns({ experiment: "paged", pageSize: 2, pageToken: second.nextPageToken });
    expect([first, second, third].flatMap((page) => page.runs.map((run) => run.id))).toEqual(ids);
    expect(third.nextPageToken).toBe("");
    const failed = await runs().listRuns({ experiment: "paged", status: RunStatus.FAILED });
    expect(failed.runs.map((run) => run.id)).toEqual([ids[2]]);
    await refused(runs().listRuns({ pageToken: "nonsense" }), "PAGE_TOKEN_INVALID");
    expect((await runs().listRuns({ experiment: "none such" })).runs).toEqual([]);
  });

  it("is found by the beginning of its id, and several by theirs", async () => {
    const ids = ["abc0", "abc1", "abd0"].map((start) => start.padEnd(32, "5"));
    for (const id of ids) await runs().createRun({ experiment: "prefixed", id });
    const idsOf = async (filter: { idPrefix?: string; ids?: string[] }) =>
      (await runs().listRuns(filter)).runs.map(({ id }) => id).sort();
    expect(await idsOf({ idPrefix: "abc" })).toEqual(ids.slice(0, 2));
    expect(await idsOf({ idPrefix: "abd0" })).toEqual(ids.slice(2));
    expect(await idsOf({ idPrefix: ids[0]! })).toEqual(ids.slice(0, 1));
    expect(await idsOf({ ids: [ids[0]!, ids[2]!, "no id", "0".repeat(32)] })).toEqual([ids[0], ids[2]]);
    for (const idPrefix of ["xyz", "ABC", "a".repeat(33), "a%"])
      await refused(runs().listRuns({ idPrefix }), "RUN_ID_PREFIX_INVALID");
  });
});

describe("a batch", () => {
  it("logs parameters, metrics, tags and inputs", async () => {
    const runId = await newRun();
    const input = dataset("a");
    await runs().logBatch({
      runId,
      params: { depth: "3" },
      metrics: [{ key: "loss", value: 0.5, step: 1n }],
      tags: { a: "1" },
      inputs: [input],
    });
    const { run } = await runs().getRun({ id: runId });
    expect(run).toMatchObject({ params: { depth: "3" }, metrics: { loss: 0.5 }, tags: { a: "1" }, inputs: [input] });
  });

  it("takes a snapshot once that is there twice in one role", async () => {
    const runId = await newRun();
    await runs().logBatch({ runId, inputs: [dataset("a"), dataset("a"), { ...dataset("a"), role: "other" }] });
    const { inputs } = (await runs().getRun({ id: runId })).run!;
    expect(inputs.map(({ role }) => role).toSorted()).toEqual([dataset("a").role, "other"].toSorted());
  });

  it("may be repeated; a parameter may not change, and then nothing of the batch is kept", async () => {
    const runId = await newRun();
    const batch = { runId, params: { depth: "3" }, metrics: [point("loss", 1, 1)] };
    await runs().logBatch(batch);
    await runs().logBatch(batch);
    const changed = { runId, params: { depth: "4", width: "1" }, metrics: [point("loss", 2, 2)], tags: { t: "1" } };
    const error = await refused(runs().logBatch(changed), "PARAM_CHANGED");
    expect(error.message).toContain(`param 'depth' of run ${runId} is '3' already and cannot become '4'`);
    const { run } = await runs().getRun({ id: runId });
    expect(run).toMatchObject({ params: { depth: "3" }, metrics: { loss: 1 }, tags: {} });
    expect((await history(runId, "loss")).map(({ value }) => value)).toEqual([1]);
  });

  it("of 20 racing values for one parameter lets one win", async () => {
    const runId = await newRun();
    const calls = Array.from({ length: 20 }, (_, i) => runs().logBatch({ runId, params: { race: String(i) } }));
    const results = await Promise.allSettled(calls);
    const won = results.flatMap(({ status }, i) => (status === "fulfilled" ? [String(i)] : []));
    expect(won).toHaveLength(1);
    expect((await runs().getRun({ id: runId })).run!.params).toEqual({ race: won[0] });
  });

  it("keeps NaN and infinite metrics, every bit of a double, and steps of 64 bits", async () => {
    const runId = await newRun();
    const values = [
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      0.1 + 0.2,
      5e-324,
      1.7976931348623157e308,
    ];
    const metrics = values.map((value, i) => point(`m${i}`, value, 9_223_372_036_854_775_807n));
    await runs().logBatch({ runId, metrics });
    const { run } = await runs().getRun({ id: runId });
    expect(values.map((_, i) => run!.metrics[`m${i}`])).toEqual(values);
    expect((await history(runId, "m3"))[0]!.step).toBe(9_223_372_036_854_775_807n);
  });

  it("shows the value of the highest step, then time, then value as the latest", async () => {
    const runId = await newRun();
    await runs().logBatch({
      runId,
      metrics: [point("loss", 5, 3, 10), point("loss", 7, 3, 20), point("loss", 1, 2, 30)],
    });
    expect((await runs().getRun({ id: runId })).run!.metrics["loss"]).toBe(7);
    await runs().logBatch({ runId, metrics: [point("loss", 0, 1, 99)] });
    expect((await runs().getRun({ id: runId })).run!.metrics["loss"]).toBe(7);
  });

  it("is taken also after the end of a run that its caller executes", async () => {
    const runId = await newRun();
    await runs().updateRun({ id: runId, status: RunStatus.FINISHED });
    await runs().logBatch({ runId, params: { a: "1" }, metrics: [point("m", 1, 1)], tags: { late: "yes" } });
    expect((await runs().getRun({ id: runId })).run).toMatchObject({
      params: { a: "1" },
      metrics: { m: 1 },
      tags: { late: "yes" },
      status: RunStatus.FINISHED,
    });
  });

  it("takes data as clients describe it, and what was said first of one name and digest stays", async () => {
    const { run } = await runs().createRun({ experiment: "described" });
    const input = {
      name: "frame",
      digest: "abc123",
      sourceType: "local",
      source: '{"uri": "a.csv"}',
      schemaJson: "{}",
      profileJson: '{"rows": 3}',
      role: "training",
      tags: { note: "n" },
    };
    await runs().logBatch({ runId: run!.id, inputs: [input, dataset("c")] });
    await runs().logBatch({ runId: run!.id, inputs: [{ ...input, role: "other" }] });
    const { inputs } = (await runs().getRun({ id: run!.id })).run!;
    expect(inputs).toMatchObject([dataset("c"), { ...input, blake3: "" }]);

    const other = (await runs().createRun({ experiment: "described" })).run!.id;
    await runs().logBatch({ runId: other, inputs: [{ ...input, source: "changed", role: "test" }] });
    expect((await runs().getRun({ id: other })).run!.inputs).toMatchObject([{ ...input, role: "test" }]);
    const { edges } = await registry.client.lineage.getLineage({ uri: `runs:/${other}` });
    expect(edges.map(({ from, to, role }) => [from!.id, role, to!.id])).toEqual([
      [`${input.name}#${input.digest}`, "test", other],
    ]);
  });

  it("names logged models that are read and made, each once", async () => {
    const runId = await newRun();
    const [read, made] = [await loggedModel(), await loggedModel()];
    const batch = { runId, modelInputs: [read], modelOutputs: [{ modelId: made, step: 7n }] };
    await runs().logBatch(batch);
    await runs().logBatch(batch);
    const { run } = await runs().getRun({ id: runId });
    expect(run).toMatchObject({ modelInputs: [read], modelOutputs: [{ modelId: made, step: 7n }] });
    const { edges } = await registry.client.lineage.getLineage({ uri: `runs:/${runId}` });
    expect(edges.map(({ from, to, role }) => [from!.id, role, to!.id])).toEqual([
      [read, "input", runId],
      [runId, "output", made],
    ]);
  });

  it("with metrics of logged models keeps them for these as well, the latest for each data set", async () => {
    const runId = await newRun();
    const modelId = await loggedModel();
    const about = { modelId, datasetName: "frame", datasetDigest: "d" };
    await runs().logBatch({ runId, metrics: [point("auc", 0.5, 1), point("loss", 9, 9)] });
    await runs().logBatch({
      runId,
      metrics: [
        { ...point("auc", 0.5, 1), modelId },
        { ...point("auc", 0.7, 2), ...about },
        { ...point("auc", Number.NaN, 1), ...about },
        point("loss", 8, 8),
      ],
    });
    await runs().logBatch({ runId, metrics: [{ ...point("auc", 0.1, 1), ...about }] });
    const { model } = await registry.client.loggedModels.getLoggedModel({ id: modelId });
    expect(model!.metrics).toMatchObject([
      { key: "auc", value: 0.5, step: 1n, datasetName: "", runId, modelId },
      { key: "auc", value: 0.7, step: 2n, datasetName: "frame", datasetDigest: "d", runId },
    ]);
    expect((await runs().getRun({ id: runId })).run!.metrics).toEqual({ auc: 0.7, loss: 9 });
  });

  it("that names a logged model that is not here is refused whole", async () => {
    const runId = await newRun();
    const deleted = await loggedModel();
    await registry.client.loggedModels.deleteLoggedModel({ id: deleted });
    for (const modelId of [`m-${"0".repeat(32)}`, "m-x", deleted])
      for (const batch of [
        { metrics: [{ ...point("a", 1, 1), modelId }] },
        { modelInputs: [modelId] },
        { modelOutputs: [{ modelId }] },
      ])
        expect(await failureOf(runs().logBatch({ runId, params: { p: "1" }, ...batch }))).toMatchObject({
          code: "NotFound",
          reason: "LOGGED_MODEL_NOT_FOUND",
        });
    expect((await runs().getRun({ id: runId })).run).toMatchObject({ params: {}, metrics: {} });
  });

  it("takes values of tags up to 100,000 characters", async () => {
    const runId = await newRun();
    const long = "x".repeat(100_000);
    await runs().logBatch({ runId, tags: { long } });
    expect((await runs().getRun({ id: runId })).run!.tags["long"]).toBe(long);
    await refused(runs().logBatch({ runId, tags: { long: `${long}x` } }), "REQUEST_INVALID");
  });

  it("of 16 writers whose keys are all new and in other orders is taken from each", async () => {
    const keys = Array.from({ length: 40 }, (_, i) => `shuffled/${i}`);
    const ids = await Promise.all(Array.from({ length: 16 }, newRun));
    await Promise.all(
      ids.map((runId, i) => {
        const own = [...keys.slice(i), ...keys.slice(0, i)];
        return runs().logBatch({
          runId,
          params: Object.fromEntries((i % 2 ? own : own.reverse()).map((key) => [key, "v"])),
        });
      }),
    );
    for (const id of ids) expect(Object.keys((await runs().getRun({ id })).run!.params)).toHaveLength(40);
  });

  it.each([
    ["too many params", { params: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`p${i}`, ""])) }, "100"],
    ["an empty key", { metrics: [point("", 1, 1)] }, "metric key"],
    ["a key of 251 characters", { params: { ["k".repeat(251)]: "" } }, "250"],
    ["a key with a question mark", { tags: { "what?": "" } }, "what?"],
    ["a key that climbs", { params: { "../up": "" } }, 'normal form, got "../up"'],
    ["a key that is not as short as it could be", { params: { "a/./b": "" } }, 'got "a/./b", which is a/b'],
    ["a key that begins at the root", { metrics: [point("/root", 1, 1)] }, "/root"],
    ["a key with an empty part", { metrics: [point("a//b", 1, 1)] }, "a//b"],
    ["a key that ends in a slash", { metrics: [point("a/", 1, 1)] }, "a/"],
    ["a dot as a key", { tags: { ".": "" } }, '"."'],
    ["NUL in a value", { params: { a: "\0" } }, "NUL"],
    ["a value of 6001 characters", { params: { a: "x".repeat(6_001) } }, "6000"],
    ["a digest that is none", { inputs: [{ ...dataset("b"), blake3: "xyz" }] }, "64"],
    ["data without name", { inputs: [{ digest: "d" }] }, "name"],
    ["data whose digest is too long", { inputs: [{ name: "n", digest: "d".repeat(37) }] }, "36"],
  ])("with %s is refused and says so", async (_, batch, said) => {
    const error = await refused(runs().logBatch({ runId: await newRun(), ...batch }), "REQUEST_INVALID");
    expect(error.message).toContain(said);
  });

  it.each(["a b", "é/日本 1", "split.seed", "step/fit_seconds", "a:b-c", ".hidden"])(
    "takes the key %j",
    async (key) => {
      const runId = await newRun();
      await runs().logBatch({ runId, params: { [key]: "1" }, metrics: [point(key, 1, 1)], tags: { [key]: "1" } });
      expect((await history(runId, key)).map(({ value }) => value)).toEqual([1]);
    },
  );

  it("for a run that does not exist is refused", async () => {
    await refused(runs().logBatch({ runId: "f".repeat(32), tags: { a: "1" } }), "RUN_NOT_FOUND");
  });
});

describe("the history of a metric", () => {
  it("keeps times that count other units than milliseconds, to the digit", async () => {
    const runId = await newRun();
    const times = [1_795_278_194_901_123n, 1_795_278_194_901_123_457n, 2n ** 63n - 1n];
    await runs().logBatch({ runId, metrics: times.map((ms) => point("loss", 1, 0, ms)) });
    expect((await history(runId, "loss")).map(({ timeMs }) => timeMs)).toEqual(times);
    const { run } = await runs().getRun({ id: runId });
    expect(run!.latestPoints[0]!.timeMs).toBe(times.at(-1));
    expect(() => toJson(RunSchema, run!)).not.toThrow();
  });

  it("is read by time and step, page by page, also across NaN", async () => {
    const runId = await newRun();
    const metrics = Array.from({ length: 10 }, (_, i) => point("loss", i === 4 ? Number.NaN : i, i, 1_000 + i));
    await runs().logBatch({ runId, metrics: metrics.toReversed() });
    const seen: number[] = [];
    let pageToken = "";
    do {
      const page = await runs().getMetricHistory({ runId, key: "loss", pageSize: 3, pageToken });
      seen.push(...page.points.map(({ value }) => value));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toEqual([0, 1, 2, 3, Number.NaN, 5, 6, 7, 8, 9]);
    expect(await history(runId, "none")).toEqual([]);
  });

  it("has tokens of its own, which no others stand in for", async () => {
    const runId = await newRun();
    await runs().logBatch({ runId, metrics: [point("loss", 1, 1), point("loss", 2, 2), point("acc", 1, 1)] });
    const page = (key: string, pageToken: string) => runs().getMetricHistory({ runId, key, pageSize: 1, pageToken });
    const { nextPageToken } = await page("loss", "");
    const [name, ts, step, , seal] = JSON.parse(Buffer.from(nextPageToken, "base64url").toString());
    for (const key of [
      [ts, step, "1.2.3"],
      [ts, "9".repeat(19), "1"],
      [ts, step],
    ]) {
      const forged = Buffer.from(JSON.stringify([name, ...key, seal])).toString("base64url");
      await refused(page("loss", forged), "PAGE_TOKEN_INVALID");
    }
    await refused(page("acc", nextPageToken), "PAGE_TOKEN_INVALID");
    expect((await page("loss", nextPageToken)).points).toMatchObject([{ value: 2 }]);
  });
});

describe("one metric of several runs", () => {
  it("comes run by run as asked, by step, with the first and the last point and as many between as fit", async () => {
    const [a, b] = [await newRun(), await newRun()];
    await runs().logBatch({ runId: a, metrics: Array.from({ length: 101 }, (_, i) => point("loss", 100 - i, i)) });
    await runs().logBatch({ runId: b, metrics: [point("loss", 1, -5), point("loss", 2, 5), point("other", 3, 5)] });
    const asked = { runIds: [b, "f".repeat(32), "nonsense", a], key: "loss", maxPoints: 5 };
    const { points } = await runs().compareMetric(asked);
    expect(points.map(({ runId, step, value }) => [runId, step, value])).toEqual([
      [b, -5n, 1],
      [b, 5n, 2],
      [a, 0n, 100],
      [a, 25n, 75],
      [a, 50n, 50],
      [a, 75n, 25],
      [a, 100n, 0],
    ]);
  });

  it("is cut to the steps that are of interest", async () => {
    const runId = await newRun();
    await runs().logBatch({ runId, metrics: Array.from({ length: 10 }, (_, i) => point("loss", i, i)) });
    const steps = async (range: { startStep?: bigint; endStep?: bigint; maxPoints?: number }) =>
      (await runs().compareMetric({ runIds: [runId], key: "loss", ...range })).points.map(({ step }) => Number(step));
    expect(await steps({})).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await steps({ startStep: 3n, endStep: 5n })).toEqual([3, 4, 5]);
    expect(await steps({ startStep: 9n })).toEqual([9]);
    expect(await steps({ maxPoints: 2 })).toEqual([0, 9]);
    expect(await steps({ maxPoints: 1 })).toEqual([0]);
    expect(await steps({ startStep: 3n, endStep: 3n, maxPoints: 1 })).toEqual([3]);
  });

  it.each([
    ["no runs", { runIds: [] }],
    ["101 runs", { runIds: Array.from({ length: 101 }, () => "0".repeat(32)) }],
    ["25001 points", { runIds: ["0".repeat(32)], maxPoints: 25_001 }],
  ])("with %s is refused", async (_, request) => {
    await refused(runs().compareMetric({ key: "a", ...request }), "REQUEST_INVALID");
  });
});

it("a parameter cannot be rewritten in the database either", async () => {
  const runId = await newRun();
  await runs().logBatch({ runId, params: { a: "1" } });
  await expect(registry.database.owner.pool.query("update mintmark.param set value = '2'")).rejects.toMatchObject({
    code: "MM001",
  });
  await expect(registry.database.pool.query("update param set value = '2'")).rejects.toMatchObject({ code: "42501" });
});

it("nothing of all this left as an internal error", () => {
  expect(registry.unexpected).toEqual([]);
});

function runs() {
  return registry.client.runs;
}

async function newRun(): Promise<string> {
  return (await runs().createRun({})).run!.id;
}

async function loggedModel(): Promise<string> {
  return (await registry.client.loggedModels.createLoggedModel({ experimentId: "0", name: "m" })).model!.id;
}

async function history(runId: string, key: string) {
  return (await runs().getMetricHistory({ runId, key })).points;
}

function point(key: string, value: number, step: number | bigint, ms: number | bigint = 1_700_000_000_000) {
  return { key, value, step: BigInt(step), timeMs: BigInt(ms) };
}

function dataset(digit: string) {
  const [blake3, sha256] = [digit.repeat(64), digit.repeat(64)];
  return {
    name: "a.csv",
    blake3,
    sha256,
    source: "a.csv",
    role: "training",
    rows: 10n,
    schemaJson: "{}",
    size: 2n ** 60n,
  };
}

async function refused(call: Promise<unknown>, reason: string): Promise<Error> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(reasonOf(error)).toBe(reason);
  return error as Error;
}
