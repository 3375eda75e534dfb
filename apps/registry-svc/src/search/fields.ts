/**
 * What a clause may ask about and a search be ordered by, as SQL over the row that is searched, which every search calls `r`.
 *
 * What a row does not have satisfies no comparison, `!=` included, and neither does NaN. In orders it comes last in both
 * directions: numbers, then NaN, then what has none.
 * @module
 */
import { type RawBuilder, sql } from "kysely";
import type { Comparator } from "./grammar.ts";

export type Sql = RawBuilder<unknown>;

/** A comparator with its values as they were written, and the key, for fields that have one, with its number. */
export interface Comparison {
  readonly comparator: Comparator;
  readonly values: readonly string[];
  readonly key: string;
  readonly keyId: number;
}

/** For a key that nothing was ever stored under; numbers of keys begin at 1. */
export const unknownKey = 0;

/** The left side of clauses. */
export interface Filter {
  readonly takes: "text" | "number" | "integer" | "either";
  readonly comparators: readonly Comparator[];
  readonly where: (comparison: Comparison) => Sql;
}

/** One expression to sort by. It goes through page tokens as text of `type`. */
export interface SortKey {
  readonly value: Sql;
  readonly type: "text" | "int4" | "int8" | "float8" | "timestamptz" | "uuid";
  readonly descending: boolean;
}

/** Some of the rows, and how they are sorted among themselves. */
export interface Leg {
  readonly join?: Sql;
  readonly where?: Sql;
  readonly keys: readonly SortKey[];
}

/** How rows are sorted by one field. */
export interface Order {
  /** All rows at once. */
  readonly whole: (by: OrderBy) => Leg;
  /** The same rows in the same order as legs one after the other, where an index then gives the order. */
  readonly legs?: (by: OrderBy) => readonly Leg[];
}

export interface OrderBy {
  readonly descending: boolean;
  readonly keyId: number;
  /** For a table that is joined; unique within the search. */
  readonly alias: string;
}

/** Something that may stand in a clause, in an order, or in both. */
export interface Field {
  /** Under which an attribute is kept, if among the keys of a table. */
  readonly key?: string;
  readonly filter?: Filter;
  readonly order?: Order;
}

export const textComparators = ["=", "!=", "LIKE", "ILIKE"] as const;
/** Beyond those that every text takes. */
export const listComparators = ["IN", "NOT IN"] as const;
/** Beyond those that every text takes. */
export const nullComparators = ["IS NULL", "IS NOT NULL"] as const;
export const numberComparators = ["=", "!=", "<", "<=", ">", ">="] as const;

// filters

/**
 * Text of the row.
 * @param equals whether it is one of the values, in a form that an index answers; compared as text if absent
 * @param more comparators beyond those that every text takes
 */
export function textFilter(
  value: Sql,
  equals?: (values: readonly string[]) => Sql,
  more: readonly Comparator[] = listComparators,
): Filter {
  return {
    takes: "text",
    comparators: [...textComparators, ...more],
    where: ({ comparator, values }) => {
      const isAny = () => equals?.(values) ?? sql`${value} = any(${values}::text[])`;
      if (comparator === "=" || comparator === "IN") return isAny();
      if (comparator === "!=" || comparator === "NOT IN")
        return sql`(${value} is not null and (${isAny()}) is not true)`;
      return likeCondition(value, comparator, values[0]!);
    },
  };
}

/** A whole number of the row. */
export function integerFilter(value: Sql): Filter {
  return {
    takes: "integer",
    comparators: numberComparators,
    where: ({ comparator, values }) => sql`${value} ${operator(comparator)} ${clampedInt8(values[0]!)}::int8`,
  };
}

/** A time of the row, compared as whole milliseconds since 1970, as clients see it. */
export function timeFilter(value: Sql): Filter {
  return {
    takes: "number",
    comparators: numberComparators,
    where: ({ comparator, values }) => timeCondition(value, comparator, Number(values[0])),
  };
}

/** Where the values of keys are kept: one row for each key of a row. */
export interface KeyedTable {
  readonly table: string;
  /** The column that both tables have, and by which one row finds its keys. */
  readonly row: string;
  /** A further column that both have and with which the index on values begins. */
  readonly scope?: string;
  /** What else must hold of a row of the table, which is called `k`, for a filter. */
  readonly condition?: Sql;
}

