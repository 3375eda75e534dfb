/**
 * One metric of several runs, to be drawn: by step, thinned out evenly where a run has more points than are asked for.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { formatRunId, isRunId } from "@mintmark/names/run-id";
import { type MetricPoint, MetricPointSchema } from "@mintmark/proto/mintmark/tracking/v1/run";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { invalid, requireCount } from "../fields.ts";

export interface CompareMetric {
  readonly runIds: readonly string[];
  readonly key: string;
  readonly startStep?: bigint | undefined;
  readonly endStep?: bigint | undefined;
  /** Of one run; 2500 if 0. */
  readonly maxPoints: number;
}

const defaultPoints = 2_500;
const mostPoints = 25_000;
const mostRuns = 100;
/** Of all runs together, so that an answer has a size that a caller can take. */
const mostTogether = 250_000;

/** @throws AppError REQUEST_INVALID */
export async function compareMetric(db: Db, request: CompareMetric): Promise<MetricPoint[]> {
  const { runIds, key, startStep, endStep, maxPoints } = request;
  requireCount("run_ids", runIds.length, mostRuns, 1);
  if (maxPoints > mostPoints) throw invalid("max_points", `must be at most ${mostPoints}, got ${maxPoints}`);
  const points = Math.min(maxPoints || defaultPoints, Math.floor(mostTogether / runIds.length));
  // Of n points kept of m, point i is one if floor(i · (n − 1) / (m − 1)) is another number than for the point before.
  const share = (place: string) => sql`div(${sql.raw(place)} * ${points - 1}::numeric, nullif(total - 1, 0))`;
  const { rows } = await sql<{ run_id: string; ts: bigint; step: bigint; value: number }>`
    select r.run_id, point.ts, point.step, point.value
    from unnest(${runIds.filter(isRunId)}::uuid[]) with ordinality as asked (run_id, place)
    join run r using (run_id)
    cross join lateral (
      select ts, step, value from (
        select ts, step, value, row_number() over (order by step, ts, value) - 1 as i, count(*) over () as total
        from metric_point
        where run_pk = r.run_pk and key_id = (select key_id from key_name where name = ${key})
          ${startStep === undefined ? sql`` : sql`and step >= ${startStep}::bigint`}
          ${endStep === undefined ? sql`` : sql`and step <= ${endStep}::bigint`}) all_of_it
      where total <= ${points} or i = 0 or ${share("i")} > ${share("(i - 1)")}) point
    order by asked.place, point.step, point.ts, point.value`.execute(db);
  return rows.map(({ run_id, ts, step, value }) =>
    create(MetricPointSchema, { key, value, step, timeMs: ts, runId: formatRunId(run_id) }),
  );
}
