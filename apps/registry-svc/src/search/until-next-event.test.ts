import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";

let registry: TestRegistry;

beforeAll(async () => {
  registry = await testRegistry();
  const { models, versions } = registry.client;
  await models.createModel({ name: "iris", description: "", tags: {} });
  await versions.createVersion({ model: "iris", source: "s3://bucket/iris" });
});
afterAll(() => registry.close());

const versionSearch = { filter: "name = 'iris'" };
const search = async () => (await registry.client.versions.searchVersions(versionSearch)).versions;
const searchModels = async () => (await registry.client.models.searchModels({})).models;

describe("a search of versions or models", () => {
  it("is answered from memory while nothing happens", async () => {
    const [before] = await search();
    expect(before).toMatchObject({ model: "iris", number: 1, tags: {}, description: "" });
    expect((await searchModels())[0]).toMatchObject({ name: "iris", latestVersion: 1 });
    // Past the services, so that there is no event.
    await registry.database.owner.pool.query("update mintmark.version set description = 'unseen'");
    await registry.database.owner.pool.query("update mintmark.model set description = 'unseen'");
    expect([(await search())[0]?.description, (await searchModels())[0]?.description]).toEqual(["", ""]);
  });
  it.each([
    ["a tag", () => registry.client.versions.setVersionTag({ model: "iris", number: 1, key: "a", value: "b" })],
    ["no tag", () => registry.client.versions.deleteVersionTag({ model: "iris", number: 1, key: "a" })],
    ["a description", () => registry.client.versions.updateVersion({ model: "iris", number: 1, description: "seen" })],
    ["a stage", () => registry.client.versions.setStage({ model: "iris", number: 1, stage: 3 })],
    ["an alias", () => registry.client.aliases.setAlias({ model: "iris", alias: "champion", version: 1 })],
    ["another version", () => registry.client.versions.createVersion({ model: "iris", source: "s3://bucket/2" })],
    ["a version less", () => registry.client.versions.deleteVersion({ model: "iris", number: 2 })],
    ["another name", () => registry.client.models.renameModel({ name: "iris", newName: "orchid" })],
    ["its name again", () => registry.client.models.renameModel({ name: "orchid", newName: "iris" })],
  ])("sees %s at once", async (_change, change) => {
    const before = [await search(), await searchModels()];
    await change();
    const [versions, models] = [await search(), await searchModels()];
    expect(versions).not.toEqual(before[0]);
    expect(models).not.toEqual(before[1]);
  });
});
