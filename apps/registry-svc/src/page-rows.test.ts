import { randomBytes } from "node:crypto";
import { LifecycleView } from "@mintmark/proto/mintmark/tracking/v1/experiment";
import { reasonOf } from "@mintmark/registry-client";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { maxPageBytes, type Placed, readPage, weightOf } from "./page-rows.ts";
import { type TestRegistry, testRegistry } from "./testing/registry.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry();
});
afterAll(() => registry.close());

const megabytes = (count: number) => "x".repeat(count * 1_000_000);

describe("a page ends where its rows weigh enough, and the next one goes on there:", () => {
  it("runs with what they say of their data", async () => {
    const { runs } = registry.client;
    const experimentId = await newExperiment();
    const data = { name: "d", digest: "1", role: "training", profileJson: megabytes(7) };
    const ids: string[] = [];
    for (let at = 0; at < 5; at++) {
      const { run } = await runs.createRun({ experimentId });
      await runs.logBatch({ runId: run!.id, inputs: [data] });
      ids.unshift(run!.id);
    }
    const search = (pageToken: string) =>
      runs.searchRuns({ experimentIds: [experimentId], view: LifecycleView.ACTIVE, pageToken });
    const found = await pages(async (token) => {
      const page = await search(token);
      for (const run of page.runs) expect(run.inputs[0]!.profileJson).toHaveLength(7_000_000);
      return { rows: page.runs, next: page.nextPageToken };
    });
    expect(found.map((page) => page.length)).toEqual([2, 2, 1]);
    expect(found.flat().map(({ id }) => id)).toEqual(ids);
    const listed = await pages(async (pageToken) => {
      const page = await runs.listRuns({ pageSize: 5, pageToken });
      return { rows: page.runs, next: page.nextPageToken };
    });
    expect(listed.map((page) => page.length)).toEqual([2, 2, 1]);
    const { run } = await runs.updateRun({ id: ids[0]!, name: "renamed" });
    expect(run!.inputs).toMatchObject([{ name: "d", digest: "1", role: "training", profileJson: "" }]);
  });
  it("one row that weighs more is a page by itself", async () => {
    const { runs } = registry.client;
    const experimentId = await newExperiment();
    for (const count of [1, 3, 1]) {
      const { run } = await runs.createRun({ experimentId });
      const inputs = Array.from({ length: count }, (_, at) => ({
        ...{ name: "d", digest: `${count}.${at}`, profileJson: megabytes(10) },
      }));
      await runs.logBatch({ runId: run!.id, inputs });
    }
    const found = await pages(async (pageToken) => {
      const page = await runs.searchRuns({ experimentIds: [experimentId], view: LifecycleView.ALL, pageToken });
      return { rows: page.runs, next: page.nextPageToken };
    });
    expect(found.map((page) => page.map(({ inputs }) => inputs.length))).toEqual([[1], [3], [1]]);
  });
  it("versions, and models with their latest versions", async () => {
    const { models, versions } = registry.client;
    const tags = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`t${at}`, "x".repeat(100_000)]));
    for (const name of ["a", "b", "c"]) {
      await models.createModel({ name });
      await versions.createVersion({ model: name, source: "s3://elsewhere/a", tags });
    }
    const ofVersions = await pages(async (pageToken) => {
      const page = await versions.searchVersions({ orderBy: ["name"], pageToken });
      return { rows: page.versions, next: page.nextPageToken };
    });
    expect(ofVersions.map((page) => page.map(({ model }) => model))).toEqual([["a", "b"], ["c"]]);
    const ofModels = await pages(async (pageToken) => {
      const page = await models.searchModels({ pageToken });
      return { rows: page.models, next: page.nextPageToken };
    });
    expect(ofModels.map((page) => page.map(({ name }) => name))).toEqual([["a", "b"], ["c"]]);
  });
  it("records of evaluation data sets", async () => {
    const { evaluationDatasets } = registry.client;
    const { dataset } = await evaluationDatasets.createEvaluationDataset({ name: "heavy" });
    const records = [1, 2, 3].map((q) => ({ inputs: { q }, outputs: { text: megabytes(7) } }));
    for (const record of records)
      await evaluationDatasets.upsertEvaluationRecords({
        datasetId: dataset!.id,
        recordsJson: JSON.stringify([record]),
      });
    const found = await pages(async (pageToken) => {
      const page = await evaluationDatasets.listEvaluationRecords({ datasetId: dataset!.id, pageToken });
      return { rows: page.records, next: page.nextPageToken };
    });
    expect(found.map((page) => page.map(({ inputsJson }) => inputsJson))).toEqual([
      ['{"q":1}', '{"q":2}'],
      ['{"q":3}'],
    ]);
  });
});

