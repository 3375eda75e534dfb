/**
 * Finds models by MLflow's search grammar.
 * @module
 */

import { parseModelName } from "@mintmark/names/model-name";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { pageSize } from "../paging.ts";
import { columnOrder, keyedTextFilter, type SortKey, textFilter } from "../search/fields.ts";
import { withoutPrompts } from "../search/prompts.ts";
import { searchPage } from "../search/search-page.ts";
import { readFilter, readOrder, type Vocabulary } from "../search/vocabulary.ts";
import type { VersionRow } from "../versions/find-version.ts";
import { latestVersions, type ModelRow, selectModels } from "./find-model.ts";

/** A model with its latest version in each stage. */
export interface FoundModel extends ModelRow {
  readonly latest: readonly VersionRow[];
}

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
): Promise<{ models: readonly FoundModel[]; next: string }> {
  const { filter, orderBy, pageToken: token } = request;
  const sortings = readOrder(orderBy, vocabulary);
  const search = {
    list: "model search",
    table: "model",
    join: sql`join model_head h using (model_pk)`,
    primaryKey: "model_pk",
    where: [sql`r.deleted_at is null`],
    conditions: withoutPrompts(readFilter(filter, vocabulary), tags),
    sortings,
    tieBreaks: [nameUp],
    size: pageSize(request.pageSize),
    token,
    asked: [filter, orderBy],
  };
  const { rows, next } = await searchPage(db, search, async (found): Promise<readonly FoundModel[]> => {
    const models = await selectModels(db, found);
    const latest = await latestVersions(db, models);
    return models.map((model) => ({ ...model, latest: latest.get(model.model_pk) ?? [] }));
  });
  return { models: rows, next };
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
const updated = columnOrder(sql`h.updated_at`, "timestamptz");
const tags = keyedTextFilter({ table: "model_tag", row: "model_pk" }, []);

const vocabulary: Vocabulary = {
  searched: "models",
  attributes: {
    name: {
      filter: textFilter(sql`r.shown_name`, (names) => sql`r.full_name = any(${fullNames(names)}::text[])`),
      order: columnOrder(nameUp.value, nameUp.type),
    },
    timestamp: { order: updated },
    last_updated_timestamp: { order: updated },
  },
  tags: { filter: tags },
};
