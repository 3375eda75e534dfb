/**
 * Lists jobs, the latest first.
 * @module
 */
import type { Job } from "@mintmark/proto/mintmark/training/v1/job";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { invalid } from "../fields.ts";
import { cutPage, pageToken, readNumberToken } from "../paging.ts";
import { jobStatusNames } from "../runs/run-status.ts";
import { jobMessage, readJobs } from "./find-job.ts";

export interface ListJobs {
  /** As words; any if empty. */
  readonly statuses: readonly string[];
  readonly size: number;
  readonly token: string;
}

/** @throws AppError REQUEST_INVALID, PAGE_TOKEN_INVALID */
export async function listJobs(db: Db, { statuses, size, token }: ListJobs): Promise<{ jobs: Job[]; next: string }> {
  const before = readNumberToken("jobs", token);
  const numbers = statusNumbers(statuses);
  // One ordered index scan a status, merged: a page costs a page, however rare the status is.
  const runs = sql`
    select r.* from unnest(${numbers}::smallint[]) as wanted (status) cross join lateral (
      select * from run x where x.is_job and x.status = wanted.status
        ${before === undefined ? sql`` : sql`and x.run_pk < ${before}`}
      order by x.run_pk desc limit ${size + 1}) r
    order by r.run_pk desc limit ${size + 1}`;
  const { page, next } = cutPage(await readJobs(db, runs), size, (last) => pageToken("jobs", [String(last.run_pk)]));
  return { jobs: page.map(jobMessage), next };
}

function statusNumbers(names: readonly string[]): number[] {
  const known = Object.entries(jobStatusNames).map(([number, name]) => ({
    number: Number(number),
    name: name as string,
  }));
  for (const name of names)
    if (!known.some((status) => status.name === name)) {
      const problem = `must be of ${known.map((status) => status.name).join(", ")}, got '${name}'`;
      throw invalid("statuses", problem);
    }
  return known.filter(({ name }) => names.length === 0 || names.includes(name)).map(({ number }) => number);
}
