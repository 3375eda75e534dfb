import { LifecycleView } from "@mintmark/proto/mintmark/tracking/v1/experiment";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { searchExperiments } from "../experiments/search-experiments.ts";
import { searchLoggedModels } from "../logged-models/search-logged-models.ts";
import { searchModels } from "../models/search-models.ts";
import { type SearchRuns, searchRuns } from "../runs/search-runs.ts";
import { type RegistryDatabase, registryDatabase } from "../testing/database.ts";
import { searchVersions } from "../versions/search-versions.ts";
import { data } from "./testing/reference-data.ts";
import { seedReference } from "./testing/reference-seed.ts";

let database: RegistryDatabase;
let experimentIds: readonly string[];

beforeAll(async () => {
  database = await registryDatabase();
  experimentIds = await seedReference(database.pool, data);
});
afterAll(() => database.close());

const all: SearchRuns = {
  experimentIds: [],
  filter: "",
  view: LifecycleView.ALL,
  orderBy: [],
  pageSize: 0,
  pageToken: "",
};
const runs = (request: Partial<SearchRuns>) => searchRuns(database.db, { ...all, experimentIds, ...request });
const idsOf = async (request: Partial<SearchRuns>) => (await runs(request)).runs.map(({ id }) => id);
const registrySearch = { filter: "", orderBy: [], pageSize: 0, pageToken: "" };

describe("values", () => {
  it("NaN satisfies no comparison", async () => {
    const compared = await Promise.all(
      ["=", "!=", "<", "<=", ">", ">="].map((comparator) => runs({ filter: `metrics.acc ${comparator} 0.25` })),
    );
    const found = compared.flatMap((page) => page.runs.map(({ metrics }) => metrics["acc"]));
    expect(found.length).toBeGreaterThan(100);
    expect(found.filter(Number.isNaN)).toEqual([]);
  });
  it("infinities and numbers beyond every range compare as numbers do", async () => {
    const infinite = (filter: string) =>
      runs({ filter }).then((page) => page.runs.map(({ metrics }) => metrics["a.b"]));
    expect(new Set(await infinite("metrics.a.b > 1e308"))).toEqual(new Set([Number.POSITIVE_INFINITY]));
    expect(new Set(await infinite("metrics.a.b < -1e308"))).toEqual(new Set([Number.NEGATIVE_INFINITY]));
    const every = data.runs.length;
    expect((await runs({ filter: `start_time < ${"9".repeat(40)} and start_time > -1e300` })).runs).toHaveLength(every);
    const versions = await searchVersions(database.db, {
      ...registrySearch,
      filter: `version_number < ${"9".repeat(40)}`,
    });
    expect(versions.versions.length).toBeGreaterThan(20);
  });
  it("a wildcard cannot be quoted, and a backslash is only itself", async () => {
    expect((await idsOf({ filter: "params.größe LIKE '%\\'" })).length).toBeGreaterThan(0);
    expect(await idsOf({ filter: "params.größe LIKE '100\\%%'" })).toEqual([]);
  });
  it("a time is compared as the milliseconds that clients see", async () => {
    const { db } = database;
    const created = (filter: string) =>
      searchExperiments(db, { ...all, filter }).then(({ experiments }) => experiments.length);
    const ms = Date.UTC(2026, 5, 1) + 7;
    await sql`insert into experiment (name, created_at) values ('micro', to_timestamp(${ms / 1000}) + interval '600 microseconds')`.execute(
      db,
    );
    const of = (comparator: string, offset = 0) =>
      created(`name = 'micro' and creation_time ${comparator} ${ms + offset}`);
    expect(await Promise.all([of("="), of(">="), of("<="), of("!="), of("<"), of(">")])).toEqual([1, 1, 1, 0, 0, 0]);
    expect(await Promise.all([of(">", -1), of("<", 1), of("=", 0.5), of(">", -0.5)])).toEqual([1, 1, 0, 1]);
  });
  it("a key that nothing was ever stored under matches nothing, and is null everywhere", async () => {
    expect(await idsOf({ filter: "params.nowhere != 'x'" })).toEqual([]);
    expect(await idsOf({ filter: "params.nowhere IS NULL" })).toHaveLength(data.runs.length);
  });
});

