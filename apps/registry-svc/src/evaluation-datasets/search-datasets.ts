/**
 * Finds evaluation data sets by MLflow's search grammar.
 * @module
 */
import type { EvaluationDataset } from "@mintmark/proto/mintmark/tracking/v1/evaluation_dataset";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { experimentPks } from "../experiments/experiment-id.ts";
import { pageSize } from "../paging.ts";
import {
  columnOrder,
  keyedTextFilter,
  nullComparators,
  type SortKey,
  textFilter,
  timeFilter,
} from "../search/fields.ts";
import { searchPage } from "../search/search-page.ts";
import { readFilter, readOrder, type Vocabulary } from "../search/vocabulary.ts";
import { datasetMessage, readDatasets } from "./find-datasets.ts";

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
 * @throws AppError FILTER_INVALID, ORDER_INVALID, REQUEST_INVALID, PAGE_TOKEN_INVALID
 */
export async function searchDatasets(
  db: Db,
  request: SearchDatasets,
): Promise<{ datasets: EvaluationDataset[]; next: string }> {
  const { experimentIds, filter, orderBy, pageToken: token } = request;
  const usedThere = sql`exists (select from evaluation_dataset_experiment x
    where x.evaluation_dataset_pk = r.evaluation_dataset_pk and x.experiment_pk = any(${experimentPks(experimentIds)}::int[]))`;
  const sortings = readOrder(orderBy, vocabulary);
  const search = {
    list: "evaluation data set search",
    table: "evaluation_dataset",
    primaryKey: "evaluation_dataset_pk",
    where: [experimentIds.length === 0 ? sql`true` : usedThere],
    conditions: readFilter(filter, vocabulary),
    sortings,
    usual: [createdDown],
    tieBreaks: [newestFirst],
    size: pageSize(request.pageSize),
    token,
    asked: [experimentIds, filter, orderBy],
  };
  const { rows, next } = await searchPage(db, search, (datasets) => readDatasets(db, datasets));
  return { datasets: rows.map(datasetMessage), next };
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
