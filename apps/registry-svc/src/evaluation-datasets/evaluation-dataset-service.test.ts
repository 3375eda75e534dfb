import { reasonOf } from "@mintmark/registry-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";

let registry: TestRegistry;
let experimentId: string;
beforeAll(async () => {
  registry = await testRegistry();
  experimentId = (await registry.client.experiments.createExperiment({ name: "evaluated" })).experiment!.id;
});
afterAll(() => registry.close());

describe("an evaluation data set", () => {
  it("is created with tags and experiments, read and deleted", async () => {
    const tags = { team: "growth", "mlflow.user": "ann" };
    const { dataset } = await datasets().createEvaluationDataset({ name: "qa", experimentIds: [experimentId], tags });
    expect(dataset).toMatchObject({
      name: "qa",
      tags,
      experimentIds: [experimentId],
      createdBy: "ann",
      updatedBy: "ann",
      schemaJson: "",
      profileJson: "",
    });
    expect(dataset!.id).toMatch(/^d-[0-9a-f]{32}$/);
    expect(dataset!.digest).toMatch(/^[0-9a-f]{8}$/);
    const { id } = dataset!;
    expect((await datasets().getEvaluationDataset({ id })).dataset).toEqual(dataset);
    await upsert(id, [{ inputs: { q: 1 } }]);
    await datasets().deleteEvaluationDataset({ id });
    await datasets().deleteEvaluationDataset({ id });
    await refused(datasets().getEvaluationDataset({ id }), "EVALUATION_DATASET_NOT_FOUND");
    await refused(datasets().getEvaluationDataset({ id: "bad" }), "EVALUATION_DATASET_NOT_FOUND");
  });

  it("tells watchers of its life, and of its records", async () => {
    const id = await newDataset();
    await upsert(id, [{ inputs: { q: 1 } }]);
    await datasets().deleteEvaluationDataset({ id });
    const { events } = await registry.client.events.listEvents({ pageSize: 3 });
    expect(events.map(({ kind }) => kind)).toEqual([
      "evaluation_dataset.deleted",
      "evaluation_dataset.updated",
      "evaluation_dataset.created",
    ]);
  });

  it.each([
    ["no name", { name: "" }],
    ["a name of 256 characters", { name: "x".repeat(256) }],
    ["a tag of 5001 characters", { name: "x", tags: { a: "x".repeat(5001) } }],
  ])("with %s is refused", async (_, wrong) => {
    await refused(datasets().createEvaluationDataset(wrong), "REQUEST_INVALID");
  });

  it("is tagged, replacing values", async () => {
    const id = await newDataset({ a: "1" });
    const { dataset } = await datasets().setEvaluationDatasetTags({ id, tags: { a: "2", b: "3" } });
    expect(dataset!.tags).toEqual({ a: "2", b: "3" });
    await datasets().deleteEvaluationDatasetTag({ id, key: "a" });
    await datasets().deleteEvaluationDatasetTag({ id, key: "none" });
    expect((await datasets().getEvaluationDataset({ id })).dataset!.tags).toEqual({ b: "3" });
    await refused(datasets().setEvaluationDatasetTags({ id: "bad", tags: {} }), "EVALUATION_DATASET_NOT_FOUND");
  });

  it("is tagged and deleted at once without either failing for the other", async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => newDataset({ a: "0", z: "0" })));
    const reasons = await Promise.all(
      ids.flatMap((id, n) => {
        const set = (value: string) =>
          datasets()
            .setEvaluationDatasetTags({ id, tags: { a: value, [`new-${n}-${value}`]: "x", z: value } })
            .then(() => undefined, reasonOf);
        return [
          set("1"),
          set("2"),
          datasets()
            .deleteEvaluationDataset({ id })
            .then(() => undefined, String),
          set("3"),
        ];
      }),
    );
    expect(reasons.filter((reason) => reason !== undefined && reason !== "EVALUATION_DATASET_NOT_FOUND")).toEqual([]);
    expect(registry.unexpected).toEqual([]);
  });

  it("is used in experiments, which must be there", async () => {
    const id = await newDataset();
    const update = (add: string[], remove: string[] = []) =>
      datasets().updateEvaluationDatasetExperiments({ id, add, remove });
    expect((await update(["0", experimentId, "0"])).dataset!.experimentIds).toEqual(["0", experimentId]);
    expect((await update([], ["0", "4711", "x"])).dataset!.experimentIds).toEqual([experimentId]);
    await refused(update(["4711"]), "EXPERIMENT_NOT_FOUND");
    await refused(datasets().createEvaluationDataset({ name: "x", experimentIds: ["x"] }), "EXPERIMENT_NOT_FOUND");
  });
});

