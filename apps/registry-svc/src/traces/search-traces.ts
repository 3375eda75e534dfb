/**
 * Finds traces by MLflow's search grammar.
 * @module
 */

import { isRunId } from "@mintmark/names/run-id";
import { AssessmentKind } from "@mintmark/proto/mintmark/tracking/v1/trace";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { experimentPks } from "../experiments/experiment-id.ts";
import { invalid } from "../fields.ts";
import { pageSize } from "../paging.ts";
import {
  type Comparison,
  columnOrder,
  type Field,
  type Filter,
  indexedTextIsAny,
  integerFilter,
  type KeyedTable,
  keyedTextFilter,
  keyedTextOrder,
  likeCondition,
  listComparators,
  nullableOrder,
  nullComparators,
  numberComparators,
  operator,
  type SortKey,
  type Sql,
  textComparators,
  textFilter,
} from "../search/fields.ts";
import type { Comparator } from "../search/grammar.ts";
import { searchPage } from "../search/search-page.ts";
import { readFilter, readOrder, type Vocabulary } from "../search/vocabulary.ts";
import { readTraces, type TraceRow } from "./find-traces.ts";

export interface SearchTraces {
  readonly experimentIds: readonly string[];
  readonly filter: string;
  readonly orderBy: readonly string[];
  /** 100 if 0. */
  readonly pageSize: number;
  readonly pageToken: string;
}

const sizes = { most: 500, usual: 100 };
const maxExperiments = 100;

/**
 * @throws AppError FILTER_INVALID, ORDER_INVALID, REQUEST_INVALID, PAGE_TOKEN_INVALID
 */
export async function searchTraces(
  db: Db,
  request: SearchTraces,
): Promise<{ traces: readonly TraceRow[]; next: string }> {
  const { experimentIds, filter, orderBy, pageToken: token } = request;
  if (experimentIds.length === 0 || experimentIds.length > maxExperiments)
    throw invalid("experiment_ids", `must name 1 to ${maxExperiments} experiments, got ${experimentIds.length}`);
  const sortings = readOrder(orderBy, vocabulary);
  const search = {
    list: "trace search",
    table: "trace",
    primaryKey: "trace_pk",
    where: [],
    within: { column: "experiment_pk", values: experimentPks(experimentIds) },
    conditions: readFilter(filter, vocabulary),
    sortings,
    usual: [startedDown],
    tieBreaks: [newestFirst],
    size: pageSize(request.pageSize, sizes),
    token,
    asked: [experimentIds, filter, orderBy],
  };
  const { rows, next } = await searchPage(db, search, (traces) => readTraces(db, traces));
  return { traces: rows, next };
}

const startedDown: SortKey = { value: sql`r.started_ms`, type: "int8", descending: true };
const newestFirst: SortKey = { value: sql`r.trace_pk`, type: "int8", descending: true };

const tags: KeyedTable = { table: "trace_tag", row: "trace_pk", scope: "experiment_pk" };
const metadata: KeyedTable = { table: "trace_metadata", row: "trace_pk", scope: "experiment_pk" };
/** By OpenTelemetry's names of the values of StatusCode. */
const spanStates = ["UNSET", "OK", "ERROR"];

const started: Field = { filter: integerFilter(sql`r.started_ms`), order: columnOrder(sql`r.started_ms`, "int8") };
const took: Field = { filter: integerFilter(sql`r.duration_ms`), order: nullableOrder(sql`r.duration_ms`, "int8") };
const ended: Field = {
  filter: integerFilter(sql`(r.started_ms + r.duration_ms)`),
  order: nullableOrder(sql`(r.started_ms + r.duration_ms)`, "int8"),
};
const id: Field = {
  filter: textFilter(sql`r.id`, (values) => sql`r.id = any(${values}::text[])`),
  order: columnOrder(sql`r.id`, "text"),
};

/** By MLflow's names of the values of TraceState. */
const states = ["STATE_UNSPECIFIED", "OK", "ERROR", "IN_PROGRESS"];
const stateName = sql`(${states}::text[])[r.state + 1]`;
const byStateName = textFilter(stateName);
const status: Field = {
  filter: { ...byStateName, where: isInState },
  order: columnOrder(stateName, "text"),
};

const sourceRun = keyedTextFilter(metadata, listComparators);

