import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { registerText, uploadArtifact } from "../testing/artifact.ts";
import { failureOf } from "../testing/failure.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry();
  for (let i = 1; i <= 20; i++) await registerText(registry.client, registry.keys, "churn", String(i));
});
afterAll(() => registry.close());
const aliases = () => registry.client.aliases;
const set = (alias: string, version: number, more: object = {}) =>
  aliases().setAlias({ model: "churn", alias, version, ...more });

describe("SetAlias", () => {
  it("creates an alias at revision 1 and moves it on, recording who, why, from and to", async () => {
    expect((await set("a", 1, { reason: "first" })).alias).toMatchObject({
      model: "churn",
      name: "a",
      version: 1,
      revision: 1,
    });
    expect((await set("a", 2, { reason: "better" })).alias).toMatchObject({ version: 2, revision: 2 });
    const { moves } = await aliases().listAliasMoves({ model: "churn", alias: "a" });
    expect(moves).toMatchObject([
      { revision: 2, fromVersion: 1, toVersion: 2, actor: "admin", reason: "better" },
      { revision: 1, fromVersion: 0, toVersion: 1, reason: "first" },
    ]);
  });

  it("changes nothing when it is repeated, also with what the first call expected", async () => {
    await set("b", 1, { expectedRevision: 0, expectedVersion: 0 });
    expect((await set("b", 1, { expectedRevision: 0, expectedVersion: 0 })).alias?.revision).toBe(1);
  });

  it("refuses a wrong expectation also where the alias is there already, but to who repeats a call", async () => {
    await set("expecting", 1);
    await set("expecting", 2, { expectedVersion: 1 });
    // The repetition of a call whose answer was lost.
    expect((await set("expecting", 2, { expectedVersion: 1 })).alias?.revision).toBe(2);
    expect((await set("expecting", 2, { expectedRevision: 1 })).alias?.revision).toBe(2);
    // What holds now.
    expect((await set("expecting", 2, { expectedVersion: 2 })).alias?.revision).toBe(2);
    for (const expected of [{ expectedVersion: 9 }, { expectedVersion: 0 }, { expectedRevision: 7 }])
      expect(await failureOf(set("expecting", 2, expected))).toMatchObject({ code: "Aborted", reason: "ALIAS_MOVED" });
    // Another caller has made no such call.
    const { rows } = await sql<{ outcome: string }>`
      select outcome from move_alias((select model_pk from model where full_name = 'main.default.churn'), 'expecting', 2, null, 1,
        'somebody else', '')`.execute(registry.deps.db);
    expect(rows).toEqual([{ outcome: "conflict" }]);
    await aliases().deleteAlias({ model: "churn", alias: "expecting" });
  });

  it("lets one of 20 racing compare-and-set moves win, by revision and by version", async () => {
    await set("raced", 20);
    for (const expected of [{ expectedRevision: 1 }, { expectedVersion: 20 }]) {
      const results = await Promise.allSettled(Array.from({ length: 19 }, (_, i) => set("raced", i + 1, expected)));
      expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      const losers = await Promise.all(
        results
          .filter(({ status }) => status === "rejected")
          .map((r) => failureOf(Promise.reject((r as PromiseRejectedResult).reason))),
      );
      expect(new Set(losers.map(({ code, reason }) => `${code} ${reason}`))).toEqual(new Set(["Aborted ALIAS_MOVED"]));
      await set("raced", 20);
    }
  });

  it("numbers 20 racing unconditional moves without a gap, each from where the one before led", async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => set("shadow", i + 1)));
    const { moves } = await aliases().listAliasMoves({ model: "churn", alias: "shadow" });
    expect(moves.map(({ revision }) => revision)).toEqual(Array.from({ length: 20 }, (_, i) => 20 - i));
    for (const [index, move] of moves.entries()) expect(move.fromVersion).toBe(moves[index + 1]?.toVersion ?? 0);
    const times = moves.map(({ time }) => Number(time!.seconds) * 1e9 + time!.nanos);
    expect(times).toEqual(times.toSorted((x, y) => y - x));
  });

  it.each([
    ["an unknown model", { model: "nope" }, "NotFound", "MODEL_NOT_FOUND"],
    ["an unknown version", { version: 99 }, "NotFound", "VERSION_NOT_FOUND"],
    ["a version beyond 32 bits with sign", { version: 4_294_967_295 }, "NotFound", "VERSION_NOT_FOUND"],
    ["a stale revision", { expectedRevision: 7 }, "Aborted", "ALIAS_MOVED"],
    ["a revision beyond 32 bits with sign", { expectedRevision: 4_294_967_295 }, "Aborted", "ALIAS_MOVED"],
    ["another version than is there", { expectedVersion: 3 }, "Aborted", "ALIAS_MOVED"],
    ["the reserved name", { alias: "Latest" }, "InvalidArgument", "NAME_INVALID"],
    ["a number as name", { alias: "v3" }, "InvalidArgument", "NAME_INVALID"],
    ["an @ in the name", { alias: "a@b" }, "InvalidArgument", "NAME_INVALID"],
    ["a blank in the name", { alias: "a b" }, "InvalidArgument", "NAME_INVALID"],
  ])("refuses %s", async (_, change, code, reason) => {
    const request = { model: "churn", alias: "c", version: 1, ...change };
    expect(await failureOf(aliases().setAlias(request))).toMatchObject({ code, reason });
  });

  it("refuses an archived version", async () => {
    // Whichever of the racers was last: an alias keeps its version from being archived.
    for (const alias of ["raced", "shadow"]) await set(alias, 1);
    await registry.client.versions.archiveVersion({ model: "churn", number: 19 });
    expect(await failureOf(set("d", 19))).toMatchObject({ code: "FailedPrecondition", reason: "VERSION_ARCHIVED" });
    await registry.client.versions.archiveVersion({ model: "churn", number: 19, restore: true });
  });
});

