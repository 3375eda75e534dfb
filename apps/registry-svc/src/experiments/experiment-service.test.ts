import { LifecycleView } from "@mintmark/proto/mintmark/tracking/v1/experiment";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failureOf } from "../testing/failure.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry();
});
afterAll(() => registry.close());

describe("an experiment", () => {
  it("has a number, a place for files, tags and times", async () => {
    const { experiment } = await experiments().createExperiment({ name: "first", tags: { team: "growth" } });
    expect(experiment).toMatchObject({
      id: expect.stringMatching(/^[1-9]\d*$/),
      name: "first",
      artifactLocation: `mlflow-artifacts:/${experiment!.id}`,
      deleted: false,
      tags: { team: "growth" },
      createTime: expect.anything(),
      updateTime: expect.anything(),
    });
    expect(await byName("first")).toEqual(experiment);
    expect(await byId(experiment!.id)).toEqual(experiment);
  });

  it("called Default is there from the beginning as number 0, takes the runs that name none, and cannot be deleted", async () => {
    expect(await byId("0")).toMatchObject({ name: "Default", artifactLocation: "mlflow-artifacts:/0", deleted: false });
    expect((await runs().createRun({})).run!.experimentId).toBe("0");
    expect(await failureOf(experiments().deleteExperiment({ id: "0" }))).toMatchObject({
      code: "FailedPrecondition",
      reason: "EXPERIMENT_IS_DEFAULT",
    });
  });

  it("keeps its runs' files below the location that it was given", async () => {
    const id = await newExperiment({ name: "elsewhere", artifactLocation: "s3://bucket/base/" });
    expect((await byId(id)).artifactLocation).toBe("s3://bucket/base/");
    const { run } = await runs().createRun({ experimentId: id });
    expect(run!.artifactUri).toBe(`s3://bucket/base/${run!.id}/artifacts`);
  });

  it.each(["", "  ", "a\nb", "x".repeat(501)])("cannot be called %j", async (name) => {
    expect((await failureOf(experiments().createExperiment({ name }))).reason).toBe("EXPERIMENT_NAME_INVALID");
  });

  it.each([
    ["a tag without a key", { tags: { "": "x" } }],
    ["a tag's key that is no normal path", { tags: { "a//b": "x" } }],
    ["a value of 20001 characters", { tags: { a: "x".repeat(20_001) } }],
    ["a location below a run", { artifactLocation: "runs:/a/b" }],
    ["a location with a query", { artifactLocation: "s3://b/x?y=1" }],
    ["a location with a fragment", { artifactLocation: "s3://b/x#f" }],
    ["a location that climbs", { artifactLocation: "s3://b/a/../x" }],
    ["a location above this server's", { artifactLocation: "mlflow-artifacts:/.." }],
  ])("is not made with %s", async (what, request) => {
    expect((await failureOf(experiments().createExperiment({ name: what, ...request }))).reason).toBe(
      "REQUEST_INVALID",
    );
    expect((await failureOf(byName(what))).reason).toBe("EXPERIMENT_NOT_FOUND");
  });

  it.each(["", "Def\0ault", "Default\n", "x".repeat(501)])(
    "is none by the name %j, which none can have",
    async (name) => {
      expect(await failureOf(byName(name))).toMatchObject({ code: "NotFound", reason: "EXPERIMENT_NOT_FOUND" });
    },
  );

  it("of 20 creations at once of one name is made once, and refusals use up no numbers", async () => {
    const calls = Array.from({ length: 20 }, () => experiments().createExperiment({ name: "raced" }));
    const results = await Promise.allSettled(calls);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const before = Number(await newExperiment({ name: "before" }));
    for (let i = 0; i < 3; i++)
      expect(await failureOf(experiments().createExperiment({ name: "raced" }))).toMatchObject({
        code: "AlreadyExists",
        reason: "EXPERIMENT_TAKEN",
      });
    expect(Number(await newExperiment({ name: "after" }))).toBe(before + 1);
  });

  it.each(["999999", "99999999999", "abc", "-1", "1.5", "0x1"])("with the id %j does not exist", async (id) => {
    const refused = { code: "NotFound", reason: "EXPERIMENT_NOT_FOUND" };
    expect(await failureOf(byId(id))).toMatchObject(refused);
    expect(await failureOf(experiments().renameExperiment({ id, newName: "n" }))).toMatchObject(refused);
    expect(await failureOf(experiments().deleteExperiment({ id }))).toMatchObject(refused);
    expect(await failureOf(experiments().restoreExperiment({ id }))).toMatchObject(refused);
    expect(await failureOf(experiments().setExperimentTag({ id, key: "a", value: "b" }))).toMatchObject(refused);
    expect(await failureOf(runs().createRun({ experimentId: id }))).toMatchObject(refused);
  });

  it("gets another name, unless that is taken, also by a deleted one", async () => {
    const id = await newExperiment({ name: "old name" });
    expect((await experiments().renameExperiment({ id, newName: "new name" })).experiment!.name).toBe("new name");
    const other = await newExperiment({ name: "taken" });
    await experiments().deleteExperiment({ id: other });
    const refused = await failureOf(experiments().renameExperiment({ id, newName: "taken" }));
    expect(refused).toMatchObject({ code: "AlreadyExists", reason: "EXPERIMENT_TAKEN" });
    expect(refused.message).toContain("restore it");
    expect((await byId(id)).name).toBe("new name");
  });

  it("gets and loses tags, which moves its time", async () => {
    const id = await newExperiment({ name: "tagged" });
    const { updateTime } = await byId(id);
    await experiments().setExperimentTag({ id, key: "a", value: "1" });
    await experiments().setExperimentTag({ id, key: "a", value: "2" });
    await experiments().setExperimentTag({ id, key: "b", value: "" });
    const tagged = await byId(id);
    expect(tagged.tags).toEqual({ a: "2", b: "" });
    expect(tagged.updateTime).not.toEqual(updateTime);
    await experiments().deleteExperimentTag({ id, key: "a" });
    expect((await byId(id)).tags).toEqual({ b: "" });
    expect(await failureOf(experiments().deleteExperimentTag({ id, key: "a" }))).toMatchObject({
      code: "NotFound",
      reason: "TAG_NOT_FOUND",
    });
  });
});

