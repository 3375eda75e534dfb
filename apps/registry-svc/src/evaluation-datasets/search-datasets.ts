/**
 * Finds evaluation data sets by MLflow's search grammar.
 * @module
 */
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { tryParseExperimentId } from "../experiments/experiment-id.ts";
import { pageSize } from "../paging.ts";
import {
  columnOrder,
  keyedTextFilter,
  nullComparators,
  type SortKey,
  type Sql,
  textFilter,
  timeFilter,
} from "../search/fields.ts";
import { searchPage } from "../search/search-page.ts";
import { readFilter, readOrder, type Vocabulary } from "../search/vocabulary.ts";

export interface SearchDatasets {
  /** All if empty. */
  readonly experimentIds: readonly string[];
  readonly filter: string;
  readonly orderBy: readonly string[];
  /** 100 if 0. */
  readonly pageSize: number;
  readonly pageToken: string;
}

/**
 * The data sets that are found, as a query of whole rows of `evaluation_dataset` with their `place`.
 * @throws AppError FILTER_INVALID, ORDER_INVALID, REQUEST_INVALID, PAGE_TOKEN_INVALID
 */
export async function searchDatasets(db: Db, request: SearchDatasets): Promise<{ found: Sql; next: string }> {
  const { experimentIds, filter, orderBy, pageToken: token } = request;
  const experiments = experimentIds.map(tryParseExperimentId).filter((pk) => pk !== undefined);
  const usedThere = sql`exists (select from evaluation_dataset_experiment x
    where x.evaluation_dataset_pk = r.evaluation_dataset_pk and x.experiment_pk = any(${experiments}::int[]))`;
  const sortings = readOrder(orderBy, vocabulary);
  const { keys, next } = await searchPage(db, {
    list: "evaluation data set search",
    from: sql`evaluation_dataset r`,
    primaryKey: "evaluation_dataset_pk",
    where: [experimentIds.length === 0 ? sql`true` : usedThere],
    conditions: readFilter(filter, vocabulary),
    sortings,
    tieBreaks: sortings.length === 0 ? [createdDown, newestFirst] : [newestFirst],
    size: pageSize(request.pageSize),
    token,
    asked: [experimentIds, filter, orderBy],
  });
  const found = sql`select d.*, place from unnest(${keys}::bigint[]) with ordinality as found (evaluation_dataset_pk, place)
    join evaluation_dataset d using (evaluation_dataset_pk)`;
  return { found, next };
}

const createdDown: SortKey = { value: sql`r.created_at`, type: "timestamptz", descending: true };
const newestFirst: SortKey = { value: sql`r.evaluation_dataset_pk`, type: "int8", descending: true };

const vocabulary: Vocabulary = {
  searched: "evaluation data sets",
  attributes: {
    name: {
      filter: textFilter(sql`r.name`, (values) => sql`r.name = any(${values}::text[])`),
      order: columnOrder(sql`r.name`, "text"),
    },
    created_by: { filter: textFilter(sql`r.created_by`) },
    last_updated_by: { filter: textFilter(sql`r.updated_by`) },
    created_time: { filter: timeFilter(sql`r.created_at`), order: columnOrder(sql`r.created_at`, "timestamptz") },
    last_update_time: { filter: timeFilter(sql`r.updated_at`), order: columnOrder(sql`r.updated_at`, "timestamptz") },
  },
  tags: { filter: keyedTextFilter({ table: "evaluation_dataset_tag", row: "evaluation_dataset_pk" }, nullComparators) },
};
