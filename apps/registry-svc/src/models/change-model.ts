/**
 * One statement that changes something of a model and records it as an event.
 *
 * The lock on the model's head comes first and the event number last, as everywhere (see `0003_model.sql`), so that writers
 * never wait for each other in a circle, and hold the counter of events only for their commit.
 * @module
 */

import type { ModelName } from "@mintmark/names/model-name";
import { type RawBuilder, sql } from "kysely";
import type { Db } from "../db/schema.ts";

export interface ModelChange {
  readonly name: ModelName;
  readonly actor: string;
  /** The kind of the event, `noun.verb_in_the_past`. */
  readonly event: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Whether the model counts as updated; it does not by what is only said about it or its versions. */
  readonly updates: boolean;
  /** Common table expressions over `locked(model_pk)`, the last one `changed`, which returns `model_pk` where something did. */
  readonly steps: RawBuilder<unknown>;
}

/** The number of the event; `undefined` if there is no such model or nothing changed. */
export async function changeModel(db: Db, change: ModelChange): Promise<bigint | undefined> {
  const { name, actor, event, detail, updates, steps } = change;
  const touched = sql`, touched as (
      update model_head h set updated_at = clock_timestamp() from changed where h.model_pk = changed.model_pk returning h.model_pk
    )`;
  const { rows } = await sql<{ event: bigint }>`
    with locked as (
      select h.model_pk from model_head h join model m using (model_pk)
      where m.full_name = ${name.full} and m.deleted_at is null for update of h
    ), ${steps} ${updates ? touched : sql``}
    select record_event(${event}, model_pk, ${actor}, ${JSON.stringify(detail)}::jsonb) as event
    from ${updates ? sql`touched` : sql`changed`}`.execute(db);
  return rows[0]?.event;
}
