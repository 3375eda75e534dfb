/**
 * What webhooks can be told of, in MLflow's words, with an example of each; `0010_webhook.sql` says which events these are.
 * @module
 */
import { AppError } from "@mintmark/errors";

const model = { name: "churn", tags: { team: "growth" }, description: "who leaves" };
const version = { name: "churn", version: "3" };
const prompt = { name: "greeting", tags: { team: "growth" }, description: "how we greet" };

const examples = {
  "registered_model.created": model,
  "model_version.created": {
    ...version,
    source: "models:/m-0123456789abcdef0123456789abcdef",
    run_id: "0123456789abcdef0123456789abcdef",
    tags: { team: "growth" },
    description: null,
  },
  "model_version_tag.set": { ...version, key: "reviewed", value: "yes" },
  "model_version_tag.deleted": { ...version, key: "reviewed" },
  "model_version_alias.created": { name: "churn", alias: "champion", version: "3" },
  "model_version_alias.deleted": { name: "churn", alias: "champion" },
  "prompt.created": prompt,
  "prompt_version.created": {
    name: "greeting",
    version: "3",
    template: "Good morning, {{name}}!",
    tags: { team: "growth" },
    description: null,
  },
  "prompt_tag.set": { name: "greeting", key: "reviewed", value: "yes" },
  "prompt_tag.deleted": { name: "greeting", key: "reviewed" },
  "prompt_version_tag.set": { name: "greeting", version: "3", key: "reviewed", value: "yes" },
  "prompt_version_tag.deleted": { name: "greeting", version: "3", key: "reviewed" },
  "prompt_alias.created": { name: "greeting", alias: "champion", version: "3" },
  "prompt_alias.deleted": { name: "greeting", alias: "champion" },
  "budget_policy.exceeded": {
    budget_policy_id: "bp-1",
    budget_unit: "USD",
    budget_amount: 100,
    current_spend: 105.5,
    duration_unit: "MONTHS",
    duration_value: 1,
    target_scope: "GLOBAL",
    workspace: "default",
    target_value: null,
    window_start: 1_704_067_200_000,
  },
} as const;

export type WebhookEvent = keyof typeof examples;

export const webhookEvents = Object.keys(examples) as readonly WebhookEvent[];

/** @throws AppError `WEBHOOK_EVENT_INVALID`, which names the actions of the entity if there is such an entity */
export function parseWebhookEvent(text: string): WebhookEvent {
  const known = webhookEvents.find((event) => event === text);
  if (known !== undefined) return known;
  const [entity, action = ""] = text.split(".");
  const actions = webhookEvents.filter((event) => event.startsWith(`${entity}.`)).map((event) => event.split(".")[1]!);
  throw new AppError("WEBHOOK_EVENT_INVALID", { entity: entity!, action, actions: actions.sort() });
}

/** What a delivery of the event would say, with an invented subject. */
export function exampleBody(event: WebhookEvent, now: Date): string {
  const [entity, action] = event.split(".");
  return JSON.stringify({ entity, action, timestamp: now.toISOString(), data: examples[event] });
}
