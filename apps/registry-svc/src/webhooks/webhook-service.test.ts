import { toJsonString } from "@bufbuild/protobuf";
import { WebhookSchema, WebhookStatus } from "@mintmark/proto/mintmark/registry/v1/webhook";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failureOf } from "../testing/failure.ts";
import { receiver } from "../testing/receiver.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";
import { deliveryHeaders } from "./signature.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry();
});
afterAll(() => registry.close());

const url = "http://127.0.0.1:9/hook";
const webhooks = () => registry.client.webhooks;
const create = async (more: object = {}) =>
  (await webhooks().createWebhook({ name: "ci", url, events: ["model_version.created"], ...more })).webhook!;

describe("a webhook", () => {
  it("is created as it was asked for, and read again", async () => {
    const made = await create({
      events: ["registered_model.created", "model_version_tag.set", "registered_model.created"],
      description: "builds",
      secret: "s3cret",
    });
    expect(made).toMatchObject({
      name: "ci",
      url,
      events: ["registered_model.created", "model_version_tag.set"],
      description: "builds",
      signed: true,
      status: WebhookStatus.ACTIVE,
      createdBy: "admin",
    });
    expect((await webhooks().getWebhook({ id: made.id })).webhook).toEqual(made);
  });

  it("shows its secret nowhere, and the database holds it encrypted", async () => {
    const made = await create({ secret: "find-me" });
    const { rows } = await sql<{ secret: Buffer }>`select secret from webhook where id = ${made.id}`.execute(
      registry.deps.db,
    );
    const stored = rows[0]!.secret;
    expect(stored.toString("latin1")).toMatch(/^age-encryption.org\/v1\n-> X25519 /);
    expect(stored.includes("find-me")).toBe(false);
    expect(await registry.deps.webhooks.secrets.open(stored)).toBe("find-me");
    expect(toJsonString(WebhookSchema, made)).not.toContain("find-me");
  });

  it("is changed where something is given, and only there", async () => {
    const made = await create({ description: "before", secret: "x" });
    const { webhook: disabled } = await webhooks().updateWebhook({ id: made.id, status: WebhookStatus.DISABLED });
    expect(disabled).toMatchObject({ name: "ci", description: "before", signed: true, status: WebhookStatus.DISABLED });
    const { webhook: other } = await webhooks().updateWebhook({
      id: made.id,
      name: "cd",
      url: `${url}2`,
      events: ["prompt.created"],
      description: "",
      secret: "",
      status: WebhookStatus.ACTIVE,
    });
    expect(other).toMatchObject({
      name: "cd",
      url: `${url}2`,
      events: ["prompt.created"],
      description: "",
      signed: false,
    });
  });

  it("is gone once it is deleted", async () => {
    const { id } = await create({ secret: "x" });
    await webhooks().deleteWebhook({ id });
    const gone = { code: "NotFound", reason: "WEBHOOK_NOT_FOUND" };
    expect(await failureOf(webhooks().getWebhook({ id }))).toMatchObject(gone);
    expect(await failureOf(webhooks().updateWebhook({ id, name: "x" }))).toMatchObject(gone);
    expect(await failureOf(webhooks().deleteWebhook({ id }))).toMatchObject(gone);
    expect(await failureOf(webhooks().testWebhook({ id }))).toMatchObject(gone);
    expect(await failureOf(webhooks().listWebhookDeliveries({ webhookId: id }))).toMatchObject(gone);
    expect(await failureOf(webhooks().getWebhook({ id: "no-uuid" }))).toMatchObject(gone);
  });

  it("is listed after those that are newer, page by page", async () => {
    const first = await create({ name: "first" });
    const second = await create({ name: "second" });
    const one = await webhooks().listWebhooks({ pageSize: 1 });
    const two = await webhooks().listWebhooks({ pageSize: 1, pageToken: one.nextPageToken });
    expect([one.webhooks[0]?.id, two.webhooks[0]?.id]).toEqual([second.id, first.id]);
    expect(await failureOf(webhooks().listWebhooks({ pageToken: "x" }))).toMatchObject({
      reason: "PAGE_TOKEN_INVALID",
    });
  });

  it.each([
    ["a name that begins with a dot", { name: ".x" }, "REQUEST_INVALID", /name/],
    ["a name of 64 letters", { name: "x".repeat(64) }, "REQUEST_INVALID", /name/],
    ["no event", { events: [] }, "REQUEST_INVALID", /events/],
    ["an action that the entity has not", { events: ["model_version.updated"] }, "WEBHOOK_EVENT_INVALID", /'created'/],
    ["an entity that is none", { events: ["run.created"] }, "WEBHOOK_EVENT_INVALID", /'run'/],
    ["a private address", { url: "https://10.1.2.3/" }, "WEBHOOK_URL_REFUSED", /is at 10\.1\.2\.3/],
    ["plain http", { url: "http://1.1.1.1/" }, "WEBHOOK_URL_REFUSED", /not https/],
    ["a name of loopback", { url: "https://localhost/" }, "WEBHOOK_URL_REFUSED", /(127\.0\.0\.1|::1)/],
    ["too long a secret", { secret: "x".repeat(1_001) }, "REQUEST_INVALID", /secret/],
  ])("is refused with %s, when it is created and when it is changed", async (_, wrong, reason, message) => {
    const { id } = await create();
    const before = await webhooks().listWebhooks({});
    const refused = { code: "InvalidArgument", reason, message: expect.stringMatching(message) };
    expect(await failureOf(create(wrong))).toMatchObject(refused);
    if (!("events" in wrong && wrong.events.length === 0))
      expect(await failureOf(webhooks().updateWebhook({ id, ...wrong }))).toMatchObject(refused);
    expect(await webhooks().listWebhooks({})).toEqual(before);
  });
});

describe("a test of a webhook", () => {
  it("sends a signed example, and tells what was answered", async () => {
    const there = await receiver((_, response) => void response.writeHead(202).end("thanks"));
    const { id } = await create({ url: there.url, secret: "s", status: WebhookStatus.DISABLED });
    const answer = await webhooks().testWebhook({ id, event: "prompt_tag.set" });
    expect(answer).toMatchObject({ success: true, responseStatus: 202, responseBody: "thanks", errorMessage: "" });
    const [{ headers, body }] = there.received as [(typeof there.received)[0]];
    expect(JSON.parse(body)).toMatchObject({ entity: "prompt_tag", action: "set", data: { key: "reviewed" } });
    const at = new Date(Number(headers["x-mlflow-timestamp"]) * 1000);
    const signed = { id: String(headers["x-mlflow-delivery-id"]), body, secret: "s" };
    expect(headers).toMatchObject(deliveryHeaders(signed, at));
    await there.close();
  });

  it("tells of an answer that is not 2xx, and of none", async () => {
    const there = await receiver((_, response) => void response.writeHead(418).end("no"));
    const { id } = await create({ url: there.url });
    expect(await webhooks().testWebhook({ id })).toMatchObject({
      success: false,
      responseStatus: 418,
      errorMessage: "",
    });
    await there.close();
    const gone = await webhooks().testWebhook({ id });
    expect(gone).toMatchObject({
      success: false,
      responseStatus: 0,
      errorMessage: expect.stringMatching(/ECONNREFUSED/),
    });
  });
});