describe("the rows of a page", () => {
  const readNames = async (rows: Parameters<Parameters<typeof readPage>[1]>[0]) =>
    (await sql<Placed & { name: string }>`${rows} order by place`.execute(registry.deps.db)).rows;

  it("are in order, however many slices they come in", async () => {
    const { db } = registry.deps;
    const { rows } = await sql<{ pk: bigint; name: string }>`
      insert into experiment (name) select 'sliced ' || n from generate_series(1, 2500) n
      returning experiment_pk::int8 as pk, name`.execute(db);
    const found = rows.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const sizes: number[] = [];
    const page = await readPage(
      { table: "experiment", primaryKey: "experiment_pk", found, size: 2400, tokenOf: ({ name }) => name },
      async (slice) => {
        const read = await readNames(slice);
        sizes.push(read.length);
        return read;
      },
    );
    expect(page.rows.map(({ name }) => name)).toEqual(found.slice(0, 2400).map(({ name }) => name));
    expect(page.next).toBe(found[2399]!.name);
    expect(sizes).toEqual([100, 1000, 1300]);
  });
  it("that went away meanwhile do not shift the next page", async () => {
    const { db } = registry.deps;
    const { rows } = await sql<{ pk: bigint }>`
      insert into experiment (name) values ('left 1'), ('left 2'), ('left 3') returning experiment_pk::int8 as pk`.execute(
      db,
    );
    const [one, two, three] = rows.map(({ pk }) => pk) as [bigint, bigint, bigint];
    const found = [one, 999_999_999n, two, 999_999_998n, three, 999_999_997n].map((pk) => ({ pk }));
    const of = (weight: number) =>
      readPage(
        { table: "experiment", primaryKey: "experiment_pk", found, size: 6, tokenOf: ({ pk }) => String(pk) },
        readNames,
        () => weight,
      );
    expect((await of(1)).rows.map(({ name }) => name)).toEqual(["left 1", "left 2", "left 3"]);
    expect((await of(1)).next).toBe("");
    // The key before that of the row that does not fit any more.
    expect(await of(maxPageBytes / 2)).toMatchObject({ rows: [{}, {}], next: "999999998" });
    expect(await of(maxPageBytes + 1)).toMatchObject({ rows: [{}], next: "999999999" });
  });
  it("weigh about what their texts take", () => {
    expect(
      weightOf({ tags: { key: "x".repeat(1000) }, bytes: new Uint8Array(500), at: new Date(), n: 1n }),
    ).toBeGreaterThan(1500);
    expect(weightOf({ a: null, b: [1, "two"] })).toBeLessThan(60);
  });
});

describe("what one answer cannot hold", () => {
  it("of the data of a run is refused when it is logged, and nothing of it is kept", async () => {
    const { runs } = registry.client;
    const runId = (await runs.createRun({})).run!.id;
    const input = (digest: string) => ({ name: "d", digest, profileJson: megabytes(16) });
    await runs.logBatch({ runId, inputs: [input("1"), input("2")] });
    await runs.logBatch({ runId, inputs: [input("3"), input("4")] });
    const refused = await runs.logBatch({ runId, params: { a: "1" }, inputs: [input("5")] }).catch((error) => error);
    expect(reasonOf(refused)).toBe("REQUEST_INVALID");
    expect(refused.rawMessage).toBe(
      `"inputs" of run ${runId} must have schemas and profiles of at most 67108864 bytes in all, would have 80000000`,
    );
    const { run } = await runs.getRun({ id: runId });
    expect([run!.inputs.map(({ digest }) => digest), run!.params]).toEqual([["1", "2", "3", "4"], {}]);
  });
  it("of spans is refused with how many traces fit; one trace is answered whatever it weighs", async () => {
    const { traces } = registry.client;
    const experimentId = await newExperiment();
    const ids: string[] = [];
    for (const weight of [15, 15, 34]) {
      const traceId = randomBytes(16);
      const attributes = [{ key: "a", value: { value: { case: "stringValue" as const, value: megabytes(weight) } } }];
      await traces.logSpans({
        experimentId,
        spans: [{ traceId, spanId: randomBytes(8), name: "s", startTimeUnixNano: 1n, endTimeUnixNano: 2n, attributes }],
      });
      ids.push(`tr-${traceId.toString("hex")}`);
    }
    const refused = await traces.batchGetTraces({ ids, withSpans: true }).catch((error) => error);
    expect(reasonOf(refused)).toBe("REQUEST_INVALID");
    expect(refused.rawMessage).toMatch(
      /the spans of these 3 traces take 64\d{6} bytes of at most 33554432; ask for the first 2 by/,
    );
    expect((await traces.batchGetTraces({ ids: ids.slice(0, 2), withSpans: true })).contents).toHaveLength(2);
    expect((await traces.batchGetTraces({ ids, withSpans: false })).contents).toHaveLength(3);
    expect((await traces.getTrace({ id: ids[2]!, withSpans: true })).content!.spans).toHaveLength(1);
  });
});

async function newExperiment(): Promise<string> {
  const name = randomBytes(4).toString("hex");
  return (await registry.client.experiments.createExperiment({ name })).experiment!.id;
}

/** All of them. */
async function pages<Row>(
  read: (token: string) => Promise<{ rows: readonly Row[]; next: string }>,
): Promise<readonly (readonly Row[])[]> {
  const all: (readonly Row[])[] = [];
  let token = "";
  do {
    const { rows, next } = await read(token);
    all.push(rows);
    token = next;
  } while (token !== "");
  return all;
}
