/**
 * Finds versions by MLflow's search grammar.
 * @module
 */

import { isRunId } from "@mintmark/names/run-id";
import { sql } from "kysely";
import { prepared } from "../db/prepared.ts";
import type { Db } from "../db/schema.ts";
import { fullNames } from "../models/search-models.ts";
import { pageSize } from "../paging.ts";
import {
  columnOrder,
  indexedTextIsAny,
  integerFilter,
  keyedTextFilter,
  type SortKey,
  type Sql,
  textFilter,
} from "../search/fields.ts";
import { withoutPrompts } from "../search/prompts.ts";
import { searchPage } from "../search/search-page.ts";
import { type Condition, readFilter, readOrder, type Vocabulary } from "../search/vocabulary.ts";
import { selectVersions, type VersionRow } from "./find-version.ts";

export interface SearchVersions {
  readonly filter: string;
  readonly orderBy: readonly string[];
  /** 1000 if 0. */
  readonly pageSize: number;
  readonly pageToken: string;
}

const sizes = { most: 200_000, usual: 1_000 };

/**
 * Prompts are left out unless the filter asks for them.
 * @throws AppError FILTER_INVALID, ORDER_INVALID, REQUEST_INVALID, PAGE_TOKEN_INVALID
 */
export async function searchVersions(
  db: Db,
  request: SearchVersions,
): Promise<{ versions: readonly VersionRow[]; next: string }> {
  const { filter, orderBy, pageToken: token } = request;
  const sortings = readOrder(orderBy, vocabulary);
  const conditions = readFilter(filter, vocabulary);
  const search = {
    list: "version search",
    table: "version",
    join: sql`join model m using (model_pk)`,
    primaryKey: "version_pk",
    where: [sql`r.deleted_at is null and m.deleted_at is null`],
    conditions: withoutPrompts(conditions, tags),
    sortings,
    usual: [updatedDown],
    tieBreaks: [nameUp, numberDown],
    size: pageSize(request.pageSize, sizes),
    token,
    isPlannedOnce: token === "" && sortings.length === 0 && isOfOneModel(conditions),
    asked: [filter, orderBy],
  };
  const { rows, next } = await searchPage(db, search, (versions) => selectVersions(db, sql`${prepared} ${versions}`));
  return { versions: rows, next };
}

const updatedDown: SortKey = { value: sql`r.updated_at`, type: "timestamptz", descending: true };
const nameUp: SortKey = { value: sql`m.shown_name`, type: "text", descending: false };
const numberDown: SortKey = { value: sql`r.number`, type: "int4", descending: true };

/** The id as it is shown; null if nobody said which run made it. */
const runId = sql`coalesce((select encode(uuid_send(u.run_id), 'hex') from run u where u.run_pk = r.run_pk), r.foreign_run)`;

const source = sql`r.source`;

const tags = keyedTextFilter({ table: "version_tag", row: "version_pk" }, []);

const vocabulary: Vocabulary = {
  searched: "versions",
  attributes: {
    name: { filter: textFilter(sql`m.shown_name`, isOfModel), order: columnOrder(nameUp.value, nameUp.type) },
    version_number: {
      filter: integerFilter(numberDown.value),
      order: columnOrder(numberDown.value, numberDown.type),
    },
    run_id: { filter: textFilter(runId, isOfRun) },
    source_path: { filter: textFilter(source, (values) => indexedTextIsAny(source, values), []) },
    creation_timestamp: { order: columnOrder(sql`r.created_at`, "timestamptz") },
    last_updated_timestamp: { order: columnOrder(updatedDown.value, updatedDown.type) },
  },
  tags: { filter: tags },
};

/** The versions of a model, or those from or up to a number. */
function isOfOneModel([first, second, ...others]: readonly Condition[]): boolean {
  const { name, version_number } = vocabulary.attributes;
  return (
    first?.filter === name?.filter &&
    first?.comparator === "=" &&
    (second === undefined || second.filter === version_number?.filter) &&
    others.length === 0
  );
}

/** One name is looked up first: then an index gives its versions in order. */
function isOfModel(names: readonly string[]): Sql {
  const [only, ...others] = fullNames(names);
  return only !== undefined && others.length === 0
    ? sql`r.model_pk = (select n.model_pk from model n where n.full_name = ${only} and n.deleted_at is null)`
    : sql`m.full_name = any(${fullNames(names)}::text[])`;
}

function isOfRun(ids: readonly string[]): Sql {
  const known = ids.filter(isRunId);
  // An array, not a join: only then both sides of the "or" are looked up in their indexes.
  return sql`(r.run_pk = any(array(select u.run_pk from run u where u.run_id = any(${known}::uuid[])))
    or r.foreign_run = any(${ids}::text[]))`;
}
