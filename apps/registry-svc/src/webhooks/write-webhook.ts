/**
 * Creates, changes and deletes webhooks.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { deliverySettings } from "./deliver.ts";
import { requireWebhookId, type WebhookRow, webhookColumns } from "./find-webhook.ts";
import type { WebhookEvent } from "./webhook-events.ts";

export interface CreateWebhook {
  readonly name: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly description: string;
  /** Encrypted. */
  readonly secret: Uint8Array | undefined;
  readonly active: boolean;
  readonly actor: string;
}

/** `undefined` leaves a field as it is. */
export interface ChangeWebhook {
  readonly id: string;
  readonly name: string | undefined;
  readonly url: string | undefined;
  readonly events: readonly WebhookEvent[] | undefined;
  readonly description: string | undefined;
  /** Encrypted; null takes it away. */
  readonly secret: Uint8Array | null | undefined;
  readonly active: boolean | undefined;
  readonly actor: string;
}

const { giveUpMs } = deliverySettings;

type Written = WebhookRow & { readonly event: bigint };

export async function createWebhook(db: Db, webhook: CreateWebhook): Promise<Written> {
  const { name, url, events, description, secret, active, actor } = webhook;
  const { rows } = await sql<Written>`
    with made as (
      insert into webhook (name, url, events, description, secret, active, created_by)
      values (${name}, ${url}, ${events}::text[], ${description}, ${secret ?? null}, ${active}, ${actor})
      returning ${webhookColumns}
    )
    select made.*, ${recorded("webhook.created", actor)} from made`.execute(db);
  return rows[0]!;
}

/**
 * What is queued does not wait longer for a webhook that is disabled than for one that does not answer.
 * @throws AppError `WEBHOOK_NOT_FOUND`
 */
export async function changeWebhook(db: Db, change: ChangeWebhook): Promise<Written> {
  const { id, name, url, events, description, secret, active, actor } = change;
  const { rows } = await sql<Written>`
    with changed as (
      update webhook set name = coalesce(${name ?? null}, name), url = coalesce(${url ?? null}, url),
        events = coalesce(${events ?? null}::text[], events), description = coalesce(${description ?? null}, description),
        secret = ${secret === undefined ? sql`secret` : secret}, active = coalesce(${active ?? null}, active),
        updated_at = clock_timestamp()
      where id = ${requireWebhookId(id)} and deleted_at is null returning ${webhookColumns}
    ), given_up as (
      update webhook_delivery d set status = 3, error = 'its webhook was disabled', ended_at = clock_timestamp()
      from changed where d.webhook_pk = changed.webhook_pk and changed.active and d.status = 1
        and d.created_at < clock_timestamp() - ${giveUpMs} * interval '1 millisecond'
      returning 1
    )
    select changed.*, ${recorded("webhook.updated", actor)} from changed, (select count(*) from given_up)`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new AppError("WEBHOOK_NOT_FOUND", { id });
  return row;
}

/**
 * Takes what is queued along. What is queued by a change that is not yet committed stays behind, and is never sent.
 * @returns the number of the event
 * @throws AppError `WEBHOOK_NOT_FOUND`
 */
export async function deleteWebhook(db: Db, id: string, actor: string): Promise<bigint> {
  const { rows } = await sql<{ event: bigint }>`
    with gone as (
      update webhook set deleted_at = clock_timestamp(), updated_at = clock_timestamp(), secret = null
      where id = ${requireWebhookId(id)} and deleted_at is null returning webhook_pk, id
    ), forgotten as (
      delete from webhook_delivery d using gone where d.webhook_pk = gone.webhook_pk and d.status = 1 returning 1
    )
    select ${recorded("webhook.deleted", actor)} from gone, (select count(*) from forgotten)`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new AppError("WEBHOOK_NOT_FOUND", { id });
  return row.event;
}

function recorded(kind: string, actor: string) {
  return sql`record_event(${kind}, null, ${actor}, jsonb_build_object('webhook', id)) as event`;
}
