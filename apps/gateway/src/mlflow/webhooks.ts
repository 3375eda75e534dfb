/**
 * MLflow's calls on webhooks.
 * @module
 */
import { type Webhook, WebhookStatus } from "@mintmark/proto/mintmark/registry/v1/webhook";
import {
  list,
  message,
  optionalText,
  pageLength,
  requiredList,
  requiredText,
  requiredWord,
  text,
  word,
} from "./fields.ts";
import { milliseconds, orAbsent, textOrAbsent } from "./json.ts";
import { type Route, route } from "./route.ts";

const entities = [
  "REGISTERED_MODEL",
  "MODEL_VERSION",
  "MODEL_VERSION_TAG",
  "MODEL_VERSION_ALIAS",
  "PROMPT",
  "PROMPT_VERSION",
  "PROMPT_TAG",
  "PROMPT_VERSION_TAG",
  "PROMPT_ALIAS",
  "BUDGET_POLICY",
] as const;
const actions = ["CREATED", "UPDATED", "DELETED", "SET", "EXCEEDED"] as const;

/** As the native API calls it: `model_version.created`. */
const event = message({ entity: requiredWord(entities), action: requiredWord(actions) }).transform(
  ({ entity, action }) => `${entity}.${action}`.toLowerCase(),
);
const status = word(["ACTIVE", "DISABLED"]).transform((name) => WebhookStatus[name ?? "UNSPECIFIED"]);
const identified = { webhook_id: requiredText };

export const webhookRoutes: readonly Route[] = [
  route(
    "POST",
    "2.0/mlflow/webhooks",
    message({
      name: requiredText,
      url: requiredText,
      events: requiredList(event),
      description: text,
      secret: text,
      status,
    }),
    async (asked, { registry, as }) => {
      const { webhook } = await registry.webhooks.createWebhook(asked, as);
      return { webhook: webhookJson(webhook!) };
    },
  ),
  route(
    "GET",
    "2.0/mlflow/webhooks",
    message({ max_results: pageLength(), page_token: text }),
    async ({ max_results, page_token }, { registry, as }) => {
      const { webhooks, nextPageToken } = await registry.webhooks.listWebhooks(
        { pageSize: max_results, pageToken: page_token },
        as,
      );
      return { webhooks: orAbsent(webhooks.map(webhookJson)), next_page_token: textOrAbsent(nextPageToken) };
    },
  ),
  route("GET", "2.0/mlflow/webhooks/:webhook_id", message(identified), async ({ webhook_id }, { registry, as }) => {
    const { webhook } = await registry.webhooks.getWebhook({ id: webhook_id }, as);
    return { webhook: webhookJson(webhook!) };
  }),
  route(
    "PATCH",
    "2.0/mlflow/webhooks/:webhook_id",
    message({
      ...identified,
      name: text,
      url: text,
      events: list(event),
      description: optionalText,
      secret: optionalText,
      status,
    }),
    async ({ webhook_id: id, name, url, events, description, secret, status }, { registry, as }) => {
      const { webhook } = await registry.webhooks.updateWebhook(
        {
          id,
          events,
          status,
          // A name or a URL cannot be emptied, so that "" says nothing about them.
          ...(name === "" ? {} : { name }),
          ...(url === "" ? {} : { url }),
          ...(description === undefined ? {} : { description }),
          ...(secret === undefined ? {} : { secret }),
        },
        as,
      );
      return { webhook: webhookJson(webhook!) };
    },
  ),
  route("DELETE", "2.0/mlflow/webhooks/:webhook_id", message(identified), async ({ webhook_id }, { registry, as }) => {
    await registry.webhooks.deleteWebhook({ id: webhook_id }, as);
    return {};
  }),
  route(
    "POST",
    "2.0/mlflow/webhooks/:webhook_id/test",
    message({ ...identified, event: event.optional() }),
    async ({ webhook_id, event = "" }, { registry, as }) => {
      const result = await registry.webhooks.testWebhook({ id: webhook_id, event }, as);
      return {
        result: {
          success: result.success,
          response_status: result.responseStatus === 0 ? undefined : result.responseStatus,
          response_body: textOrAbsent(result.responseBody),
          error_message: textOrAbsent(result.errorMessage),
        },
      };
    },
  ),
];

function webhookJson(webhook: Webhook): object {
  return {
    webhook_id: webhook.id,
    name: webhook.name,
    description: textOrAbsent(webhook.description),
    url: webhook.url,
    events: webhook.events.map(eventJson),
    status: webhook.status === WebhookStatus.ACTIVE ? "ACTIVE" : "DISABLED",
    creation_timestamp: milliseconds(webhook.createTime),
    last_updated_timestamp: milliseconds(webhook.updateTime),
  };
}

function eventJson(event: string): object {
  const [entity, action] = event.toUpperCase().split(".");
  return { entity, action };
}
