import { readFileSync } from "node:fs";
import { AttemptEnd } from "@mintmark/proto/mintmark/training/v1/attempt_service";
import { afterAll, beforeAll, expect, it } from "vitest";
import { uploadArtifact, withProvenance } from "../testing/artifact.ts";
import { failureOf } from "../testing/failure.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry();
});
afterAll(() => registry.close());
const client = () => registry.client;
const jobOf = async (id: string) => (await client().jobs.getJob({ id })).job!;

it("the version of a job stays the one that it registered, whatever is made of it later", async () => {
  const { id, model, register, end } = await claimed("copied");
  await register("weights");
  await client().models.createModel({ name: "prod" });
  await client().versions.createVersion({ model: "prod", source: `models:/${model}/1` });
  await client().versions.createVersion({ model, source: `models:/${model}/1` });
  expect((await jobOf(id)).run!.outputs).toEqual([`${model}/1`, "prod/1", `${model}/2`]);
  expect((await jobOf(id)).version).toBe(`${model}/1`);
  await end();
  const { jobs } = await client().jobs.listJobs({});
  expect(jobs.find(({ run }) => run!.id === id)!.version).toBe(`${model}/1`);
});

it("a version that another client made under the run is not the job's, and the job registers its own", async () => {
  const { id, model, register } = await claimed("others");
  await client().models.createModel({ name: model });
  await client().versions.createVersion({ model, source: "s3://elsewhere/model", runId: id });
  expect((await jobOf(id)).version).toBe("");
  expect((await again(id)).job!.version).toBe("");
  const { attemptToken } = await again(id);
  expect((await register("weights", attemptToken)).version!.number).toBe(2);
  expect((await jobOf(id)).version).toBe(`${model}/2`);
});

it("an attempt that was killed between its registration and its end leaves the version to the next", async () => {
  const { id, model, register } = await claimed("killed");
  await register("weights");
  await client().versions.createVersion({ model, source: `models:/${model}/1` });
  const { job, attemptToken } = await again(id);
  expect(job!.version).toBe(`${model}/1`);
  expect(await register("weights", attemptToken)).toMatchObject({ created: false, version: { number: 1 } });
  expect(await failureOf(register("other weights", attemptToken))).toMatchObject({ reason: "RUN_REGISTERED_OTHER" });
  const elsewhere = register("weights", attemptToken, `${model}-elsewhere`);
  expect(await failureOf(elsewhere)).toMatchObject({ reason: "RUN_REGISTERED_OTHER" });
  expect((await client().versions.listVersions({ model })).versions).toHaveLength(2);
});

it("a job whose version was deleted registers another when it is tried again", async () => {
  const { id, model, register } = await claimed("deleted");
  await register("weights");
  await client().versions.deleteVersion({ model, number: 1 });
  const { job, attemptToken } = await again(id);
  expect(job!.version).toBe("");
  await register("weights", attemptToken);
  expect((await jobOf(id)).version).toBe(`${model}/2`);

  await client().models.deleteModel({ name: model });
  const next = await again(id);
  expect(next.job!.version).toBe("");
  await register("weights", next.attemptToken);
  expect((await jobOf(id)).version).toBe(`${model}/1`);
});

it("a registration that fails leaves the job without a version", async () => {
  const { id, register } = await claimed("refused");
  expect(await failureOf(register("weights", "zombie"))).toMatchObject({ reason: "REGISTRATION_STALE" });
  expect((await jobOf(id)).version).toBe("");
});

it("jobs from before the column was there get the version that they registered", async () => {
  const before = await versionsOfJobs();
  expect(before.filter((version) => version !== "").length).toBeGreaterThan(3);
  await registry.database.owner.pool.query(
    `set search_path = mintmark; alter table job drop column version_pk; ${migration("0018_job_version.sql")}`,
  );
  expect(await versionsOfJobs()).toEqual(before);
});

async function versionsOfJobs(): Promise<string[]> {
  return (await client().jobs.listJobs({ pageSize: 100 })).jobs.map(({ version }) => version);
}

function migration(name: string): string {
  return readFileSync(new URL(`../db/migrations/${name}`, import.meta.url), "utf8");
}

/** A job that trains `model`, taken by a worker. */
async function claimed(model: string) {
  const config = { model, data: { source: "s3://data/x.csv", target: "y" }, algorithm: { name: "random-forest" } };
  const { job } = await client().jobs.submitJob({ configJson: JSON.stringify(config) });
  const id = job!.run!.id;
  const { attemptToken: first } = await client().attempts.claimJob({ runId: id, worker: "first" });
  const register = async (text: string, attemptToken = first, name = model) => {
    const uploaded = await uploadArtifact(client(), registry.keys, { "weights.txt": text });
    const made = withProvenance(uploaded, registry.keys);
    return client().versions.registerVersion({ model: name, ...made, runId: id, attemptToken });
  };
  const end = () => client().attempts.endAttempt({ runId: id, attemptToken: first, end: AttemptEnd.FINISHED });
  return { id, model, register, end };
}

/** Claims the job again, as if its worker had been silent for longer than the claim holds. */
async function again(id: string) {
  await registry.database.owner.pool.query(
    "update mintmark.run set claim_expires_at = now() - interval '1 second' where run_id = $1",
    [id],
  );
  return client().attempts.claimJob({ runId: id, worker: "next" });
}