describe("DeleteAlias", () => {
  it("keeps the history, and the next alias of that name goes on with the revisions", async () => {
    await set("e", 1);
    expect(await failureOf(aliases().deleteAlias({ model: "churn", alias: "e", expectedRevision: 9 }))).toMatchObject({
      reason: "ALIAS_MOVED",
    });
    await aliases().deleteAlias({ model: "churn", alias: "e", reason: "done" });
    expect(await failureOf(aliases().deleteAlias({ model: "churn", alias: "e" }))).toMatchObject({
      code: "NotFound",
      reason: "ALIAS_NOT_FOUND",
    });
    expect((await set("e", 2, { expectedRevision: 0 })).alias?.revision).toBe(3);
    const { moves } = await aliases().listAliasMoves({ model: "churn", alias: "e" });
    expect(moves.map(({ toVersion }) => toVersion)).toEqual([2, 0, 1]);
  });
});

it("an alias with a name that is taken no longer resolves and can be removed, but moves nowhere", async () => {
  const { version } = (await registry.client.resolver.resolve({ uri: "churn/3" })) as { version: { modelId: string } };
  await registry.database.owner.pool.query(
    "select mintmark.write_alias(model_pk, 'of before', 3, 'admin', '') from mintmark.model where id = $1",
    [version.modelId],
  );
  const resolved = await registry.client.resolver.resolve({ uri: "models:/churn@of before" });
  expect(resolved).toMatchObject({ alias: "of before", version: { number: 3 } });
  const { aliases: listed } = await aliases().listAliases({ model: "churn" });
  expect(listed).toContainEqual(expect.objectContaining({ name: "of before", version: 3 }));
  expect(await failureOf(set("of before", 4))).toMatchObject({ reason: "NAME_INVALID" });
  await aliases().deleteAlias({ model: "churn", alias: "of before" });
  expect(await failureOf(registry.client.resolver.resolve({ uri: "churn@of before" }))).toMatchObject({
    code: "NotFound",
    reason: "ALIAS_NOT_FOUND",
  });
});

it("a version is not registered with an alias of such a name", async () => {
  const made = await uploadArtifact(registry.client, registry.keys, { "weights.txt": "x" });
  const call = registry.client.versions.registerVersion({ model: "churn", ...made, aliases: ["of before"] });
  expect(await failureOf(call)).toMatchObject({ code: "InvalidArgument", reason: "NAME_INVALID" });
});

it("lists the moves of all aliases, each once, newest first, page by page", async () => {
  const seen: string[] = [];
  let pageToken = "";
  do {
    const page = await aliases().listAliasMoves({ model: "churn", pageSize: 7, pageToken });
    seen.push(...page.moves.map(({ alias, revision }) => `${alias} ${revision}`));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  const { rows } = await registry.database.owner.pool.query(
    "select alias, revision from mintmark.alias_move order by at desc, alias desc, revision desc",
  );
  expect(seen).toEqual(rows.map(({ alias, revision }) => `${alias} ${revision}`));
  const { aliases: listed } = await aliases().listAliases({ model: "churn" });
  expect(listed.map(({ name }) => name)).toEqual(["a", "b", "e", "raced", "shadow"]);
});