describe("models and versions", () => {
  it("are found by either form of a name of the default schema", async () => {
    const { db } = database;
    const search = { ...registrySearch, filter: "name = 'main.default.titanic'" };
    expect((await searchModels(db, search)).models.map(({ shown_name }) => shown_name)).toEqual(["titanic"]);
    const other = { ...registrySearch, filter: "name != 'main.default.model_7' and name LIKE 'model_7'" };
    expect([(await searchModels(db, other)).models, (await searchVersions(db, other)).versions]).toEqual([[], []]);
  });
  it("text that can be no name is the name of none", async () => {
    const page = await searchModels(database.db, { ...registrySearch, filter: "name IN ('a/b', '', 'titanic')" });
    expect(page.models).toHaveLength(1);
  });
});

it("logged models are found by their status, with and without the prefix of the wire", async () => {
  const search = (filter: string) =>
    searchLoggedModels(database.db, { ...all, experimentIds, datasets: [], orderBy: [], filter });
  const [short, long] = await Promise.all([search("status = 'PENDING'"), search("status = 'LOGGED_MODEL_PENDING'")]);
  expect(short.models.length).toBe(data.loggedModels.length);
  expect(long.models).toEqual(short.models);
  expect((await search("status != 'READY' and status LIKE 'PEND%'")).models).toEqual(short.models);
});

describe("pages", () => {
  const orders = [
    [],
    ["metrics.acc DESC"],
    ["params.lr", "tags.team DESC"],
    ["end_time"],
    ["tags.team", "metrics.acc"],
  ];
  it.each(orders)("of any size hold the same rows in the same order: %s", async (...orderBy: string[]) => {
    const whole = await idsOf({ orderBy });
    expect(new Set(whole).size).toBe(data.runs.length);
    for (const pageSize of [1, 7, data.runs.length]) {
      const paged: string[] = [];
      for (let pageToken = "", more = true; more; more = pageToken !== "") {
        const page = await runs({ orderBy, pageSize, pageToken });
        paged.push(...page.runs.map(({ id }) => id));
        pageToken = page.next;
      }
      expect(paged).toEqual(whole);
    }
  });
  it("hold up to the limit of each search and no more", async () => {
    const { db } = database;
    const over = (pageSize: number) => new RegExp(`"page_size" must be at most ${pageSize - 1}, got ${pageSize}`);
    await expect(runs({ pageSize: 50_001 })).rejects.toThrow(over(50_001));
    await expect(searchExperiments(db, { ...all, pageSize: 50_001 })).rejects.toThrow(over(50_001));
    await expect(searchModels(db, { ...registrySearch, pageSize: 1_001 })).rejects.toThrow(over(1_001));
    await expect(searchVersions(db, { ...registrySearch, pageSize: 200_001 })).rejects.toThrow(over(200_001));
    expect((await runs({ pageSize: 50_000 })).runs).toHaveLength(data.runs.length);
    expect((await searchVersions(db, { ...registrySearch, pageSize: 200_000 })).next).toBe("");
  });
  it("a token goes with the search that gave it, whole", async () => {
    const { next } = await runs({ orderBy: ["metrics.acc"], pageSize: 2 });
    const refused = /page token '.*' is not one that this list gave/;
    await expect(runs({ pageSize: 2, pageToken: next })).rejects.toThrow(refused);
    await expect(runs({ orderBy: ["metrics.acc"], filter: "params.lr = 'x'", pageToken: next })).rejects.toThrow(
      refused,
    );
    await expect(runs({ orderBy: ["metrics.acc"], experimentIds: ["0"], pageToken: next })).rejects.toThrow(refused);
    await expect(searchModels(database.db, { ...registrySearch, pageToken: next })).rejects.toThrow(refused);
    const parts = JSON.parse(Buffer.from(next, "base64url").toString()) as string[];
    const forged = Buffer.from(JSON.stringify([...parts.slice(0, 2), "vx", ...parts.slice(3)])).toString("base64url");
    for (const pageToken of ["x", next.slice(0, -4), `${next}AAAA`, forged])
      await expect(runs({ orderBy: ["metrics.acc"], pageToken })).rejects.toThrow(refused);
    expect((await runs({ orderBy: ["metrics.acc"], pageSize: 50, pageToken: next })).runs).toHaveLength(50);
  });
});

