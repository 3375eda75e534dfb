/**
 * Finds runs by MLflow's search grammar.
 * @module
 */

import { isRunId } from "@mintmark/names/run-id";
import type { LifecycleView } from "@mintmark/proto/mintmark/tracking/v1/experiment";
import type { Run } from "@mintmark/proto/mintmark/tracking/v1/run";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { runArtifactUriSql } from "../experiments/artifact-location.ts";
import { experimentPks } from "../experiments/experiment-id.ts";
import { pageSize } from "../paging.ts";
import {
  columnOrder,
  keyedNumberFilter,
  keyedNumberOrder,
  keyedTextFilter,
  keyedTextOrder,
  nullableOrder,
  nullComparators,
  type SortKey,
  type Sql,
  textFilter,
  timeFilter,
} from "../search/fields.ts";
import { inView } from "../search/lifecycle.ts";
import { searchPage } from "../search/search-page.ts";
import { readFilter, readOrder, type Vocabulary } from "../search/vocabulary.ts";
import { readRuns, runMessages, weightOfRun } from "./find-run.ts";

export interface SearchRuns {
  readonly experimentIds: readonly string[];
  readonly filter: string;
  readonly view: LifecycleView;
  readonly orderBy: readonly string[];
  /** 1000 if 0. */
  readonly pageSize: number;
  readonly pageToken: string;
}

const sizes = { most: 50_000, usual: 1_000 };

/** @throws AppError FILTER_INVALID, ORDER_INVALID, REQUEST_INVALID, PAGE_TOKEN_INVALID */
export async function searchRuns(db: Db, request: SearchRuns): Promise<{ runs: Run[]; next: string }> {
  const { experimentIds, filter, view, orderBy, pageToken: token } = request;
  const sortings = readOrder(orderBy, vocabulary);
  const search = {
    list: "run search",
    table: "run",
    primaryKey: "run_pk",
    where: [inView(view)],
    within: { column: "experiment_pk", values: experimentPks(experimentIds) },
    conditions: readFilter(filter, vocabulary),
    sortings,
    tieBreaks: [startDown, runIdUp],
    size: pageSize(request.pageSize, sizes),
    token,
    asked: [experimentIds, filter, view, orderBy],
  };
  const { rows, next } = await searchPage(db, search, (runs) => readRuns(db, runs), weightOfRun);
  return { runs: await runMessages(db, rows), next };
}

/** As the index has it: a run that waits to begin counts as begun when it was created. */
const start = sql`coalesce(r.started_at, r.created_at)`;
const startDown: SortKey = { value: start, type: "timestamptz", descending: true };
const runIdUp: SortKey = { value: sql`r.run_id`, type: "uuid", descending: false };

const runId = sql`encode(uuid_send(r.run_id), 'hex')`;
const statusName = sql`(array['SCHEDULED', 'RUNNING', 'FINISHED', 'FAILED', 'KILLED'])[r.status]`;
const artifactUri = sql`(
  select ${runArtifactUriSql(runId)} from experiment e where e.experiment_pk = r.experiment_pk)`;

/** Lists are for what is one of many: ids and data sets. */
const text = (value: Sql) => textFilter(value, undefined, []);

const headed = { filter: text(sql`r.name`) };
const runName = { ...headed, order: columnOrder(sql`r.name`, "text") };
const startTime = { filter: timeFilter(sql`r.started_at`), order: columnOrder(start, "timestamptz") };

const keyed = (table: string) => ({ table, row: "run_pk", scope: "experiment_pk" });

const vocabulary: Vocabulary = {
  searched: "runs",
  attributes: {
    run_id: {
      filter: textFilter(runId, (values) => sql`r.run_id = any(${values.filter(isRunId)}::uuid[])`),
      order: columnOrder(sql`r.run_id`, "uuid"),
    },
    run_name: runName,
    status: { filter: text(statusName), order: columnOrder(statusName, "text") },
    artifact_uri: { filter: text(artifactUri), order: columnOrder(artifactUri, "text") },
    user_id: { filter: text(sql`r.user_name`), order: columnOrder(sql`r.user_name`, "text") },
    start_time: startTime,
    end_time: { filter: timeFilter(sql`r.ended_at`), order: nullableOrder(sql`r.ended_at`, "timestamptz") },
    // As the pages of MLflow's clients head these columns.
    ...{ created: startTime, Created: startTime },
    ...{ "run name": headed, "Run name": headed, "Run Name": headed },
  },
  metrics: { filter: keyedNumberFilter(keyed("latest_metric")), order: keyedNumberOrder(keyed("latest_metric")) },
  params: { filter: keyedTextFilter(keyed("param"), nullComparators), order: keyedTextOrder(keyed("param")) },
  tags: { filter: keyedTextFilter(keyed("run_tag"), nullComparators), order: keyedTextOrder(keyed("run_tag")) },
  datasets: {
    name: { filter: datasetFilter("name") },
    digest: { filter: datasetFilter("digest") },
    context: { filter: datasetFilter("role") },
  },
};

/** Of any data set that the run read: as a client described it, or a snapshot, whose digest clients see cut to 36 characters. */
function datasetFilter(column: "name" | "digest" | "role") {
  const filter = textFilter(sql.ref(`d.${column}`));
  return {
    ...filter,
    where: (comparison: Parameters<typeof filter.where>[0]) => sql`(
      exists (select from run_logged_dataset i join logged_dataset l using (dataset_pk)
        cross join lateral (select l.name, l.digest, i.role) d where i.run_pk = r.run_pk and ${filter.where(comparison)})
      or exists (select from run_input i join dataset s using (dataset_pk)
        cross join lateral (select i.name, left(encode(s.blake3, 'hex'), 36) as digest, i.role) d
        where i.run_pk = r.run_pk and ${filter.where(comparison)}))`,
  };
}
