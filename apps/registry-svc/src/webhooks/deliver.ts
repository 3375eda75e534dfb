/**
 * Delivers what the outbox holds, in any number of registries at the same time.
 *
 * A delivery is claimed by moving its due time past the attempt's end: whoever dies with it leaves it to be claimed again, so it
 * arrives at least once. Of one webhook a registry has one delivery under way at a time, so the order is that of the events
 * as long as nothing fails, and a receiver that is slow holds up only itself. One that failed waits for its own next time,
 * and those behind it go on.
 * @module
 */
import { sql } from "kysely";
import type { Logger } from "pino";
import type { Listener } from "../db/listener.ts";
import type { Db } from "../db/schema.ts";
import { attempt, attemptTimeoutMs, type Delivery, type Result, type WebhookDeps } from "./attempt.ts";
import { type Backoff, retryDelayMs } from "./retry-delay.ts";

export interface DeliveryDeps {
  readonly db: Db;
  readonly listener: Listener;
  readonly webhooks: WebhookDeps;
  readonly log: Logger;
  /** No new attempt begins once it is aborted. */
  readonly closing: AbortSignal;
}

export interface DeliverySettings extends Backoff {
  /** Of one attempt. */
  readonly timeoutMs: number;
  /** After which an attempt counts as lost with its registry. */
  readonly leaseMs: number;
  /** Since the event; then it is dead. */
  readonly giveUpMs: number;
  /** Webhooks at the same time. */
  readonly concurrency: number;
  /** The longest time without a look at the outbox. */
  readonly lookMs: number;
}

export const deliverySettings: DeliverySettings = {
  timeoutMs: attemptTimeoutMs,
  leaseMs: 30_000,
  firstMs: 1_000,
  lastMs: 3_600_000,
  giveUpMs: 24 * 3_600_000,
  concurrency: 50,
  lookMs: 10_000,
};

export interface Deliveries {
  /** Gives what is under way a moment, then cuts it off: it will be tried again. */
  readonly stop: () => Promise<void>;
}

export function startDeliveries(deps: DeliveryDeps, settings: DeliverySettings = deliverySettings): Deliveries {
  const { db, listener, log, closing } = deps;
  const stopping = new AbortController();
  const cut = new AbortController();
  const ending = AbortSignal.any([closing, stopping.signal]);
  const underWay = new Map<bigint, Promise<void>>();
  let alarm = Promise.withResolvers<void>();
  const wake = () => alarm.resolve();
  const unlisten = listener.on("mintmark_webhook", wake);
  ending.addEventListener("abort", wake);

  const begin = (claimed: Claimed) => {
    const done = deliver(deps, claimed, settings, cut.signal)
      .catch((error: unknown) => log.warn({ err: error, delivery: claimed.id }, "the outcome of a delivery was lost"))
      .finally(() => {
        underWay.delete(claimed.webhook_pk);
        wake();
      });
    underWay.set(claimed.webhook_pk, done);
  };

  const loop = async () => {
    let sweepAt = 0;
    while (!ending.aborted) {
      // Before the look, so that what is queued after it wakes.
      alarm = Promise.withResolvers();
      const wait = await look(db, [...underWay.keys()], settings, begin).catch((error: unknown) => {
        log.warn({ err: error }, "the outbox of webhooks cannot be read");
        return settings.lookMs;
      });
      if (Date.now() >= sweepAt) {
        sweepAt = Date.now() + sweepEveryMs;
        await sweep(db).catch((error: unknown) => log.warn({ err: error }, "old deliveries were not removed"));
      }
      if (!ending.aborted) await Promise.race([alarm.promise, elapsed(wait, alarm.promise)]);
    }
  };
  const done = loop();

  return {
    async stop() {
      stopping.abort();
      unlisten();
      const timer = setTimeout(() => cut.abort(), graceMs);
      await done;
      await Promise.all(underWay.values());
      clearTimeout(timer);
    },
  };
}

const graceMs = 2_000;
const sweepEveryMs = 3_600_000;
const sweepAtOnce = 10_000;
const maxError = 1_000;

interface Claimed extends Delivery {
  readonly delivery_pk: bigint;
  readonly webhook_pk: bigint;
  readonly webhook: string;
  readonly attempts: number;
}

/** Claims what is due and begins with it. @returns how long until there may be more, unless something wakes earlier */
async function look(
  db: Db,
  busy: readonly bigint[],
  settings: DeliverySettings,
  begin: (claimed: Claimed) => void,
): Promise<number> {
  const free = settings.concurrency - busy.length;
  if (free <= 0) return settings.lookMs;
  const claimed = await claim(db, busy, free, settings.leaseMs);
  claimed.forEach(begin);
  const all = [...busy, ...claimed.map(({ webhook_pk }) => webhook_pk)];
  return Math.min((await nextDueMs(db, all)) ?? settings.lookMs, settings.lookMs);
}

/**
 * The first that is due of each webhook that is not busy. `now()` is the same all through the statement, so that the index is
 * read up to it; `clock_timestamp()` would be asked again of each delivery that waits.
 */
