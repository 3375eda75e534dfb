/**
 * RPC face of webhooks.
 * @module
 */
import { randomUUID } from "node:crypto";
import type { ServiceImpl } from "@connectrpc/connect";
import { WebhookStatus } from "@mintmark/proto/mintmark/registry/v1/webhook";
import type { WebhookService } from "@mintmark/proto/mintmark/registry/v1/webhook_service";
import { currentCaller } from "../caller.ts";
import { announce } from "../events/announce.ts";
import { invalid, requireText } from "../fields.ts";
import { pageSize } from "../paging.ts";
import type { ServiceDeps } from "../service-deps.ts";
import { attempt, attemptTimeoutMs } from "./attempt.ts";
import { deliveryMessage, findWebhook, listDeliveries, listWebhooks, webhookMessage } from "./find-webhook.ts";
import { resolveReceiver } from "./receiver-address.ts";
import { exampleBody, parseWebhookEvent, type WebhookEvent } from "./webhook-events.ts";
import { changeWebhook, createWebhook, deleteWebhook } from "./write-webhook.ts";

export function webhookService(
  deps: Pick<ServiceDeps, "db" | "webhooks" | "closing">,
): ServiceImpl<typeof WebhookService> {
  const { db, webhooks } = deps;
  const requireUrl = async (url: string, signal: AbortSignal) => {
    requireText("url", url, 2_000);
    await resolveReceiver(url, webhooks.receivers, AbortSignal.any([signal, AbortSignal.timeout(resolveTimeoutMs)]));
    return url;
  };

  return {
    async createWebhook({ name, url, events, description, secret, status }, context) {
      const webhook = {
        name: requireName(name),
        events: requireEvents(events),
        description: requireText("description", description, 1_000),
        active: status !== WebhookStatus.DISABLED,
        url: await requireUrl(url, context.signal),
        secret: secret === "" ? undefined : await webhooks.secrets.seal(requireText("secret", secret, 1_000)),
        actor: currentCaller(context).name,
      };
      const made = await createWebhook(db, webhook);
      await announce(context, db, made.event);
      return { webhook: webhookMessage(made) };
    },
    async getWebhook({ id }) {
      return { webhook: webhookMessage(await findWebhook(db, id)) };
    },
    async listWebhooks({ pageSize: size, pageToken }) {
      const { page, next } = await listWebhooks(db, pageSize(size), pageToken);
      return { webhooks: page.map(webhookMessage), nextPageToken: next };
    },
    async updateWebhook({ id, name, url, events, description, secret, status }, context) {
      const { webhook_pk: _, ...before } = await findWebhook(db, id);
      const changed = await changeWebhook(db, {
        id: before.id,
        name: name === undefined ? undefined : requireName(name),
        events: events.length === 0 ? undefined : requireEvents(events),
        description: description === undefined ? undefined : requireText("description", description, 1_000),
        active: status === WebhookStatus.UNSPECIFIED ? undefined : status === WebhookStatus.ACTIVE,
        url: url === undefined ? undefined : await requireUrl(url, context.signal),
        secret: secret
          ? await webhooks.secrets.seal(requireText("secret", secret, 1_000))
          : secret === ""
            ? null
            : undefined,
        actor: currentCaller(context).name,
      });
      await announce(context, db, changed.event);
      return { webhook: webhookMessage(changed) };
    },
    async deleteWebhook({ id }, context) {
      await announce(context, db, await deleteWebhook(db, id, currentCaller(context).name));
      return {};
    },
    async testWebhook({ id, event }, { signal }) {
      const { url, secret, events } = await findWebhook(db, id);
      const body = exampleBody(event === "" ? events[0]! : parseWebhookEvent(event), new Date());
      const options = { timeoutMs: attemptTimeoutMs, signal: AbortSignal.any([signal, deps.closing]) };
      const { answer, error } = await attempt(webhooks, { id: randomUUID(), url, secret, body }, options);
      return {
        success: error === undefined,
        responseStatus: answer?.status ?? 0,
        responseBody: answer?.body ?? "",
        errorMessage: answer === undefined ? (error ?? "") : "",
      };
    },
    async listWebhookDeliveries({ webhookId, pageSize: size, pageToken }) {
      const { page, next } = await listDeliveries(db, webhookId, pageSize(size), pageToken);
      return { deliveries: page.map(deliveryMessage), nextPageToken: next };
    },
  };
}

const resolveTimeoutMs = 5_000;

function requireName(name: string): string {
  if (/^(?=.{1,63}$)[a-z\d]([\w.-]*[a-z\d])?$/i.test(name)) return name;
  throw invalid(
    "name",
    `must be 1 to 63 letters, digits, dots, underscores and hyphens, beginning and ending with a letter or digit, got ${JSON.stringify(name)}`,
  );
}

function requireEvents(events: readonly string[]): readonly WebhookEvent[] {
  if (events.length === 0) throw invalid("events", "must not be empty");
  return [...new Set(events.map(parseWebhookEvent))];
}
