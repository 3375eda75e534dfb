/**
 * Finds models by MLflow's search grammar.
 * @module
 */
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { parseModelName } from "../names/model-name.ts";
import { pageSize } from "../paging.ts";
import { columnOrder, keyedTextFilter, type SortKey, textFilter } from "../search/fields.ts";
import { withoutPrompts } from "../search/prompts.ts";
import { searchPage } from "../search/search-page.ts";
import { readFilter, readOrder, type Vocabulary } from "../search/vocabulary.ts";
import { type ModelRow, selectModels } from "./find-model.ts";

export interface SearchModels {
  readonly filter: string;
  readonly orderBy: readonly string[];
  /** 100 if 0. */
  readonly pageSize: number;
  readonly pageToken: string;
}

/**
 * Prompts are left out unless the filter asks for them.
 * @throws AppError FILTER_INVALID, ORDER_INVALID, REQUEST_INVALID, PAGE_TOKEN_INVALID
 */
export async function searchModels(
  db: Db,
  request: SearchModels,
): Promise<{ models: readonly ModelRow[]; next: string }> {
  const { filter, orderBy, pageToken: token } = request;
  const sortings = readOrder(orderBy, vocabulary);
  const { keys, next } = await searchPage(db, {
    list: "model search",
    from: sql`model r join model_head h using (model_pk)`,
    primaryKey: "model_pk",
    where: [sql`r.deleted_at is null`],
    conditions: withoutPrompts(readFilter(filter, vocabulary), tags),
    sortings,
    tieBreaks: sortings.some(({ order }) => order === name) ? [] : [nameUp],
    size: pageSize(request.pageSize),
    token,
    asked: [filter, orderBy],
  });
  const models = sql`select r.* from unnest(${keys}::int8[]) with ordinality as found (model_pk, place)
    join model r using (model_pk) order by place`;
  return { models: await selectModels(db, models), next };
}

/** By which models are found; text that can be no name is left out. */
export function fullNames(written: readonly string[]): readonly string[] {
  return written.flatMap((name) => {
    try {
      return [parseModelName(name).full];
    } catch {
      return [];
    }
  });
}

const nameUp: SortKey = { value: sql`r.shown_name`, type: "text", descending: false };
const name = columnOrder(nameUp.value, nameUp.type);
const updated = columnOrder(sql`h.updated_at`, "timestamptz");
const tags = keyedTextFilter({ table: "model_tag", row: "model_pk" }, []);

const vocabulary: Vocabulary = {
  searched: "models",
  attributes: {
    name: {
      filter: textFilter(sql`r.shown_name`, (names) => sql`r.full_name = any(${fullNames(names)}::text[])`),
      order: name,
    },
    timestamp: { order: updated },
    last_updated_timestamp: { order: updated },
  },
  tags: { filter: tags },
};
