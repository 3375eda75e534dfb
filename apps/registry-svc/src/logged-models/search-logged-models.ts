/**
 * Finds logged models by MLflow's search grammar.
 * @module
 */

import { isLoggedModelId, parseLoggedModelId } from "@mintmark/names/logged-model-id";
import type { LoggedModel } from "@mintmark/proto/mintmark/tracking/v1/logged_model";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { experimentPks } from "../experiments/experiment-id.ts";
import { invalid } from "../fields.ts";
import { pageSize } from "../paging.ts";
import {
  columnOrder,
  keyedNumberFilter,
  keyedTextFilter,
  keyedTextOrder,
  listComparators,
  nullableOrder,
  nullComparators,
  numberKeys,
  type Order,
  type SortKey,
  type Sql,
  textFilter,
  timeFilter,
} from "../search/fields.ts";
import { searchPage } from "../search/search-page.ts";
import { readFilter, readSorting, type Sorting, type Vocabulary } from "../search/vocabulary.ts";
import { loggedModelMessage, readLoggedModels } from "./find-logged-model.ts";

/** A data set; of any digest if that is empty. */
export interface DatasetFilter {
  readonly name: string;
  readonly digest: string;
}

export interface LoggedModelOrder {
  readonly field: string;
  readonly descending: boolean;
  readonly datasetName: string;
  readonly datasetDigest: string;
}

export interface SearchLoggedModels {
  readonly experimentIds: readonly string[];
  readonly filter: string;
  readonly datasets: readonly DatasetFilter[];
  readonly orderBy: readonly LoggedModelOrder[];
  /** 50 if 0. */
  readonly pageSize: number;
  readonly pageToken: string;
}

const sizes = { most: 50_000, usual: 50 };

/** @throws AppError FILTER_INVALID, ORDER_INVALID, REQUEST_INVALID, PAGE_TOKEN_INVALID */
export async function searchLoggedModels(
  db: Db,
  request: SearchLoggedModels,
): Promise<{ models: LoggedModel[]; next: string }> {
  const { experimentIds, filter, orderBy, pageToken: token } = request;
  const datasets = request.datasets.map(requireDatasetName);
  const conditions = readFilter(filter, vocabularyFor(datasets));
  const sortings = orderBy.map(sortingOf);
  const onMetrics = conditions.some(({ entity }) => entity === "metrics");
  const search = {
    list: "logged model search",
    table: "logged_model",
    primaryKey: "logged_model_pk",
    where: [sql`r.deleted_at is null`, ...(datasets.length > 0 && !onMetrics ? [measuredOn(datasets)] : [])],
    within: { column: "experiment_pk", values: experimentPks(experimentIds) },
    conditions,
    sortings,
    tieBreaks: [createdDown, idUp],
    size: pageSize(request.pageSize, sizes),
    token,
    asked: [experimentIds, filter, datasets.map(({ name, digest }) => [name, digest]), orderBy.map(written)],
  };
  const { rows, next } = await searchPage(db, search, (models) => readLoggedModels(db, models));
  return { models: rows.map(loggedModelMessage), next };
}

function requireDatasetName(dataset: DatasetFilter): DatasetFilter {
  if (dataset.name !== "") return dataset;
  throw invalid("datasets", "must each have a name");
}

