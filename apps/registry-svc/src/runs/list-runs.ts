/**
 * Lists runs, the latest first.
 * @module
 */
import { type Run, RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { cutPage, pageToken, readNumberToken } from "../paging.ts";
import { readRuns, runMessage } from "./find-run.ts";

export interface ListRuns {
  /** Of all if empty. */
  readonly experiment: string;
  /** Any if not stated. */
  readonly status: RunStatus;
  readonly size: number;
  readonly token: string;
}

/** @throws AppError PAGE_TOKEN_INVALID */
export async function listRuns(db: Db, request: ListRuns): Promise<{ runs: Run[]; next: string }> {
  const { experiment, status, size, token } = request;
  const before = readNumberToken("runs", token);
  const where = [
    ...(before === undefined ? [] : [sql`r.run_pk < ${before}`]),
    ...(status === RunStatus.UNSPECIFIED ? [] : [sql`r.status = ${status}`]),
    ...(experiment === ""
      ? []
      : [sql`r.experiment_pk = (select experiment_pk from experiment x where x.name = ${experiment})`]),
    sql`true`,
  ];
  const rows = await readRuns(db, sql.join(where, sql` and `), size + 1);
  const { page, next } = cutPage(rows, size, (last) => pageToken("runs", [String(last.run_pk)]));
  return { runs: page.map(runMessage), next };
}
