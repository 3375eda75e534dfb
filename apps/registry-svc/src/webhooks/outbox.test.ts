import { WebhookStatus } from "@mintmark/proto/mintmark/registry/v1/webhook";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";
import { webhookEvents } from "./webhook-events.ts";

let registry: TestRegistry;
let everything: string;
beforeAll(async () => {
  registry = await testRegistry();
  everything = await webhookFor(webhookEvents);
});
afterAll(() => registry.close());

async function webhookFor(events: readonly string[]): Promise<string> {
  const request = { name: "hook", url: "http://127.0.0.1:9/", events: [...events] };
  return (await registry.client.webhooks.createWebhook(request)).webhook!.id;
}

interface Queued {
  readonly event: string;
  readonly body: { entity: string; action: string; timestamp: string; data: unknown };
}

/** What was queued for a webhook since it was last asked. */
async function queued(id = everything): Promise<readonly Queued[]> {
  const { rows } = await sql<{ event: string; body: string; number: bigint }>`
    with taken as (
      delete from webhook_delivery d using webhook w where d.webhook_pk = w.webhook_pk and w.id = ${id} returning d.*)
    select event, body from taken order by delivery_pk`.execute(registry.deps.db);
  return rows.map(({ event, body }) => ({ event, body: JSON.parse(body) }));
}

async function heard(): Promise<readonly unknown[]> {
  return (await queued()).map(({ event, body }) => [event, body.data]);
}

/** A version whose files are elsewhere, or a prompt, which has none. */
async function version(model: string, more: { source?: string; tags?: Record<string, string>; description?: string }) {
  await registry.client.versions.createVersion({ model, source: "s3://bucket/m", ...more });
}

describe("what is queued", () => {
  it("of a model, its versions, tags and aliases is what MLflow tells of them", async () => {
    const { models, versions, aliases } = registry.client;
    await models.createModel({ name: "churn", description: "who leaves", tags: { team: "growth" } });
    await version("churn", { tags: { k: "v" } });
    await versions.setVersionTag({ model: "churn", number: 1, key: "ok", value: "" });
    await versions.deleteVersionTag({ model: "churn", number: 1, key: "ok" });
    await aliases.setAlias({ model: "churn", alias: "champion", version: 1 });
    await aliases.deleteAlias({ model: "churn", alias: "champion" });
    expect(await heard()).toEqual([
      ["registered_model.created", { name: "churn", tags: { team: "growth" }, description: "who leaves" }],
      [
        "model_version.created",
        { name: "churn", version: "1", source: "s3://bucket/m", run_id: null, tags: { k: "v" }, description: null },
      ],
      ["model_version_tag.set", { name: "churn", version: "1", key: "ok", value: "" }],
      ["model_version_tag.deleted", { name: "churn", version: "1", key: "ok" }],
      ["model_version_alias.created", { name: "churn", alias: "champion", version: "1" }],
      ["model_version_alias.deleted", { name: "churn", alias: "champion" }],
    ]);
  });

  it("of a prompt is told as of a prompt, without the marks that make it one", async () => {
    const { models, versions, aliases } = registry.client;
    const marks = { "mlflow.prompt.is_prompt": "True", _mlflow_prompt_type: "text" };
    await models.createModel({ name: "greeting", tags: { ...marks, team: "x" } });
    await version("greeting", {
      source: "dummy-source",
      tags: { ...marks, "mlflow.prompt.text": "Hi {{name}}", k: "v" },
      description: "first",
    });
    await models.setModelTag({ name: "greeting", key: "a", value: "b" });
    await models.deleteModelTag({ name: "greeting", key: "a" });
    await versions.setVersionTag({ model: "greeting", number: 1, key: "a", value: "b" });
    await versions.deleteVersionTag({ model: "greeting", number: 1, key: "a" });
    await aliases.setAlias({ model: "greeting", alias: "live", version: 1 });
    await aliases.deleteAlias({ model: "greeting", alias: "live" });
    expect(await heard()).toEqual([
      ["prompt.created", { name: "greeting", tags: { team: "x" }, description: "" }],
      [
        "prompt_version.created",
        { name: "greeting", version: "1", template: "Hi {{name}}", tags: { k: "v" }, description: "first" },
      ],
      ["prompt_tag.set", { name: "greeting", key: "a", value: "b" }],
      ["prompt_tag.deleted", { name: "greeting", key: "a" }],
      ["prompt_version_tag.set", { name: "greeting", version: "1", key: "a", value: "b" }],
      ["prompt_version_tag.deleted", { name: "greeting", version: "1", key: "a" }],
      ["prompt_alias.created", { name: "greeting", alias: "live", version: "1" }],
      ["prompt_alias.deleted", { name: "greeting", alias: "live" }],
    ]);
  });

  it("has the time of the change, and entity and action apart", async () => {
    await registry.client.models.createModel({ name: "timed" });
    const [{ body }] = (await queued()) as [Queued];
    expect(body).toMatchObject({ entity: "registered_model", action: "created" });
    expect(body.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
    expect(Math.abs(Date.parse(body.timestamp) - Date.now())).toBeLessThan(60_000);
  });
});

describe("nothing is queued", () => {
  it("for what MLflow tells nobody, nor for what changed nothing", async () => {
    const { models } = registry.client;
    await models.createModel({ name: "quiet", description: "d" });
    await queued();
    await models.setModelTag({ name: "quiet", key: "a", value: "b" });
    await models.updateModel({ name: "quiet", description: "other" });
    await models.renameModel({ name: "quiet", newName: "quieter" });
    await models.deleteModel({ name: "quieter" });
    expect(await queued()).toEqual([]);
  });

  it("by a change that is rolled back", async () => {
    const failed = registry.deps.db.transaction().execute(async (tx) => {
      await sql`select record_event('model.created', null, 'me', '{}')`.execute(tx);
      throw new Error("no");
    });
    await expect(failed).rejects.toThrow("no");
    expect(await queued()).toEqual([]);
  });

  it("for a webhook that is told of other things, is disabled, or deleted", async () => {
    const { webhooks, models } = registry.client;
    const other = await webhookFor(["prompt.created"]);
    const disabled = await webhookFor(["registered_model.created"]);
    await webhooks.updateWebhook({ id: disabled, status: WebhookStatus.DISABLED });
    const deleted = await webhookFor(["registered_model.created"]);
    await webhooks.deleteWebhook({ id: deleted });
    await models.createModel({ name: "told-to-one" });
    expect([await queued(other), await queued(disabled), await queued(deleted)]).toEqual([[], [], []]);
    expect(await queued()).toHaveLength(1);
  });
});

it("the service may neither queue by itself nor change what is sent", async () => {
  const { db } = registry.deps;
  const refused = { code: "42501" };
  await expect(sql`update webhook_delivery set body = '{}'`.execute(db)).rejects.toMatchObject(refused);
  await expect(
    sql`insert into webhook_delivery (webhook_pk, event_number, event, body, created_at, due_at)
      values (1, 1, 'x', '{}', now(), now())`.execute(db),
  ).rejects.toMatchObject(refused);
});
