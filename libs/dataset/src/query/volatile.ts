/**
 * What in a query gives another result on another day: functions of the clock, of chance and of the session, and samples
 * without a seed. Such a query is refused, because the same training file, data and seed give the same model.
 * @module
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { AppError } from "@mintmark/errors";
import { literal } from "../duckdb.ts";

/**
 * Looks at the query as DuckDB parses it.
 * @throws AppError QUERY_VOLATILE naming the function or the sample; QUERY_REFUSED for a table function that could reach
 * beyond the table `source`, or if the query cannot be looked at
 */
export async function requireRepeatable(connection: DuckDBConnection, query: string): Promise<void> {
  const parsed = await connection.runAndReadAll(`SELECT json_serialize_sql(${literal(query)})`);
  const tree = JSON.parse(String(parsed.getRowsJS()[0]![0])) as { error: boolean; error_message?: string };
  if (tree.error) throw new AppError("QUERY_REFUSED", { problem: tree.error_message ?? "it is not a SELECT" });
  const functions = await functionsOf(connection);
  const columns = await sourceColumns(connection);
  const named = new Set(["source", ...commonTables(tree)]);
  for (const node of nodesOf(tree)) {
    const outside = tableFunctionOf(node);
    if (outside !== undefined && functions.outside.has(outside))
      throw new AppError("QUERY_REFUSED", { problem: `it calls ${outside}()` });
    const table = foreignTable(node, named);
    if (table !== undefined) throw new AppError("QUERY_REFUSED", { problem: `it reads '${table}'` });
    const what = volatileIn(node, functions.volatile, columns);
    if (what !== undefined) throw new AppError("QUERY_VOLATILE", { what });
  }
}

type Node = Readonly<Record<string, unknown>>;

/** Names of functions, in lower case. */
interface Functions {
  /** Whose result is not that of their arguments alone. */
  readonly volatile: ReadonlySet<string>;
  /** That make tables of something else than their arguments. */
  readonly outside: ReadonlySet<string>;
}

/** By DuckDB's own lists, which grow with its versions; what they do not tell is added here. */
async function functionsOf(connection: DuckDBConnection): Promise<Functions> {
  const listed = async (condition: string) => {
    const rows = await connection.runAndReadAll(
      `SELECT DISTINCT function_name FROM duckdb_functions() WHERE ${condition}`,
    );
    return new Set(rows.getRowsJS().map(([name]) => String(name).toLowerCase()));
  };
  const volatile = await listed(
    "stability IN ('VOLATILE', 'CONSISTENT_WITHIN_QUERY') OR (function_type IN ('macro', 'table_macro') AND " +
      "regexp_matches(coalesce(macro_definition, ''), '(current|now|session|duckdb_|random|uuid)', 'i'))",
  );
  for (const name of alsoVolatile) volatile.add(name);
  for (const name of seeded) volatile.delete(name);
  const outside = await listed("function_type IN ('table', 'pragma')");
  for (const name of ofArguments) outside.delete(name);
  return { volatile, outside };
}

/** A function of the seed and the row here: it is seeded before the query, which one thread runs. */
const seeded = ["random"];

/** Listed as consistent by DuckDB, though they look at the clock, the session or the machine. */
const alsoVolatile = [
  "age",
  "current_setting",
  "current_localtime",
  "current_localtimestamp",
  "current_role",
  "current_user",
  "getenv",
  "getvariable",
  "reservoir_quantile",
  "user",
  "version",
];

/** Table functions whose rows are made of their arguments. */
const ofArguments = ["generate_series", "json_each", "json_tree", "range", "repeat", "repeat_row", "summary", "unnest"];

/** Words that the parser takes for columns and the binder for functions, where no column has the name. */
const words: ReadonlySet<string> = new Set([
  "current_catalog",
  "current_database",
  "current_date",
  "current_localtime",
  "current_localtimestamp",
  "current_role",
  "current_schema",
  "current_time",
  "current_timestamp",
  "current_user",
  "localtime",
  "localtimestamp",
  "session_user",
  "user",
]);

/** A table that is neither `source` nor one that the query names itself: views of the system tell of the machine and the day. */
function foreignTable(node: Node, named: ReadonlySet<string>): string | undefined {
  if (node["type"] !== "BASE_TABLE") return undefined;
  const table = String(node["table_name"]);
  const isOwn = named.has(table.toLowerCase()) && node["schema_name"] === "" && node["catalog_name"] === "";
  return isOwn ? undefined : table;
}

/** The names that WITH gives. */
function commonTables(tree: unknown): string[] {
  return [...nodesOf(tree)].flatMap((node) => {
    const map = (node["cte_map"] as { readonly map?: readonly { readonly key?: unknown }[] } | undefined)?.map ?? [];
    return map.map(({ key }) => String(key).toLowerCase());
  });
}

function tableFunctionOf(node: Node): string | undefined {
  if (node["type"] !== "TABLE_FUNCTION") return undefined;
  const call = node["function"] as { readonly function_name?: unknown } | undefined;
  return typeof call?.function_name === "string" ? call.function_name.toLowerCase() : undefined;
}

function volatileIn(node: Node, volatile: ReadonlySet<string>, columns: ReadonlySet<string>): string | undefined {
  const name = node["function_name"];
  if (typeof name === "string" && volatile.has(name.toLowerCase())) {
    // Of two dates it is their distance; of one, its distance from today.
    if (name.toLowerCase() === "age" && (node["children"] as unknown[]).length !== 1) return undefined;
    return `${name}()`;
  }
  const [word, ...rest] = (node["column_names"] as readonly unknown[] | undefined) ?? [];
  if (
    typeof word === "string" &&
    rest.length === 0 &&
    words.has(word.toLowerCase()) &&
    !columns.has(word.toLowerCase())
  )
    return word;
  const sample = node["sample"] as { readonly seed?: unknown } | null | undefined;
  if (sample !== null && sample !== undefined && (sample.seed === -1 || sample.seed === null))
    return "a sample without a seed; give it one: USING SAMPLE 20% (bernoulli, 42)";
  return undefined;
}

async function sourceColumns(connection: DuckDBConnection): Promise<ReadonlySet<string>> {
  const columns = await connection.runAndReadAll(
    "SELECT lower(column_name) FROM duckdb_columns() WHERE table_name = 'source'",
  );
  return new Set(columns.getRowsJS().map(([name]) => String(name)));
}

function* nodesOf(value: unknown): Generator<Node> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield value as Node;
  for (const child of Object.values(value)) yield* nodesOf(child);
}