/**
 * Texts by key.
 * @param more comparators beyond those that every text takes
 */
export function keyedTextFilter(table: KeyedTable, more: readonly Comparator[]): Filter {
  return {
    takes: "text",
    comparators: [...textComparators, ...more],
    where: ({ comparator, values, keyId }) => {
      if (comparator === "IS NULL") return sql`not ${existsKey(table, keyId)}`;
      if (comparator === "IS NOT NULL") return existsKey(table, keyId);
      return existsKey(table, keyId, keyedTextCondition(comparator, values));
    },
  };
}

/** Numbers by key. Postgres has NaN above all numbers, so that it has to be left out by name. */
export function keyedNumberFilter(table: KeyedTable): Filter {
  return {
    takes: "number",
    comparators: numberComparators,
    where: ({ comparator, values, keyId }) =>
      existsKey(
        table,
        keyId,
        sql`k.value < 'NaN' and k.value ${operator(comparator)} ${String(Number(values[0]))}::float8`,
      ),
  };
}

// orders

/** By an expression that every row has. */
export function columnOrder(value: Sql, type: SortKey["type"]): Order {
  return { whole: ({ descending }) => ({ keys: [{ value, type, descending }] }) };
}

/** By an expression that some rows do not have. */
export function nullableOrder(value: Sql, type: SortKey["type"]): Order {
  return {
    whole: ({ descending }) => ({
      keys: [
        { value: sql`case when ${value} is null then 1 else 0 end`, type: "int4", descending: false },
        { value, type, descending },
      ],
    }),
    legs: ({ descending }) => [
      { where: sql`${value} is not null`, keys: [{ value, type, descending }] },
      { where: sql`${value} is null`, keys: [] },
    ],
  };
}

/** By the text of a key. */
export function keyedTextOrder(table: KeyedTable): Order {
  const present = (alias: string, descending: boolean): SortKey[] => [
    // The index holds the start of the value. Code-point order of the starts is never against that of the whole values.
    { value: sql`left(${sql.ref(`${alias}.value`)}, ${sql.lit(indexed)})`, type: "text", descending },
    { value: sql.ref(`${alias}.value`), type: "text", descending },
  ];
  return {
    whole: ({ alias, descending, keyId }) => ({
      join: sql`left ${joinKey(table, alias, keyId)}`,
      keys: [
        {
          value: sql`case when ${sql.ref(`${alias}.value`)} is null then 1 else 0 end`,
          type: "int4",
          descending: false,
        },
        ...present(alias, descending),
      ],
    }),
    legs: ({ alias, descending, keyId }) => [
      { join: joinKey(table, alias, keyId), keys: present(alias, descending) },
      { where: sql`not ${existsKey(table, keyId)}`, keys: [] },
    ],
  };
}

/** By the number of a key. */
export function keyedNumberOrder(table: KeyedTable): Order {
  return {
    whole: ({ alias, descending, keyId }) => ({
      join: sql`left ${joinKey(table, alias, keyId)}`,
      keys: numberKeys(sql.ref(`${alias}.value`), descending),
    }),
    legs: ({ alias, descending, keyId }) => {
      const value = sql.ref(`${alias}.value`);
      const join = joinKey(table, alias, keyId);
      return [
        { join, where: sql`${value} < 'NaN'`, keys: [{ value, type: "float8", descending }] },
        { join, where: sql`${value} = 'NaN'`, keys: [] },
        { where: sql`not ${existsKey(table, keyId)}`, keys: [] },
      ];
    },
  };
}

/** Numbers, then NaN, then nothing, as expressions. */
export function numberKeys(value: Sql, descending: boolean): SortKey[] {
  return [
    {
      value: sql`case when ${value} is null then 2 when ${value} = 'NaN' then 1 else 0 end`,
      type: "int4",
      descending: false,
    },
    { value, type: "float8", descending },
  ];
}

// conditions

/** How much of a value the indexes on values hold. */
const indexed = 128;

function keyedTextCondition(comparator: Comparator, values: readonly string[]): Sql {
  switch (comparator) {
    case "=":
    case "IN":
      return indexedTextIsAny(sql`k.value`, values);
    case "!=":
    case "NOT IN":
      return sql`k.value <> all(${values}::text[])`;
    default:
      return likeCondition(sql`k.value`, comparator, values[0]!);
  }
}