/** Names of fields come without quotes here: after the first dot, all is the key. */
function sortingOf({ field, descending, datasetName, datasetDigest }: LoggedModelOrder): Sorting {
  const [, entity, key = field] = /^([^.`]+)\.(.+)$/s.exec(field) ?? [];
  const name = { key: key.replace(/^`(.*)`$/s, "$1"), at: 0 };
  const sorting = readSorting(entity === undefined ? name : { ...name, entity }, descending, vocabularyFor([]), field);
  const onDataset = datasetName !== "" || datasetDigest !== "";
  return entity === "metrics" && onDataset
    ? { ...sorting, order: metricOrder(onDatasets([{ name: datasetName, digest: datasetDigest }])) }
    : sorting;
}

function written({ field, descending, datasetName, datasetDigest }: LoggedModelOrder) {
  return [field, descending, datasetName, datasetDigest];
}

const createdDown: SortKey = { value: sql`r.created_at`, type: "timestamptz", descending: true };
const idUp: SortKey = { value: sql`r.id`, type: "uuid", descending: false };

const id = sql`'m-' || encode(uuid_send(r.id), 'hex')`;
const statusName = sql`(array['PENDING', 'READY', 'UPLOAD_FAILED'])[r.status]`;
/** Null if no run made it. */
const sourceRunId = sql`(select encode(uuid_send(u.run_id), 'hex') from run u where u.run_pk = r.source_run_pk)`;

const keyed = (table: string) => ({ table, row: "logged_model_pk", scope: "experiment_pk" });
const createdAt = {
  filter: timeFilter(createdDown.value),
  order: columnOrder(createdDown.value, createdDown.type),
};
const updatedAt = { filter: timeFilter(sql`r.updated_at`), order: columnOrder(sql`r.updated_at`, "timestamptz") };

const attributes: Vocabulary["attributes"] = {
  name: { filter: textFilter(sql`r.name`), order: columnOrder(sql`r.name`, "text") },
  model_id: { filter: textFilter(id, isAnyId), order: columnOrder(sql`r.id`, "uuid") },
  model_type: { filter: textFilter(sql`r.model_type`), order: columnOrder(sql`r.model_type`, "text") },
  // With and without what the wire puts before it.
  status: {
    filter: textFilter(statusName, (values) => {
      return sql`${statusName} = any(${values.map((value) => value.replace(/^LOGGED_MODEL_/, ""))}::text[])`;
    }),
    order: columnOrder(statusName, "text"),
  },
  source_run_id: { filter: textFilter(sourceRunId), order: nullableOrder(sourceRunId, "text") },
  ...{ creation_timestamp: createdAt, creation_timestamp_ms: createdAt },
  ...{ last_updated_timestamp: updatedAt, last_updated_timestamp_ms: updatedAt },
};

const params = keyed("logged_model_param");
const tags = keyed("logged_model_tag");
const texts = [...listComparators, ...nullComparators];

/** @param datasets on one of which a metric has to be measured; on any if empty */
function vocabularyFor(datasets: readonly DatasetFilter[]): Vocabulary {
  const metrics = keyed("logged_model_metric");
  return {
    searched: "logged models",
    attributes,
    metrics: {
      filter: keyedNumberFilter(datasets.length === 0 ? metrics : { ...metrics, condition: onDatasets(datasets) }),
      order: metricOrder(sql`true`),
    },
    params: { filter: keyedTextFilter(params, texts), order: keyedTextOrder(params) },
    tags: { filter: keyedTextFilter(tags, texts), order: keyedTextOrder(tags) },
    bareNumbers: true,
  };
}

/** By the value that was measured last, in whatever run. */
function metricOrder(condition: Sql): Order {
  return {
    whole: ({ alias, descending, keyId }) => ({
      join: sql`left join lateral (
        select k.value from logged_model_metric k join run u using (run_pk)
        where k.logged_model_pk = r.logged_model_pk and k.key_id = ${keyId} and ${condition}
        order by k.ts desc, k.step desc, u.run_id limit 1) ${sql.ref(alias)} on true`,
      keys: numberKeys(sql.ref(`${alias}.value`), descending),
    }),
  };
}

/** Over a row `k` of metrics. */
function onDatasets(datasets: readonly DatasetFilter[]): Sql {
  return sql`exists (
    select from unnest(${datasets.map(({ name }) => name)}::text[], ${datasets.map(({ digest }) => digest)}::text[]) as d (name, digest)
    where (d.name = '' or k.dataset_name = d.name) and (d.digest = '' or k.dataset_digest = d.digest))`;
}

function measuredOn(datasets: readonly DatasetFilter[]): Sql {
  return sql`exists (select from logged_model_metric k
    where k.logged_model_pk = r.logged_model_pk and ${onDatasets(datasets)})`;
}

function isAnyId(values: readonly string[]): Sql {
  const ids = values.filter(isLoggedModelId).map(parseLoggedModelId);
  return sql`r.id = any(${ids}::uuid[])`;
}
