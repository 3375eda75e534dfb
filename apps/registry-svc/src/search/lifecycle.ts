/**
 * Which of the rows that can be deleted and restored a search means.
 * @module
 */
import { LifecycleView } from "@mintmark/proto/mintmark/tracking/v1/experiment";
import { sql } from "kysely";
import type { Sql } from "./fields.ts";

/** A condition over `r`. */
export function inView(view: LifecycleView): Sql {
  if (view === LifecycleView.ALL) return sql`true`;
  return view === LifecycleView.DELETED ? sql`r.deleted_at is not null` : sql`r.deleted_at is null`;
}
