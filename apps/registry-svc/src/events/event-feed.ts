/**
 * Events as they are committed, for any number of watchers: each reads for itself from where it is, woken by the database.
 * @module
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { EventSchema } from "@mintmark/proto/mintmark/registry/v1/event";
import { sql } from "kysely";
import type { Listener } from "../db/listener.ts";
import { prepared } from "../db/prepared.ts";
import type { Db } from "../db/schema.ts";
import { eventHead } from "./announce.ts";

export interface EventRow {
  readonly number: bigint;
  readonly kind: string;
  readonly model_id: string | null;
  readonly model: string | null;
  readonly actor: string;
  readonly at: Date;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface EventBatch {
  /** In order, without a gap after the batch before; empty in a sign of life. */
  readonly events: readonly EventRow[];
  /** The number of the last committed event. */
  readonly head: bigint;
}

export interface WatchEvents {
  /** The last event that the watcher has seen; `undefined` for "from now on". */
  readonly after: bigint | undefined;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** How long nothing may happen before an empty batch says that the stream is alive. */
  readonly signOfLifeMs?: number;
}

const batchSize = 500;

/** Begins with a batch at once, so that the watcher knows the head. */
export async function* watchEvents(
  db: Db,
  listener: Listener,
  { after, signal, signOfLifeMs = 2_000 }: WatchEvents,
): AsyncIterable<EventBatch> {
  const bell = newBell();
  const stop = listener.on("mintmark_event", bell.ring);
  signal.addEventListener("abort", bell.ring);
  try {
    let seen = after ?? (await eventHead(db));
    while (!signal.aborted) {
      const batch = await readAfter(db, seen);
      yield batch;
      seen = batch.events.at(-1)?.number ?? seen;
      if (seen >= batch.head) await bell.rung(signOfLifeMs);
    }
  } finally {
    stop();
    signal.removeEventListener("abort", bell.ring);
  }
}

/** @param where a condition, and order and limit if any, over `event e` */
export async function selectEvents(db: Db, where: ReturnType<typeof sql>): Promise<readonly EventRow[]> {
  const { rows } = await sql<EventRow>`
    select e.number, e.kind, m.id as model_id, e.model, e.actor, e.at, e.detail
    from event e left join model m using (model_pk) where ${where}`.execute(db);
  return rows;
}

export function eventMessage(row: EventRow): MessageInitShape<typeof EventSchema> {
  return {
    number: row.number,
    kind: row.kind,
    modelId: row.model_id ?? "",
    model: row.model ?? "",
    actor: row.actor,
    time: timestampFromDate(row.at),
    detail: row.detail as NonNullable<MessageInitShape<typeof EventSchema>["detail"]>,
  };
}

async function readAfter(db: Db, seen: bigint): Promise<EventBatch> {
  const { rows } = await sql<(EventRow & { head: bigint }) | { head: bigint; number: null }>`${prepared}
    select h.number as head, e.* from event_head h left join lateral (
      select e.number, e.kind, m.id as model_id, e.model, e.actor, e.at, e.detail
      from event e left join model m using (model_pk) where e.number > ${seen} order by e.number limit ${batchSize}
    ) e on true order by e.number`.execute(db);
  return { events: rows.filter((row) => row.number !== null), head: rows[0]!.head };
}

/** Rings that come while nobody waits are kept: the next wait ends at once. */
function newBell() {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring: () => {
      rung = true;
      wake?.();
    },
    async rung(timeoutMs: number): Promise<void> {
      if (!rung)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      rung = false;
      wake = undefined;
    },
  };
}