/** That a text is one of the values, by an index on its start. */
export function indexedTextIsAny(text: Sql, values: readonly string[]): Sql {
  const [only, ...others] = values;
  return only !== undefined && others.length === 0 ? indexedTextIs(text, only) : startsAndIs(text, values);
}

function indexedTextIs(text: Sql, value: string): Sql {
  const start = sql`left(${text}, ${sql.lit(indexed)}) = left(${value}, ${sql.lit(indexed)})`;
  // Asked again of a value that the index holds whole, the same question would count twice in the planner's guess.
  return value.length < indexed ? start : sql`(${start} and ${text} = ${value})`;
}

/** One parameter, however many values: a statement takes 65,535. */
function startsAndIs(text: Sql, values: readonly string[]): Sql {
  const starts = values.map((value) => (value.length < indexed ? value : [...value].slice(0, indexed).join("")));
  const start = sql`left(${text}, ${sql.lit(indexed)}) = any(${starts}::text[])`;
  return values.every((value) => value.length < indexed) ? start : sql`(${start} and ${text} = any(${values}::text[]))`;
}

function existsKey({ table, row, scope, condition }: KeyedTable, keyId: number, value?: Sql): Sql {
  // Said outright, it costs the search nothing: most registries have no prompt, and every search of models leaves them out.
  if (keyId === unknownKey) return sql`false`;
  return sql`exists (select from ${sql.table(table)} k where k.${sql.ref(row)} = r.${sql.ref(row)}
    ${scope === undefined ? sql`` : sql`and k.${sql.ref(scope)} = r.${sql.ref(scope)}`} and k.key_id = ${keyId}
    ${condition === undefined ? sql`` : sql`and ${condition}`} ${value === undefined ? sql`` : sql`and ${value}`})`;
}

function joinKey({ table, row, scope }: KeyedTable, alias: string, keyId: number): Sql {
  const [own, key] = [sql.ref(`${alias}.${row}`), sql.ref(`${alias}.key_id`)];
  const scoped = scope === undefined ? sql`` : sql`and ${sql.ref(`${alias}.${scope}`)} = r.${sql.ref(scope)}`;
  return sql`join ${sql.table(table)} ${sql.ref(alias)} on ${own} = r.${sql.ref(row)} ${scoped} and ${key} = ${keyId}`;
}

/** `%` and `_` are wildcards; the grammar has no way to quote them, so a backslash is only itself. */
export function likeCondition(value: Sql, comparator: Comparator, pattern: string): Sql {
  const escaped = pattern.replaceAll("\\", "\\\\");
  return comparator === "LIKE" ? sql`${value} like ${escaped}` : sql`${value} ilike ${escaped}`;
}

export function operator(comparator: Comparator): Sql {
  if (!(numberComparators as readonly Comparator[]).includes(comparator))
    throw new Error(`${comparator} does not compare numbers`);
  return sql.raw(comparator);
}

const maxInt8 = 2n ** 63n - 1n;

/** Numbers beyond the range compare as its ends do. */
function clampedInt8(text: string): string {
  const value = BigInt(text);
  return String(value > maxInt8 ? maxInt8 : value < -maxInt8 ? -maxInt8 : value);
}

function timeCondition(value: Sql, comparator: Comparator, ms: number): Sql {
  const [first, next] = [instant(Math.ceil(ms)), instant(Math.floor(ms) + 1)];
  switch (comparator) {
    case "<":
      return sql`${value} < ${first}`;
    case "<=":
      return sql`${value} < ${next}`;
    case ">":
      return sql`${value} >= ${next}`;
    case ">=":
      return sql`${value} >= ${first}`;
    case "=":
      return Number.isInteger(ms) ? sql`(${value} >= ${first} and ${value} < ${next})` : sql`false`;
    default:
      return Number.isInteger(ms) ? sql`(${value} < ${first} or ${value} >= ${next})` : sql`${value} is not null`;
  }
}

/** Times that the database cannot hold compare as the ends of what it can. */
function instant(ms: number): Sql {
  return sql`to_timestamp(${Math.min(Math.max(ms, -6e13), 8e15)}::float8 / 1000)`;
}