describe("deleting an experiment", () => {
  it("deletes the runs that are active in it, and restoring brings exactly those back", async () => {
    const id = await newExperiment({ name: "cycle" });
    const [first, second, third] = await Promise.all([newRun(id), newRun(id), newRun(id)]);
    await runs().deleteRun({ id: second });
    await experiments().deleteExperiment({ id });
    expect((await byId(id)).deleted).toBe(true);
    expect((await byName("cycle")).deleted).toBe(true);
    expect(await deletedOf([first, second, third])).toEqual([true, true, true]);
    await experiments().restoreExperiment({ id });
    expect((await byId(id)).deleted).toBe(false);
    expect(await deletedOf([first, second, third])).toEqual([false, true, false]);
  });

  it("cannot be done twice, nor undone twice", async () => {
    const id = await newExperiment({ name: "once" });
    expect(await failureOf(experiments().restoreExperiment({ id }))).toMatchObject({
      code: "NotFound",
      reason: "EXPERIMENT_NOT_DELETED",
    });
    await experiments().deleteExperiment({ id });
    expect(await failureOf(experiments().deleteExperiment({ id }))).toMatchObject({
      code: "NotFound",
      reason: "EXPERIMENT_NOT_ACTIVE",
    });
  });

  it("refuses whatever would change it or begin in it", async () => {
    const id = await newExperiment({ name: "gone" });
    await experiments().deleteExperiment({ id });
    const refused = { code: "FailedPrecondition", reason: "EXPERIMENT_DELETED" };
    expect(await failureOf(experiments().renameExperiment({ id, newName: "n" }))).toMatchObject(refused);
    expect(await failureOf(experiments().setExperimentTag({ id, key: "a", value: "b" }))).toMatchObject(refused);
    expect(await failureOf(runs().createRun({ experimentId: id }))).toMatchObject(refused);
    expect(await failureOf(runs().createRun({ experiment: "gone" }))).toMatchObject(refused);
    expect(await failureOf(submit("gone"))).toMatchObject(refused);
    expect((await failureOf(experiments().createExperiment({ name: "gone" }))).reason).toBe("EXPERIMENT_TAKEN");
  });

  it("leaves no active run behind, however runs are being created meanwhile", async () => {
    for (let round = 0; round < 10; round++) {
      const id = await newExperiment({ name: `race ${round}` });
      const creations = Array.from({ length: 8 }, () => runs().createRun({ experimentId: id }));
      const [, ...made] = await Promise.allSettled([experiments().deleteExperiment({ id }), ...creations]);
      const created = made.flatMap((each) => (each.status === "fulfilled" ? [each.value.run!.id] : []));
      expect(await deletedOf(created)).toEqual(created.map(() => true));
    }
  });
});

