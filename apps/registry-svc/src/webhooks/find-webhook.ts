/**
 * Reading webhooks, never their secrets, and their deliveries.
 * @module
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { AppError } from "@mintmark/errors";
import {
  type WebhookDeliverySchema,
  WebhookDeliveryStatus,
  type WebhookSchema,
  WebhookStatus,
} from "@mintmark/proto/mintmark/registry/v1/webhook";
import { sql } from "kysely";
import type { Db, WebhookDeliveryTable, WebhookTable } from "../db/schema.ts";
import { cutPage, pageToken, readNumberToken } from "../paging.ts";
import type { WebhookEvent } from "./webhook-events.ts";

export interface WebhookRow extends Pick<WebhookTable, "name" | "url" | "secret" | "created_by"> {
  readonly webhook_pk: bigint;
  readonly id: string;
  readonly events: readonly WebhookEvent[];
  readonly description: string;
  readonly active: boolean;
  readonly created_at: Date;
  readonly updated_at: Date;
}

export const webhookColumns = sql`
  webhook_pk, id, name, url, events, description, secret, active, created_by, created_at, updated_at`;

/** @throws AppError `WEBHOOK_NOT_FOUND` */
export async function findWebhook(db: Db, id: string): Promise<WebhookRow> {
  const { rows } = await sql<WebhookRow>`
    select ${webhookColumns} from webhook where id = ${requireWebhookId(id)} and deleted_at is null`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new AppError("WEBHOOK_NOT_FOUND", { id });
  return row;
}

/** @throws AppError `WEBHOOK_NOT_FOUND` for what cannot be the id of any */
export function requireWebhookId(id: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) throw new AppError("WEBHOOK_NOT_FOUND", { id });
  return id;
}

interface Page<Row> {
  readonly page: readonly Row[];
  readonly next: string;
}

/** The newest first. @throws AppError `PAGE_TOKEN_INVALID` */
export async function listWebhooks(db: Db, size: number, token: string): Promise<Page<WebhookRow>> {
  const after = readNumberToken("webhooks", token);
  const begin = after === undefined ? sql`true` : sql`webhook_pk < ${after}`;
  const { rows } = await sql<WebhookRow>`
    select ${webhookColumns} from webhook where deleted_at is null and ${begin}
    order by webhook_pk desc limit ${size + 1}`.execute(db);
  return cutPage(rows, size, (last) => pageToken("webhooks", [String(last.webhook_pk)]));
}

export interface DeliveryRow extends Pick<WebhookDeliveryTable, "event" | "event_number" | "response_status"> {
  readonly delivery_pk: bigint;
  readonly id: string;
  readonly status: WebhookDeliveryStatus;
  readonly attempts: number;
  readonly error: string;
  readonly created_at: Date;
  readonly due_at: Date;
  readonly ended_at: Date | null;
}

/** The newest first. @throws AppError `WEBHOOK_NOT_FOUND`, `PAGE_TOKEN_INVALID` */
export async function listDeliveries(db: Db, id: string, size: number, token: string): Promise<Page<DeliveryRow>> {
  const after = readNumberToken("webhook-deliveries", token);
  const { webhook_pk } = await findWebhook(db, id);
  const begin = after === undefined ? sql`true` : sql`delivery_pk < ${after}`;
  const { rows } = await sql<DeliveryRow>`
    select delivery_pk, id, event, event_number, response_status, status, attempts, error, created_at, due_at, ended_at
    from webhook_delivery where webhook_pk = ${webhook_pk} and ${begin}
    order by delivery_pk desc limit ${size + 1}`.execute(db);
  return cutPage(rows, size, (last) => pageToken("webhook-deliveries", [String(last.delivery_pk)]));
}

export function webhookMessage(row: WebhookRow): MessageInitShape<typeof WebhookSchema> {
  return {
    id: row.id,
    name: row.name,
    url: row.url,
    events: [...row.events],
    description: row.description,
    signed: row.secret !== null,
    status: row.active ? WebhookStatus.ACTIVE : WebhookStatus.DISABLED,
    createdBy: row.created_by,
    createTime: timestampFromDate(row.created_at),
    updateTime: timestampFromDate(row.updated_at),
  };
}

export function deliveryMessage(row: DeliveryRow): MessageInitShape<typeof WebhookDeliverySchema> {
  const pending = row.status === WebhookDeliveryStatus.PENDING;
  return {
    id: row.id,
    event: row.event,
    eventNumber: row.event_number,
    status: row.status,
    attempts: row.attempts,
    responseStatus: row.response_status ?? 0,
    error: row.error,
    createTime: timestampFromDate(row.created_at),
    ...(pending ? { nextAttemptTime: timestampFromDate(row.due_at) } : {}),
    ...(row.ended_at === null ? {} : { endTime: timestampFromDate(row.ended_at) }),
  };
}
