/**
 * Every value of one metric of a run, in the order of the table's key: time, step, value.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { AppError } from "@mintmark/errors";
import { parseRunId } from "@mintmark/names/run-id";
import { type MetricPoint, MetricPointSchema } from "@mintmark/proto/mintmark/tracking/v1/run";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { cutPage, pageSize, pageToken, readPageToken } from "../paging.ts";

const sizes = { most: 25_000, usual: 1_000 };

export interface MetricHistory {
  readonly runId: string;
  readonly key: string;
  /** 1000 if 0. */
  readonly size: number;
  readonly token: string;
}

/** @throws AppError RUN_NOT_FOUND, REQUEST_INVALID, PAGE_TOKEN_INVALID */
export async function metricHistory(db: Db, request: MetricHistory): Promise<{ points: MetricPoint[]; next: string }> {
  const { runId, key, size: requested, token } = request;
  const size = pageSize(requested, sizes);
  const uuid = parseRunId(runId);
  const run = await db.selectFrom("run").select("run_pk").where("run_id", "=", uuid).executeTakeFirst();
  if (run === undefined) throw new AppError("RUN_NOT_FOUND", { run: runId });

  const asked = [uuid, key];
  const after = readPageToken("history", token, asked);
  const { rows } = await sql<{ ts: bigint; step: bigint; value: number }>`
    select ts, step, value from metric_point
    where run_pk = ${run.run_pk} and key_id = (select key_id from key_name where name = ${key})
      ${after === undefined ? sql`` : sql`and (ts, step, value) > (${after[0]}::bigint, ${after[1]}::bigint, ${after[2]}::float8)`}
    order by ts, step, value limit ${size + 1}`.execute(db);
  const { page, next } = cutPage(rows, size, (last) =>
    pageToken("history", [String(last.ts), String(last.step), String(last.value)], asked),
  );
  const points = page.map(({ ts, step, value }) => create(MetricPointSchema, { key, value, step, timeMs: ts }));
  return { points, next };
}