it("writes are numbered events, an experiment that a run makes included", async () => {
  const head = async () => (await registry.client.events.listEvents({ pageSize: 1 })).events[0]!.number;
  const from = await head();
  const { run } = await runs().createRun({ experiment: "made by a run" });
  await experiments().setExperimentTag({ id: run!.experimentId, key: "a", value: "b" });
  await experiments().deleteExperiment({ id: run!.experimentId });
  await experiments().restoreExperiment({ id: run!.experimentId });
  const { events } = await registry.client.events.listEvents({ pageSize: 10 });
  const kinds = events.filter(({ number }) => number > from).map(({ kind }) => kind);
  expect(kinds.toReversed()).toEqual([
    "experiment.created",
    "run.created",
    "experiment.tag_set",
    "experiment.deleted",
    "experiment.restored",
  ]);
});

it("experiments are searched in the view that is asked for", async () => {
  const id = await newExperiment({ name: "seen" });
  await experiments().deleteExperiment({ id: await newExperiment({ name: "unseen" }) });
  const filter = "name LIKE '%seen'";
  const names = async (view: LifecycleView) =>
    (await experiments().searchExperiments({ filter, view })).experiments.map(({ name }) => name).toSorted();
  expect(await names(LifecycleView.UNSPECIFIED)).toEqual(["seen"]);
  expect(await names(LifecycleView.DELETED)).toEqual(["unseen"]);
  expect(await names(LifecycleView.ALL)).toEqual(["seen", "unseen"]);
  expect((await byId(id)).name).toBe("seen");
});

it("the data sets of experiments are listed once for each role, of active runs only", async () => {
  const id = await newExperiment({ name: "data" });
  const described = { name: "frame", digest: "d1", source: "{}", sourceType: "local" };
  const snapshot = { name: "a.csv", blake3: "a".repeat(64), sha256: "b".repeat(64), role: "training" };
  for (let i = 0; i < 2; i++)
    await runs().logBatch({ runId: await newRun(id), inputs: [{ ...described, role: "eval" }, snapshot] });
  const gone = await newRun(id);
  await runs().logBatch({ runId: gone, inputs: [{ ...described, digest: "d2" }] });
  await runs().deleteRun({ id: gone });
  const { datasets } = await experiments().listExperimentDatasets({ experimentIds: [id, "999999", "x"] });
  expect(datasets).toMatchObject([
    { experimentId: id, name: "a.csv", digest: "a".repeat(64), role: "training" },
    { experimentId: id, name: "frame", digest: "d1", role: "eval" },
  ]);
  expect((await failureOf(experiments().listExperimentDatasets({ experimentIds: [] }))).reason).toBe("REQUEST_INVALID");
});

it("nothing of all this left as an internal error", () => {
  expect(registry.unexpected).toEqual([]);
});

function experiments() {
  return registry.client.experiments;
}

function runs() {
  return registry.client.runs;
}

async function newExperiment(request: { name: string; artifactLocation?: string }): Promise<string> {
  return (await experiments().createExperiment(request)).experiment!.id;
}

async function newRun(experimentId: string): Promise<string> {
  return (await runs().createRun({ experimentId })).run!.id;
}

async function byId(id: string) {
  return (await experiments().getExperiment({ by: { case: "id", value: id } })).experiment!;
}

async function byName(name: string) {
  return (await experiments().getExperiment({ by: { case: "name", value: name } })).experiment!;
}

function deletedOf(ids: readonly string[]): Promise<boolean[]> {
  return Promise.all(ids.map(async (id) => (await runs().getRun({ id })).run!.deleted));
}

function submit(experiment: string) {
  const config = {
    model: "m",
    experiment,
    data: { source: "https://example.org/a.csv", target: "y" },
    algorithm: { name: "ridge" },
  };
  return registry.client.jobs.submitJob({ configJson: JSON.stringify(config) });
}