const vocabulary: Vocabulary = {
  searched: "traces",
  attributes: {
    request_id: id,
    trace_id: id,
    timestamp_ms: started,
    timestamp: started,
    request_time: started,
    execution_time_ms: took,
    execution_time: took,
    end_time_ms: ended,
    end_time: ended,
    status,
    state: status,
    client_request_id: {
      filter: textFilter(sql`r.client_request_id`, (values) => sql`r.client_request_id = any(${values}::text[])`),
    },
    name: {
      key: "mlflow.traceName",
      filter: keyedTextFilter(tags, listComparators),
      order: keyedTextOrder(tags),
    },
    run_id: { key: "mlflow.sourceRun", filter: { ...sourceRun, where: isOfRun } },
  },
  tags: { filter: keyedTextFilter(tags, nullComparators), order: keyedTextOrder(tags) },
  metadata: { filter: keyedTextFilter(metadata, nullComparators), order: keyedTextOrder(metadata) },
  spans: {
    name: { filter: spanFilter(sql`s.name`) },
    type: { filter: spanFilter(sql`s.type`) },
    status: { filter: spanFilter(sql`(${spanStates}::text[])[s.status + 1]`) },
  },
  feedback: { filter: assessmentFilter(AssessmentKind.FEEDBACK) },
  expectations: { filter: assessmentFilter(AssessmentKind.EXPECTATION) },
};

/** Told by what it may be, also where the filter says what it may not be: an index has the few traces that are not OK. */
function isInState(comparison: Comparison): Sql {
  const { comparator, values } = comparison;
  if (comparator === "LIKE" || comparator === "ILIKE") return byStateName.where(comparison);
  const isNamed = comparator === "=" || comparator === "IN";
  const numbers = states.flatMap((name, number) => (values.includes(name) === isNamed ? [number] : []));
  return sql`r.state = any(${numbers}::smallint[])`;
}

/** Of a run that the trace's metadata name, or that was linked to it. */
function isOfRun(comparison: Comparison): Sql {
  const { comparator, values, keyId } = comparison;
  // An array, not a join: only then an index on the links answers it.
  const linked = sql`l.run_pk = any(array(select run_pk from run where run_id = any(${values.filter(isRunId)}::uuid[])))`;
  if (comparator === "=" || comparator === "IN")
    // One list of both: where one of two conditions has to hold, no index would be looked into first.
    return sql`exists (select from (
      select k.trace_pk, k.experiment_pk from trace_metadata k
      where k.key_id = ${keyId} and ${indexedTextIsAny(sql`k.value`, values)}
      union all
      select t.trace_pk, t.experiment_pk from trace_run l join trace t using (trace_pk) where ${linked}
    ) made where made.trace_pk = r.trace_pk and made.experiment_pk = r.experiment_pk)`;
  if (comparator === "LIKE" || comparator === "ILIKE") return sourceRun.where(comparison);
  return sql`(${sourceRun.where(comparison)}
    and not exists (select from trace_run l where l.trace_pk = r.trace_pk and ${linked}))`;
}

/** That some span of the trace is such. */
function spanFilter(value: Sql): Filter {
  const filter = textFilter(value);
  return {
    ...filter,
    where: (comparison) =>
      sql`exists (select from span s where s.trace_pk = r.trace_pk and ${filter.where(comparison)})`,
  };
}

/** That some assessment of that name, for which no other stands in, has such a value. Only numbers are less or greater. */
function assessmentFilter(kind: AssessmentKind): Filter {
  return {
    takes: "either",
    comparators: [...textComparators, ...numberComparators.slice(2), ...nullComparators],
    where: ({ comparator, key, values }) => {
      const named = sql`a.trace_pk = r.trace_pk and a.kind = ${kind} and a.name = ${key}
        and not exists (select from assessment o where o.overrides_pk = a.assessment_pk)`;
      if (comparator === "IS NULL") return sql`not exists (select from assessment a where ${named})`;
      if (comparator === "IS NOT NULL") return sql`exists (select from assessment a where ${named})`;
      return sql`exists (select from assessment a where ${named} and ${valueCondition(comparator, values[0]!)})`;
    },
  };
}

/** One that Postgres takes as numeric; its patterns have no bounds above 255. */
const number = String.raw`^-?\d{1,250}(\.\d{1,250})?([eE][+-]?\d{1,3})?$`;

function valueCondition(comparator: Comparator, text: string): Sql {
  // JSON has a text in quotes and everything else without.
  if (comparator === "=") return sql`a.value_json in (${text}, ${JSON.stringify(text)})`;
  if (comparator === "!=") return sql`a.value_json not in (${text}, ${JSON.stringify(text)})`;
  if (comparator === "LIKE" || comparator === "ILIKE")
    return likeCondition(sql`trim(both '"' from a.value_json)`, comparator, text);
  if (!new RegExp(number).test(text)) return sql`false`;
  return sql`case when a.value_json ~ ${number} then a.value_json::numeric ${operator(comparator)} ${text}::numeric end`;
}
