/**
 * Lists runs, the latest first.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { isRunId, parseRunId } from "@mintmark/names/run-id";
import { type Run, RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { readPage } from "../page-rows.ts";
import { pageToken, readNumberToken } from "../paging.ts";
import { readRuns, runMessages, weightOfRun } from "./find-run.ts";
import { jobStatusNames } from "./run-status.ts";

export interface ListRuns {
  /** Of all if empty. */
  readonly experiment: string;
  /** Any if not stated. */
  readonly status: RunStatus;
  /** Hex digits; any if empty. */
  readonly idPrefix: string;
  /** Any if empty. */
  readonly ids: readonly string[];
  readonly size: number;
  readonly token: string;
}

/** @throws AppError PAGE_TOKEN_INVALID, RUN_ID_PREFIX_INVALID */
export async function listRuns(db: Db, request: ListRuns): Promise<{ runs: Run[]; next: string }> {
  const { experiment, status, idPrefix, ids, size, token } = request;
  const before = readNumberToken("runs", token);
  const conditions = [
    sql`x.status = wanted.status and x.deleted_at is null`,
    ...(before === undefined ? [] : [sql`x.run_pk < ${before}`]),
    ...(experiment === ""
      ? []
      : [sql`x.experiment_pk = (select experiment_pk from experiment where name = ${experiment})`]),
    ...(idPrefix === "" ? [] : [sql`x.run_id between ${bound(idPrefix, "0")} and ${bound(idPrefix, "f")}`]),
    ...(ids.length === 0 ? [] : [sql`x.run_id = any(${ids.filter(isRunId)}::uuid[])`]),
  ];
  // One ordered index scan a status, merged: a page costs a page, however rare the status is.
  const wanted = status === RunStatus.UNSPECIFIED ? allStatuses : [status];
  const { rows: found } = await sql<{ pk: bigint }>`
    select r.run_pk as pk from unnest(${wanted}::smallint[]) as wanted (status) cross join lateral (
      select x.run_pk from run x where ${sql.join(conditions, sql` and `)} order by x.run_pk desc limit ${size + 1}) r
    order by r.run_pk desc limit ${size + 1}`.execute(db);
  const tokenOf = ({ pk }: { pk: bigint }) => pageToken("runs", [String(pk)]);
  const page = { table: "run", primaryKey: "run_pk", found, size, tokenOf };
  const { rows, next } = await readPage(page, (runs) => readRuns(db, runs), weightOfRun);
  return { runs: await runMessages(db, rows), next };
}

/** The first or last id that begins so. */
function bound(prefix: string, filler: string): string {
  if (!/^[0-9a-f]{1,32}$/.test(prefix)) throw new AppError("RUN_ID_PREFIX_INVALID", { prefix });
  return parseRunId(prefix.padEnd(32, filler));
}

const allStatuses = Object.keys(jobStatusNames).map(Number);