describe("limits", () => {
  it("experiments that are not there are left out", async () => {
    expect(await idsOf({ experimentIds: ["x", "-1", "99999999999", "2147483647"] })).toEqual([]);
    expect(await idsOf({ experimentIds: [...experimentIds, ...experimentIds] })).toHaveLength(data.runs.length);
  });
  it("a hundred clauses and sixteen fields of an order are taken", async () => {
    const clauses = (count: number) => Array(count).fill("metrics.acc > -9").join(" AND ");
    expect((await idsOf({ filter: clauses(100) })).length).toBeGreaterThan(0);
    await expect(runs({ filter: clauses(101) })).rejects.toThrow(/at most 100 clauses are taken, got 101/);
    const fields = (count: number) => Array.from({ length: count }, (_, n) => `metrics.m${n}`);
    expect(await idsOf({ orderBy: fields(16) })).toHaveLength(data.runs.length);
    await expect(runs({ orderBy: fields(17) })).rejects.toThrow(/at most 16 fields are taken, got 17/);
  });
});

describe("long filters", () => {
  it("a list holds as many values as the length of a filter allows", async () => {
    const search = async (key: string, ...values: readonly string[]) => {
      const filter = `params.${key} IN (${values.map((value) => `'${value}'`).join(",")})`;
      const asked = { ...all, experimentIds, datasets: [], orderBy: [], filter };
      return (await searchLoggedModels(database.db, asked)).models;
    };
    const one = await search("depth", "1");
    expect(one.length).toBeGreaterThan(0);
    expect(one.length).toBeLessThan(data.loggedModels.length);
    const others = Array.from({ length: 15_000 }, (_, at) => (at + 10).toString(36));
    expect(await search("depth", ...others, "1")).toEqual(one);
    // Of a long value, the index holds the start only.
    const long = (end: string) => `${"x".repeat(130)}${end}`;
    await sql`insert into logged_model_param (logged_model_pk, experiment_pk, key_id, value)
      select logged_model_pk, experiment_pk, key_of('very long'), ${long("1")} from logged_model`.execute(database.db);
    expect(await search("`very long`", "1", long("2"))).toEqual([]);
    expect(await search("`very long`", "1", long("1"))).toHaveLength(data.loggedModels.length);
  });
  it("a message about one stays short", async () => {
    await expect(runs({ filter: `a = ${"1".repeat(90_000)}x` })).rejects.toThrow(/^.{1,1200}$/s);
  });
});

describe("messages", () => {
  it.each([
    ["metrics.acc = '1'", 15, "metrics.acc is compared with a number without quotes, not with 1"],
    ["params.lr = 1", 13, "params.lr is compared with a text in quotes, not with 1"],
    ["params.lr > '1'", 11, "params.lr takes =, !=, LIKE, ILIKE, IS NULL, IS NOT NULL, not >"],
    ["dummy.x = 1", 1, "runs have attributes, metrics, params, tags, datasets, not dummy"],
    ["datasets.size = '1'", 1, "the datasets of runs are name, digest, context; size is none"],
    ["toString = '1'", 1, /^the attributes of runs are run_id, .*; toString is none$/],
    ["constructor.x = '1'", 1, /not constructor$/],
  ])("%s", async (filter, at, problem) => {
    await expect(runs({ filter })).rejects.toMatchObject({ reason: "FILTER_INVALID", detail: { filter, at } });
    await expect(runs({ filter })).rejects.toHaveProperty(
      "detail.problem",
      typeof problem === "string" ? problem : expect.stringMatching(problem),
    );
  });
  it("a field stands once in an order, under whichever name", async () => {
    const refused = expect.objectContaining({ reason: "ORDER_INVALID" });
    await expect(runs({ orderBy: ["start_time", "created DESC"] })).rejects.toEqual(refused);
    await expect(runs({ orderBy: ["metrics.a", "metric.`a` DESC"] })).rejects.toEqual(refused);
    await expect(runs({ orderBy: ["metrics.a", "params.a"] })).resolves.toBeDefined();
  });
});
