import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Stage } from "@mintmark/proto/mintmark/registry/v1/version";
import { eventHeader } from "@mintmark/registry-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { registerText } from "../testing/artifact.ts";
import { failureOf } from "../testing/failure.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry();
});
afterAll(() => registry.close());
const models = () => registry.client.models;

describe("CreateModel", () => {
  it("gives the name back as it was written, an identity and no versions", async () => {
    const { model } = await models().createModel({ name: "first", description: "d", tags: { team: "growth" } });
    expect(model).toMatchObject({
      name: "first",
      description: "d",
      tags: { team: "growth" },
      latestVersion: 0,
      aliases: {},
    });
    expect(model?.id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("knows one model by its short and its full name", async () => {
    await models().createModel({ name: "main.default.full" });
    expect((await models().getModel({ name: "full" })).model?.name).toBe("main.default.full");
    expect(await failureOf(models().createModel({ name: "full" }))).toMatchObject({
      code: "AlreadyExists",
      reason: "NAME_TAKEN",
    });
  });

  it("lets one of 20 racing calls win", async () => {
    const calls = Array.from({ length: 20 }, () =>
      models().createModel({ name: "new.catalog.raced", tags: { a: "1" } }),
    );
    const results = await Promise.allSettled(calls);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it.each(["", "a/b", "u\u0308ber", "x".repeat(256)])("refuses the name %j", async (name) => {
    expect(await failureOf(models().createModel({ name }))).toMatchObject({
      code: "InvalidArgument",
      reason: "NAME_INVALID",
    });
  });

  it("refuses text that cannot be stored", async () => {
    expect(await failureOf(models().createModel({ name: "nul", description: "a\0b" }))).toMatchObject({
      reason: "REQUEST_INVALID",
    });
    expect(await failureOf(models().createModel({ name: "tag", tags: { "": "x" } }))).toMatchObject({
      reason: "REQUEST_INVALID",
    });
  });

  it("keeps names and values of every script, and numbers as text", async () => {
    const name = '名前 O\'Brien "q" \\ % _ 🚢';
    await models().createModel({ name, description: "x'; drop table model; --", tags: { ключ: "9007199254740993" } });
    const { model } = await models().getModel({ name });
    expect(model).toMatchObject({ name, description: "x'; drop table model; --", tags: { ключ: "9007199254740993" } });
    expect((await models().listModels({ namePrefix: '名前 O\'Brien "q" \\ % _' })).models.map((m) => m.name)).toEqual([
      name,
    ]);
  });
});

describe("a model that is deleted", () => {
  it("is refused while an alias points at a version, where that is asked for; also against a racing move", async () => {
    const { client, keys } = registry;
    await registerText(client, keys, "used", "1");
    await client.aliases.setAlias({ model: "used", alias: "champion", version: 1 });
    expect(await failureOf(models().deleteModel({ name: "used", refuseAliased: true }))).toMatchObject({
      code: "FailedPrecondition",
      reason: "MODEL_ALIASED",
    });
    await client.aliases.deleteAlias({ model: "used", alias: "champion" });
    const [deleted, moved] = await Promise.allSettled([
      models().deleteModel({ name: "used", refuseAliased: true }),
      client.aliases.setAlias({ model: "used", alias: "champion", version: 1 }),
    ]);
    expect([deleted.status, moved.status].sort()).toEqual(["fulfilled", "rejected"]);
    if (deleted.status === "rejected") await models().deleteModel({ name: "used" });
  });

  it("is not found, and its name begins anew with another identity", async () => {
    const first = (await models().createModel({ name: "reborn" })).model;
    await models().deleteModel({ name: "reborn" });
    expect(await failureOf(models().getModel({ name: "reborn" }))).toMatchObject({
      code: "NotFound",
      reason: "MODEL_NOT_FOUND",
    });
    expect(await failureOf(models().deleteModel({ name: "reborn" }))).toMatchObject({ reason: "MODEL_NOT_FOUND" });
    const second = (await models().createModel({ name: "reborn" })).model;
    expect(second?.id).not.toBe(first?.id);
  });
});

describe("RenameModel", () => {
  it("keeps the identity and frees the old name", async () => {
    const before = (await models().createModel({ name: "old" })).model;
    const { model } = await models().renameModel({ name: "old", newName: "other.place.new" });
    expect(model).toMatchObject({ id: before?.id, name: "other.place.new" });
    expect(await failureOf(models().getModel({ name: "old" }))).toMatchObject({ reason: "MODEL_NOT_FOUND" });
  });

  it("refuses a name that is taken", async () => {
    await models().createModel({ name: "one" });
    await models().createModel({ name: "two" });
    expect(await failureOf(models().renameModel({ name: "one", newName: "main.default.two" }))).toMatchObject({
      code: "AlreadyExists",
      reason: "NAME_TAKEN",
    });
  });
});

describe("tags and description", () => {
  it("are replaced and removed", async () => {
    await models().createModel({ name: "tagged" });
    await models().setModelTag({ name: "tagged", key: "k", value: "1" });
    await models().setModelTag({ name: "tagged", key: "k", value: "2" });
    await models().updateModel({ name: "tagged", description: "new" });
    expect((await models().getModel({ name: "tagged" })).model).toMatchObject({ tags: { k: "2" }, description: "new" });
    await models().deleteModelTag({ name: "tagged", key: "k" });
    await models().deleteModelTag({ name: "tagged", key: "k" });
    expect((await models().getModel({ name: "tagged" })).model?.tags).toEqual({});
  });

  it("of a model that is not there are refused", async () => {
    for (const call of [
      () => models().setModelTag({ name: "nope", key: "k", value: "1" }),
      () => models().deleteModelTag({ name: "nope", key: "k" }),
      () => models().updateModel({ name: "nope", description: "" }),
    ])
      expect(await failureOf(call())).toMatchObject({ reason: "MODEL_NOT_FOUND" });
  });
});

describe("ListModels", () => {
  it("gives each model once, in code-point order, page by page", async () => {
    const names = Array.from({ length: 25 }, (_, i) => `list.${i % 2 ? "B" : "a"}.m${String(i).padStart(2, "0")}`);
    for (const name of names) await models().createModel({ name, tags: { parity: String(i(name) % 2) } });
    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = await models().listModels({ pageSize: 7, pageToken, namePrefix: "list." });
      seen.push(...page.models.map((model) => model.name));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toEqual(names.toSorted());
    const tagged = await models().listModels({ namePrefix: "list.", tags: { parity: "1" } });
    expect(tagged.models).toHaveLength(12);
  });

  it("compares a prefix with the full name and with the short name, and gives who fits by both once", async () => {
    const names = ["ma", "mab", "mabel.x.y", "main.default.mabuse", "mb"];
    for (const name of names) await models().createModel({ name });
    const byPrefix = async (namePrefix: string) => {
      const first = await models().listModels({ namePrefix, pageSize: 2 });
      const rest = await models().listModels({ namePrefix, pageToken: first.nextPageToken });
      return [...first.models, ...rest.models].map(({ name }) => name);
    };
    expect(await byPrefix("mab")).toEqual(["mabel.x.y", "mab", "main.default.mabuse"].toSorted(byFullName));
    // A prefix of "main.default." fits every short name, some of them by both forms.
    const all = await byPrefix("ma");
    expect(new Set(all).size).toBe(all.length);
    expect(all).toEqual(expect.arrayContaining(names));
  });

  it("tells values of tags apart that differ only after what the index holds", async () => {
    for (const end of ["a", "b"])
      await models().createModel({ name: `long-${end}`, tags: { text: "x".repeat(200) + end } });
    const find = async (text: string) => (await models().listModels({ tags: { text } })).models.map(({ name }) => name);
    expect([await find(`${"x".repeat(200)}b`), await find("x".repeat(128)), await find("x")]).toEqual([
      ["long-b"],
      [],
      [],
    ]);
  });

  it("finds a part of a name in any case, and takes wildcards for what they are", async () => {
    await models().createModel({ name: "find.me.ÜBER_100%" });
    const find = async (nameContains: string) =>
      (await models().listModels({ nameContains, namePrefix: "find.me." })).models.length;
    expect([await find("über_100%"), await find("ü_er"), await find("100_")]).toEqual([1, 0, 0]);
  });

  it("refuses a foreign page token and a page that is too large", async () => {
    expect(await failureOf(models().listModels({ pageToken: "x" }))).toMatchObject({ reason: "PAGE_TOKEN_INVALID" });
    expect(await failureOf(models().listModels({ pageSize: 1001 }))).toMatchObject({ reason: "REQUEST_INVALID" });
  });
});

describe("the events of writes", () => {
  it("come without a gap, also when 60 writers of shared keys run at once, and each answer carries its number", async () => {
    await models().createModel({ name: "busy" });
    const numbers = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        announced((onHeader) =>
          n % 3 === 0
            ? models().createModel({ name: `busy${n}`, tags: { shared: "1", [`own${n}`]: "2" } }, { onHeader })
            : models().setModelTag({ name: "busy", key: `key${n % 7}`, value: String(n) }, { onHeader }),
        ),
      ),
    );
    const { events } = await registry.client.events.listEvents({ pageSize: 1000 });
    const all = events.map(({ number }) => number).reverse();
    expect(all).toEqual(all.map((_, index) => BigInt(index + 1)));
    expect(new Set(numbers).size).toBe(60);
    expect(registry.unexpected).toEqual([]);
  });

  it("name the head where nothing changed", async () => {
    await models().createModel({ name: "same" });
    const first = await announced((onHeader) =>
      models().setModelTag({ name: "same", key: "k", value: "v" }, { onHeader }),
    );
    const again = await announced((onHeader) =>
      models().setModelTag({ name: "same", key: "k", value: "v" }, { onHeader }),
    );
    expect(again).toBe(first);
  });
});

function i(name: string): number {
  return Number(name.slice(-2));
}

async function announced(call: (onHeader: (header: Headers) => void) => Promise<unknown>): Promise<bigint> {
  let header = new Headers();
  await call((received) => {
    header = received;
  });
  return BigInt(header.get(eventHeader) ?? -1);
}

function byFullName(one: string, other: string): number {
  const full = (name: string) => (name.split(".").length === 3 ? name : `main.default.${name}`);
  return full(one) < full(other) ? -1 : 1;
}

describe("latest versions", () => {
  it("are those with the highest live number in each stage", async () => {
    for (let i = 1; i <= 5; i++) await registerText(registry.client, registry.keys, "latest", String(i));
    const { versions } = registry.client;
    for (const number of [1, 2]) await versions.setStage({ model: "latest", number, stage: Stage.PRODUCTION });
    await versions.setStage({ model: "latest", number: 3, stage: Stage.STAGING });
    await versions.deleteVersion({ model: "latest", number: 5 });
    const { model } = await models().getModel({ name: "latest" });
    // The same answer as NAME/latest gives; the number that was given last is not given again all the same.
    expect(model!.latestVersion).toBe(4);
    const { models: listed } = await models().listModels({ namePrefix: "latest" });
    expect(listed[0]!.latestVersion).toBe(4);
    const found = model!.latestVersions.map(({ number, stage }) => [stage, number]);
    expect(found.toSorted()).toEqual([
      [Stage.NONE, 4],
      [Stage.STAGING, 3],
      [Stage.PRODUCTION, 2],
    ]);
    expect(await registerText(registry.client, registry.keys, "latest", "6")).toMatchObject({ version: { number: 6 } });
    for (const number of [6, 4, 3, 2, 1]) await versions.deleteVersion({ model: "latest", number });
    expect((await models().getModel({ name: "latest" })).model!.latestVersion).toBe(0);
  });
});

describe("the time of the last update", () => {
  it("moves with what clients watch, and stays with tags and with what is said about a version", async () => {
    const { client, keys } = registry;
    await models().createModel({ name: "timed" });
    const moves = async (change: () => Promise<unknown>) => {
      const read = async () => timestampMs((await models().getModel({ name: "timed" })).model!.updateTime!);
      const before = await read();
      await new Promise((resolve) => setTimeout(resolve, 2));
      await change();
      return (await read()) > before;
    };
    const version = { model: "timed", number: 1 };
    const still = [
      () => models().setModelTag({ name: "timed", key: "k", value: "v" }),
      () => models().deleteModelTag({ name: "timed", key: "k" }),
      () => client.versions.setVersionTag({ ...version, key: "k", value: "v" }),
      () => client.versions.deleteVersionTag({ ...version, key: "k" }),
      () => client.versions.updateVersion({ ...version, description: "said" }),
    ];
    const moving = [
      () => models().updateModel({ name: "timed", description: "said" }),
      () => models().renameModel({ name: "timed", newName: "main.default.timed" }),
      () => client.aliases.setAlias({ model: "timed", alias: "champion", version: 1 }),
      () => client.aliases.deleteAlias({ model: "timed", alias: "champion" }),
      () => client.versions.setStage({ ...version, stage: Stage.STAGING }),
      () => client.versions.deleteVersion(version),
    ];
    expect(await moves(() => registerText(client, keys, "timed", "1"))).toBe(true);
    for (const change of still) expect(await moves(change), String(change)).toBe(false);
    for (const change of moving) expect(await moves(change), String(change)).toBe(true);
  });

  it("lets tags be as long as documents, and says so of longer ones", async () => {
    await models().createModel({ name: "long", tags: { text: "x".repeat(100_000) } });
    expect((await models().getModel({ name: "long" })).model?.tags["text"]).toHaveLength(100_000);
    const tooLong = models().setModelTag({ name: "long", key: "text", value: "x".repeat(100_001) });
    expect(await failureOf(tooLong)).toMatchObject({ reason: "REQUEST_INVALID" });
  });
});