describe("records", () => {
  it("are told apart by their inputs, whatever the order of keys; what is there gains by what comes", async () => {
    const id = await newDataset();
    const first = {
      inputs: { a: 1, b: [1, { x: 1, y: 2 }] },
      outputs: "old",
      expectations: { e: 1 },
      tags: { t: "1", "mlflow.user": "ann" },
      source: { source_type: "TRACE", source_data: { trace_id: "tr-1" } },
    };
    expect(await upsert(id, [first, { inputs: {} }])).toMatchObject({ inserted: 2, updated: 0 });
    const more = {
      inputs: { b: [1, { y: 2, x: 1 }], a: 1 },
      outputs: { new: true },
      expectations: { f: 2 },
      tags: { "mlflow.user": "bob" },
    };
    expect(await upsert(id, [more])).toMatchObject({ inserted: 0, updated: 1 });
    const { records } = await datasets().listEvaluationRecords({ datasetId: id });
    expect(records.map(({ id, createTime, updateTime, ...record }) => record)).toMatchObject([
      {
        inputsJson: '{"a":1,"b":[1,{"x":1,"y":2}]}',
        outputsJson: '{"new":true}',
        expectationsJson: '{"e":1,"f":2}',
        tagsJson: '{"t":"1","mlflow.user":"bob"}',
        sourceJson: '{"source_type":"TRACE","source_data":{"trace_id":"tr-1"}}',
        sourceType: "TRACE",
        sourceId: "tr-1",
        createdBy: "ann",
        updatedBy: "bob",
      },
      { inputsJson: "{}", outputsJson: "{}", expectationsJson: "", tagsJson: "", sourceJson: "", createdBy: "admin" },
    ]);
  });

  it("keep the digits of their numbers and all that a JSON string can hold", async () => {
    const id = await newDataset();
    const text = '{"big":1152921504606846977,"one":1.0,"nul":"\\u0000","half":"\\ud800"}';
    await datasets().upsertEvaluationRecords({ datasetId: id, recordsJson: `[{"inputs":${text}}]` });
    expect((await datasets().listEvaluationRecords({ datasetId: id })).records[0]!.inputsJson).toBe(text);
  });

  it("of which one comes twice in a call are one", async () => {
    const id = await newDataset();
    const twice = [
      { inputs: { q: 1 }, expectations: { a: 1 } },
      { inputs: { q: 1 }, expectations: { b: 2 } },
    ];
    expect(await upsert(id, twice)).toMatchObject({ inserted: 1, updated: 1 });
    const { records } = await datasets().listEvaluationRecords({ datasetId: id });
    expect(records.map(({ expectationsJson }) => expectationsJson)).toEqual(['{"a":1,"b":2}']);
  });

  it("are counted, and their fields described by the types that they had first", async () => {
    const id = await newDataset();
    const { digest } = (await datasets().getEvaluationDataset({ id })).dataset!;
    await datasets().upsertEvaluationRecords({
      datasetId: id,
      recordsJson:
        '[{"inputs":{"i":1,"f":1.0,"s":"","b":true,"n":null,"l":[],"o":{}},"outputs":{"x":1}}, {"inputs":{"i":"text"},"outputs":"t"}]',
    });
    const { dataset } = await datasets().getEvaluationDataset({ id });
    expect(JSON.parse(dataset!.schemaJson)).toEqual({
      inputs: { i: "integer", f: "float", s: "string", b: "boolean", n: "null", l: "array", o: "object" },
      outputs: { x: "integer" },
      expectations: {},
      version: "1.0",
    });
    expect(dataset!.profileJson).toBe('{"num_records":2}');
    expect(dataset!.digest).not.toBe(digest);
  });

  it("are listed page by page in the order in which they were added, and deleted", async () => {
    const datasetId = await newDataset();
    await upsert(
      datasetId,
      [0, 1, 2].map((q) => ({ inputs: { q } })),
    );
    const first = await datasets().listEvaluationRecords({ datasetId, pageSize: 2 });
    const second = await datasets().listEvaluationRecords({ datasetId, pageSize: 2, pageToken: first.nextPageToken });
    const records = [...first.records, ...second.records];
    expect(records.map(({ inputsJson }) => inputsJson)).toEqual(['{"q":0}', '{"q":1}', '{"q":2}']);
    expect(second.nextPageToken).toBe("");
    const ids = [records[1]!.id, "nope", "dr-x"];
    expect((await datasets().deleteEvaluationRecords({ datasetId, ids })).deleted).toBe(1);
    expect((await datasets().deleteEvaluationRecords({ datasetId, ids })).deleted).toBe(0);
    expect((await datasets().getEvaluationDataset({ id: datasetId })).dataset!.profileJson).toBe('{"num_records":2}');
    await refused(datasets().listEvaluationRecords({ datasetId: "bad" }), "EVALUATION_DATASET_NOT_FOUND");
    await refused(datasets().listEvaluationRecords({ datasetId, pageToken: "x" }), "PAGE_TOKEN_INVALID");
    await refused(datasets().deleteEvaluationRecords({ datasetId: "bad", ids }), "EVALUATION_DATASET_NOT_FOUND");
  });

  it("are refused for their number of values, before they are parsed", async () => {
    const datasetId = await newDataset();
    const recordsJson = `[{"inputs":{"a":[${"0,".repeat(200_000)}0]}}]`;
    await refused(datasets().upsertEvaluationRecords({ datasetId, recordsJson }), "REQUEST_INVALID");
  });

  it.each([
    ["no JSON", "["],
    ["NaN, which is no JSON", '[{"inputs":{"a":NaN}}]'],
    ["no list", "{}"],
    ["a record that is no object", "[1]"],
    ["a record without inputs", '[{"foo":1}]'],
    ["inputs that are no object", '[{"inputs":"x"}]'],
    ["inputs that are a number", '[{"inputs":1}]'],
    ["tags that are no object", '[{"inputs":{},"tags":[]}]'],
    ["a source of a kind that clients do not know", '[{"inputs":{},"source":{"source_type":"BOGUS"}}]'],
    ["a source of no kind", '[{"inputs":{},"source":{"source_data":{}}}]'],
    ["101 nested lists", `[{"inputs":{},"outputs":${"[".repeat(101)}${"]".repeat(101)}}]`],
    ["100,000 nested lists", `[{"inputs":{},"outputs":${"[".repeat(1e5)}${"]".repeat(1e5)}}]`],
  ])("of %s are refused, and nothing is kept", async (_, wrong) => {
    const datasetId = await newDataset();
    await refused(datasets().upsertEvaluationRecords({ datasetId, recordsJson: wrong }), "REQUEST_INVALID");
    await refused(
      datasets().upsertEvaluationRecords({ datasetId, recordsJson: wrong.replace("[", '[{"inputs":{}},') }),
      "REQUEST_INVALID",
    );
    expect((await datasets().listEvaluationRecords({ datasetId })).records).toEqual([]);
  });

  it("of 20 racing calls are one record, to which each call has added", async () => {
    const datasetId = await newDataset();
    const call = (i: number) => upsert(datasetId, [{ inputs: { q: 1 }, expectations: { [`e${i}`]: i } }]);
    const counts = await Promise.all(Array.from({ length: 20 }, (_, i) => call(i)));
    expect(counts.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(1);
    const { records } = await datasets().listEvaluationRecords({ datasetId });
    expect(records.map(({ expectationsJson }) => Object.keys(JSON.parse(expectationsJson)).length)).toEqual([20]);
    expect((await datasets().getEvaluationDataset({ id: datasetId })).dataset!.profileJson).toBe('{"num_records":1}');
  });
});

describe("searching evaluation data sets", () => {
  let own: string;
  beforeAll(async () => {
    own = (await registry.client.experiments.createExperiment({ name: "searched" })).experiment!.id;
    for (const name of ["b", "a", "c"])
      await datasets().createEvaluationDataset({
        name,
        experimentIds: [own],
        tags: name === "a" ? { team: "x", "mlflow.user": "ann" } : { "mlflow.user": "bob" },
      });
  });

  it.each([
    ["", [], "c a b"],
    ["name = 'a'", [], "a"],
    ["name LIKE '%' AND tags.team IS NULL", [], "c b"],
    ["tags.team = 'x'", [], "a"],
    ["created_by = 'bob'", ["created_time ASC"], "b c"],
    ["last_updated_by != 'bob'", [], "a"],
    ["created_time > 5 AND last_update_time > 5", ["name DESC"], "c b a"],
  ])("by %j in the order of %j", async (filter, orderBy, names) => {
    const { datasets: found } = await datasets().searchEvaluationDatasets({ experimentIds: [own], filter, orderBy });
    expect(found.map(({ name }) => name).join(" ")).toBe(names);
  });

  it("goes page by page, of all experiments if none is named", async () => {
    const first = await datasets().searchEvaluationDatasets({ experimentIds: [own], pageSize: 2 });
    const pageToken = first.nextPageToken;
    const second = await datasets().searchEvaluationDatasets({ experimentIds: [own], pageSize: 2, pageToken });
    expect([first, second].map(({ datasets }) => datasets.map(({ name }) => name))).toEqual([["c", "a"], ["b"]]);
    expect((await datasets().searchEvaluationDatasets({})).datasets.length).toBeGreaterThan(3);
    expect((await datasets().searchEvaluationDatasets({ experimentIds: ["4711"] })).datasets).toEqual([]);
    await refused(datasets().searchEvaluationDatasets({ filter: "bogus = 'x'" }), "FILTER_INVALID");
    await refused(datasets().searchEvaluationDatasets({ orderBy: ["bogus"] }), "ORDER_INVALID");
  });
});

function datasets() {
  return registry.client.evaluationDatasets;
}

async function newDataset(tags: Record<string, string> = {}): Promise<string> {
  return (await datasets().createEvaluationDataset({ name: "some", tags })).dataset!.id;
}

function upsert(datasetId: string, records: readonly object[]) {
  return datasets().upsertEvaluationRecords({ datasetId, recordsJson: JSON.stringify(records) });
}

async function refused(call: Promise<unknown>, reason: string): Promise<void> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(reasonOf(error)).toBe(reason);
}
