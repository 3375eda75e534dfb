/**
 * Finds experiments by MLflow's search grammar.
 * @module
 */
import type { Experiment, LifecycleView } from "@mintmark/proto/mintmark/tracking/v1/experiment";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { pageSize } from "../paging.ts";
import {
  columnOrder,
  keyedTextFilter,
  nullComparators,
  type SortKey,
  textFilter,
  timeFilter,
} from "../search/fields.ts";
import { inView } from "../search/lifecycle.ts";
import { searchPage } from "../search/search-page.ts";
import { readFilter, readOrder, type Vocabulary } from "../search/vocabulary.ts";
import { tryParseExperimentId } from "./experiment-id.ts";
import { experimentMessage, readExperiments } from "./find-experiment.ts";

export interface SearchExperiments {
  readonly view: LifecycleView;
  readonly filter: string;
  readonly orderBy: readonly string[];
  /** 1000 if 0. */
  readonly pageSize: number;
  readonly pageToken: string;
}

const sizes = { most: 50_000, usual: 1_000 };

/** @throws AppError FILTER_INVALID, ORDER_INVALID, REQUEST_INVALID, PAGE_TOKEN_INVALID */
export async function searchExperiments(
  db: Db,
  request: SearchExperiments,
): Promise<{ experiments: Experiment[]; next: string }> {
  const { view, filter, orderBy, pageToken: token } = request;
  const sortings = readOrder(orderBy, vocabulary);
  const search = {
    list: "experiment search",
    table: "experiment",
    primaryKey: "experiment_pk",
    where: [inView(view)],
    conditions: readFilter(filter, vocabulary),
    sortings,
    usual: [createdDown],
    tieBreaks: [idUp],
    size: pageSize(request.pageSize, sizes),
    token,
    asked: [filter, view, orderBy],
  };
  const { rows, next } = await searchPage(db, search, (experiments) => readExperiments(db, experiments));
  return { experiments: rows.map(experimentMessage), next };
}

const createdDown: SortKey = { value: sql`r.created_at`, type: "timestamptz", descending: true };
const idUp: SortKey = { value: sql`r.experiment_pk`, type: "int4", descending: false };

const vocabulary: Vocabulary = {
  searched: "experiments",
  attributes: {
    name: {
      filter: textFilter(sql`r.name`, (values) => sql`r.name = any(${values}::text[])`, []),
      order: columnOrder(sql`r.name`, "text"),
    },
    experiment_id: {
      filter: textFilter(sql`r.experiment_pk::text`, (values) => {
        const pks = values.map((text) => (/^0\d/.test(text) ? undefined : tryParseExperimentId(text)));
        return sql`r.experiment_pk = any(${pks.filter((pk) => pk !== undefined)}::int[])`;
      }),
      order: columnOrder(sql`r.experiment_pk`, "int4"),
    },
    creation_time: {
      filter: timeFilter(sql`r.created_at`),
      order: columnOrder(sql`r.created_at`, "timestamptz"),
    },
    last_update_time: {
      filter: timeFilter(sql`r.updated_at`),
      order: columnOrder(sql`r.updated_at`, "timestamptz"),
    },
  },
  tags: { filter: keyedTextFilter({ table: "experiment_tag", row: "experiment_pk" }, nullComparators) },
};
