import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import { reasonOf } from "@mintmark/registry-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry();
});
afterAll(() => registry.close());

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

  it.each([
    ["too many params", { params: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`p${i}`, ""])) }],
    ["an empty key", { metrics: [point("", 1, 1)] }],
    ["NUL in a value", { params: { a: "\0" } }],
    ["a digest that is none", { inputs: [{ ...dataset("b"), blake3: "xyz" }] }],
  ])("with %s is refused", async (_, batch) => {
    await refused(runs().logBatch({ runId: await newRun(), ...batch }), "REQUEST_INVALID");
  });

  it("for a run that does not exist is refused", async () => {
    await refused(runs().logBatch({ runId: "f".repeat(32), tags: { a: "1" } }), "RUN_NOT_FOUND");
  });
});

describe("the history of a metric", () => {
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

async function history(runId: string, key: string) {
  return (await runs().getMetricHistory({ runId, key })).points;
}

function point(key: string, value: number, step: number | bigint, ms = 1_700_000_000_000) {
  return { key, value, step: BigInt(step), time: timestampFromMs(ms) };
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
