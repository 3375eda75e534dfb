import { setTimeout as sleep } from "node:timers/promises";
import { Stage } from "@mintmark/proto/mintmark/registry/v1/version";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { registerText } from "../testing/artifact.ts";
import { failureOf } from "../testing/failure.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";

let registry: TestRegistry;
let digest: string;
beforeAll(async () => {
  registry = await testRegistry();
  for (const text of ["1", "2", "3"]) await registerText(registry.client, registry.keys, "titanic", text);
  const { version } = await registry.client.versions.getVersion({ uri: "titanic/2" });
  digest = version!.digest;
  await registry.client.aliases.setAlias({ model: "titanic", alias: "champion", version: 1 });
  await registry.client.versions.setStage({ model: "titanic", number: 2, stage: Stage.PRODUCTION });
});
afterAll(() => registry.close());
const resolve = (uri: string) => registry.client.resolver.resolve({ uri });
const number = async (uri: string) => (await resolve(uri)).version?.number;

describe("Resolve", () => {
  it.each([
    ["titanic", 3],
    ["models:/titanic/latest", 3],
    ["main.default.titanic/1", 1],
    ["titanic/1.1.0", 2],
    ["titanic/production", 2],
    ["titanic/None", 3],
    ["titanic@champion", 1],
  ])("%s is version %i", async (uri, expected) => {
    expect(await number(uri)).toBe(expected);
  });

  it("finds a version by the digest of its files and by its run", async () => {
    expect(await number(`titanic@${digest}`)).toBe(2);
    const runId = (await registry.client.runs.createRun({ experiment: "e" })).run!.id;
    expect(await failureOf(resolve(`runs:/${runId}/model`))).toMatchObject({ reason: "NOTHING_RESOLVED" });
  });

  it("finds what was made of a logged model or of a path of a run, the newest first", async () => {
    const { client } = registry;
    const experimentId = (await client.experiments.createExperiment({ name: "paths" })).experiment!.id;
    const runId = (await client.runs.createRun({ experimentId })).run!.id;
    const { model } = await client.loggedModels.createLoggedModel({ experimentId, name: "tree", sourceRunId: runId });
    const id = model!.id;
    expect(await failureOf(resolve(id))).toMatchObject({ reason: "NOTHING_RESOLVED" });
    await client.models.createModel({ name: "made" });
    const root = `mlflow-artifacts:/${experimentId}/${runId}/artifacts`;
    const foreign = "f".repeat(32);
    for (const request of [
      { source: `models:/${id}`, loggedModelId: id },
      { source: `runs:/${runId}/a/b`, runId },
      { source: `${root}/c`, runId },
      { source: `runs:/${foreign}/d`, runId: foreign },
    ])
      await client.versions.createVersion({ model: "made", ...request });
    expect(await Promise.all([id, `models:/${id}`, `runs:/${runId}/tree`].map(number))).toEqual([1, 1, 1]);
    expect(await Promise.all(["a/b", "c"].map((path) => number(`runs:/${runId}/${path}`)))).toEqual([2, 3]);
    expect(await number(`runs:/${runId}`)).toBe(3);
    expect(await number(`runs:/${foreign}/d`)).toBe(4);
    expect(await failureOf(resolve(`runs:/${runId}/b`))).toMatchObject({ reason: "NOTHING_RESOLVED" });
  });

  it("says by which alias, as of when, and which events the answer has taken in", async () => {
    const answer = await resolve("titanic@champion");
    const { events } = await registry.client.events.listEvents({ pageSize: 1 });
    expect(answer).toMatchObject({ alias: "champion", event: events[0]!.number });
    expect(Math.abs(Date.now() - Number(answer.asOf!.seconds) * 1000)).toBeLessThan(5_000);
  });

  it.each([
    ["nope", "MODEL_NOT_FOUND"],
    ["nope@champion", "MODEL_NOT_FOUND"],
    ["titanic@nope", "ALIAS_NOT_FOUND"],
    ["titanic/9", "VERSION_NOT_FOUND"],
    ["titanic/99999999999999999999", "VERSION_NOT_FOUND"],
    ["titanic/9.9.9", "VERSION_NOT_FOUND"],
    ["titanic/9.9.99999999999", "VERSION_NOT_FOUND"],
    ["titanic/Staging", "NOTHING_RESOLVED"],
    [`titanic@blake3:${"0".repeat(64)}`, "NOTHING_RESOLVED"],
    [`m-${"0".repeat(32)}`, "NOTHING_RESOLVED"],
  ])("%s fails with NOT_FOUND and %s", async (uri, reason) => {
    expect(await failureOf(resolve(uri))).toMatchObject({ code: "NotFound", reason });
  });

  it("refuses what is no URI", async () => {
    expect(await failureOf(resolve("titanic/champion"))).toMatchObject({
      code: "InvalidArgument",
      reason: "URI_INVALID",
    });
  });
});

describe("with ?at=", () => {
  it("answers what it was then: aliases, stages, deleted versions, deleted models", async () => {
    const { client, keys } = registry;
    const before = await moment();
    for (const text of ["a", "b"]) await registerText(client, keys, "past", text);
    await client.aliases.setAlias({ model: "past", alias: "champion", version: 1 });
    await client.versions.setStage({ model: "past", number: 1, stage: Stage.PRODUCTION });
    const early = await moment();
    await client.aliases.setAlias({ model: "past", alias: "champion", version: 2 });
    await client.versions.setStage({ model: "past", number: 2, stage: Stage.PRODUCTION, archiveExisting: true });
    const middle = await moment();
    await client.aliases.deleteAlias({ model: "past", alias: "champion" });
    await client.versions.deleteVersion({ model: "past", number: 2 });
    const late = await moment();
    await client.models.deleteModel({ name: "past" });
    const after = await moment();

    const at = (uri: string, time: string) => number(`${uri}?at=${time}`).catch(() => undefined);
    const history = async (uri: string) =>
      Promise.all([before, early, middle, late, after].map((time) => at(uri, time)));
    expect(await history("past@champion")).toEqual([undefined, 1, 2, undefined, undefined]);
    expect(await history("past/production")).toEqual([undefined, 1, 2, undefined, undefined]);
    expect(await history("past")).toEqual([undefined, 2, 2, 1, undefined]);
    expect(await history("past/2")).toEqual([undefined, 2, 2, undefined, undefined]);
    await registerText(client, keys, "past", "reborn");
    expect(await at("past", early)).toBe(2);
    expect(await number("past")).toBe(1);
  });
});

/** A time between what was done before and what comes: times are kept to the microsecond, and asked to the millisecond. */
async function moment(): Promise<string> {
  await sleep(5);
  const now = new Date().toISOString();
  await sleep(5);
  return now;
}