async function claim(db: Db, busy: readonly bigint[], free: number, leaseMs: number): Promise<readonly Claimed[]> {
  const { rows } = await sql<Claimed>`
    update webhook_delivery d set attempts = d.attempts + 1, due_at = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    from (
      select first.delivery_pk, w.id as webhook, w.url, w.secret
      from webhook w cross join lateral (
        select delivery_pk from webhook_delivery
        where webhook_pk = w.webhook_pk and status = 1 and due_at <= now()
        order by due_at, delivery_pk limit 1 for update skip locked) first
      where w.active and w.deleted_at is null and w.webhook_pk <> all(${busy.map(String)}::bigint[])
      limit ${free}) due
    where d.delivery_pk = due.delivery_pk
    returning d.delivery_pk, d.webhook_pk, d.id, d.body, d.attempts, due.webhook, due.url, due.secret`.execute(db);
  return rows;
}

/** Until the first that waits of a webhook that is not busy; `undefined` if none waits. */
async function nextDueMs(db: Db, busy: readonly bigint[]): Promise<number | undefined> {
  const { rows } = await sql<{ ms: number | null }>`
    select (extract(epoch from min(first.due_at) - clock_timestamp()) * 1000)::float8 as ms
    from webhook w cross join lateral (
      select due_at from webhook_delivery where webhook_pk = w.webhook_pk and status = 1 order by due_at limit 1) first
    where w.active and w.deleted_at is null and w.webhook_pk <> all(${busy.map(String)}::bigint[])`.execute(db);
  const ms = rows[0]?.ms ?? undefined;
  return ms === undefined ? undefined : Math.max(0, ms);
}

async function deliver(
  { db, webhooks, log }: DeliveryDeps,
  claimed: Claimed,
  settings: DeliverySettings,
  signal: AbortSignal,
): Promise<void> {
  const begun = performance.now();
  const result = await attempt(webhooks, claimed, { timeoutMs: settings.timeoutMs, signal });
  // The URL may hold a secret of the receiver's.
  const about = {
    webhook: claimed.webhook,
    delivery: claimed.id,
    attempt: claimed.attempts,
    status: result.answer?.status,
    ms: Math.round(performance.now() - begun),
  };
  if (signal.aborted && result.answer === undefined) return release(db, claimed);
  if (result.error === undefined) {
    await settle(db, claimed, result);
    log.debug(about, "a webhook was delivered");
    return;
  }
  const delayMs = retryDelayMs(claimed.attempts, settings, Math.random());
  const dead = await postpone(
    db,
    claimed,
    { ...result, error: result.error },
    { delayMs, giveUpMs: settings.giveUpMs },
  );
  log.warn({ ...about, error: result.error }, dead ? "a webhook was given up" : "a webhook was not delivered yet");
}

/** Also if another has claimed it meanwhile: the receiver has it. */
async function settle(db: Db, { delivery_pk }: Claimed, { answer }: Result): Promise<void> {
  await sql`
    update webhook_delivery set status = 2, response_status = ${answer?.status ?? null}, error = '', ended_at = clock_timestamp()
    where delivery_pk = ${delivery_pk} and status = 1`.execute(db);
}

/** @returns whether it was given up */
async function postpone(
  db: Db,
  { delivery_pk, attempts }: Claimed,
  { answer, error }: Result & { readonly error: string },
  { delayMs, giveUpMs }: { readonly delayMs: number; readonly giveUpMs: number },
): Promise<boolean> {
  const { rows } = await sql<{ dead: boolean }>`
    with next as (select clock_timestamp() + ${delayMs} * interval '1 millisecond' as at)
    update webhook_delivery set response_status = ${answer?.status ?? null}, error = ${storable(error)}, due_at = next.at,
      status = case when too_late then 3 else 1 end, ended_at = case when too_late then clock_timestamp() end
    from next, lateral (select created_at + ${giveUpMs} * interval '1 millisecond' < next.at as too_late
      from webhook_delivery where delivery_pk = ${delivery_pk}) as age
    where delivery_pk = ${delivery_pk} and attempts = ${attempts} and status = 1
    returning too_late as dead`.execute(db);
  return rows[0]?.dead ?? false;
}

async function release(db: Db, { delivery_pk, attempts }: Claimed): Promise<void> {
  await sql`
    update webhook_delivery set due_at = clock_timestamp()
    where delivery_pk = ${delivery_pk} and attempts = ${attempts} and status = 1`.execute(db);
}

/** What ended long ago, and what was queued for webhooks that are deleted. */
async function sweep(db: Db): Promise<void> {
  for (let removed = sweepAtOnce; removed === sweepAtOnce; ) {
    const { numAffectedRows } = await sql`
      delete from webhook_delivery where delivery_pk in (
        select delivery_pk from webhook_delivery
        where status <> 1 and ended_at < clock_timestamp() - case status when 2 then interval '7 days' else interval '30 days' end
        limit ${sweepAtOnce})`.execute(db);
    removed = Number(numAffectedRows);
  }
  await sql`
    delete from webhook_delivery d using webhook w
    where d.webhook_pk = w.webhook_pk and w.deleted_at is not null and d.status = 1`.execute(db);
}

function storable(error: string): string {
  return error.slice(0, maxError).toWellFormed().replaceAll("\0", " ");
}

/** Until the time has passed, or `instead` has happened, which also takes the timer away. */
async function elapsed(milliseconds: number, instead: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([promise, instead]);
  clearTimeout(timer);
}
