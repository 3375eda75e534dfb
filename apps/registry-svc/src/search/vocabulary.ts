/**
 * What a search understands: the fields of each entity, in one table a search, and the reading of filters and orders by it.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { beginningOf } from "../fields.ts";
import type { Field, Filter, Order } from "./fields.ts";
import { type Clause, type Comparator, type FieldName, type Literal, parseFilter, parseOrderItem } from "./grammar.ts";

export interface Vocabulary {
  /** What is searched, in the plural. */
  readonly searched: string;
  /** A bare field is an attribute. */
  readonly attributes: Readonly<Record<string, Field>>;
  readonly datasets?: Readonly<Record<string, Field>>;
  readonly spans?: Readonly<Record<string, Field>>;
  // These take any key.
  readonly metrics?: Field;
  readonly params?: Field;
  readonly tags?: Field;
  readonly metadata?: Field;
  readonly feedback?: Field;
  readonly expectations?: Field;
  /** Whether texts may also be written as bare numbers. */
  readonly bareNumbers?: boolean;
}

/** A clause that the vocabulary allows. */
export interface Condition {
  readonly filter: Filter;
  readonly entity: Entity;
  /** Of what is kept by key; "" for others. */
  readonly key: string;
  readonly comparator: Comparator;
  readonly values: readonly string[];
}

/** A field to sort by. */
export interface Sorting {
  readonly order: Order;
  /** Of what is kept by key; "" for others. */
  readonly key: string;
  readonly descending: boolean;
}

const keyedEntities = ["metrics", "params", "tags", "metadata", "feedback", "expectations"] as const;
type KeyedEntity = (typeof keyedEntities)[number];
export type Entity = "attributes" | "datasets" | "spans" | KeyedEntity;

const entities: Readonly<Record<string, Entity>> = {
  ...{ attribute: "attributes", attributes: "attributes", attr: "attributes", run: "attributes", trace: "attributes" },
  ...{ metric: "metrics", metrics: "metrics" },
  ...{ param: "params", params: "params", parameter: "params", parameters: "params" },
  ...{ tag: "tags", tags: "tags" },
  ...{ dataset: "datasets", datasets: "datasets" },
  ...{ metadata: "metadata", request_metadata: "metadata" },
  ...{ span: "spans", feedback: "feedback", expectation: "expectations" },
};

/** More make a statement that takes longer to plan than to run. */
const maxClauses = 100;
const maxOrderItems = 16;

/** @throws AppError FILTER_INVALID */
export function readFilter(filter: string, vocabulary: Vocabulary): readonly Condition[] {
  const invalid = (at: number, problem: string) =>
    new AppError("FILTER_INVALID", { filter: shortened(filter), at: at + 1, problem: shortened(problem) });
  const clauses = parseFilter(filter);
  if ("problem" in clauses) throw invalid(clauses.at, clauses.problem);
  if (clauses.length > maxClauses)
    throw invalid(clauses[maxClauses]!.field.at, `at most ${maxClauses} clauses are taken, got ${clauses.length}`);

  return clauses.map((clause) => {
    const condition = conditionOf(clause, vocabulary);
    if ("problem" in condition) throw invalid(condition.at, condition.problem);
    return condition;
  });
}

/** @throws AppError ORDER_INVALID */
export function readOrder(items: readonly string[], vocabulary: Vocabulary): readonly Sorting[] {
  if (items.length > maxOrderItems)
    throw new AppError("ORDER_INVALID", {
      order: shortened(items.join(", ")),
      at: 1,
      problem: `at most ${maxOrderItems} fields are taken, got ${items.length}`,
    });
  const sortings = items.map((text) => {
    const item = parseOrderItem(text);
    if ("problem" in item) throw orderInvalid(text, item.at, item.problem);
    return readSorting(item.field, item.descending, vocabulary, text);
  });
  for (const [at, { order, key }] of sortings.entries())
    if (sortings.slice(0, at).some((other) => other.order === order && other.key === key))
      throw orderInvalid(items[at]!, 0, "the field is there already");
  return sortings;
}

/**
 * One field to sort by.
 * @param text as it was written, for the message
 * @throws AppError ORDER_INVALID
 */
export function readSorting(name: FieldName, descending: boolean, vocabulary: Vocabulary, text: string): Sorting {
  const found = fieldOf(name, vocabulary, "order");
  if ("problem" in found) throw orderInvalid(text, name.at, found.problem);
  return { order: found.field.order!, key: found.key, descending };
}

function conditionOf(clause: Clause, vocabulary: Vocabulary): Condition | { at: number; problem: string } {
  const found = fieldOf(clause.field, vocabulary, "filter");
  if ("problem" in found) return { at: clause.field.at, problem: found.problem };
  const { entity, field, key } = found;
  const filter = field.filter!;
  const { comparator, values } = clause;
  const name = `${entity}.${clause.field.key}`;
  if (!filter.comparators.includes(comparator))
    return { at: clause.at, problem: `${name} takes ${filter.comparators.join(", ")}, not ${comparator}` };
  const wrong = values.find((value) => !takes(filter, value, vocabulary));
  if (wrong !== undefined)
    return { at: wrong.at, problem: `${name} is compared with ${wanted[filter.takes]}, not with ${wrong.text}` };
  return { filter, entity, key, comparator, values: values.map(({ text }) => text) };
}

const wanted = {
  text: "a text in quotes",
  number: "a number without quotes",
  integer: "a whole number",
  either: "a text in quotes or a number",
} as const satisfies Record<Filter["takes"], string>;

function takes(filter: Filter, { type, text }: Literal, { bareNumbers = false }: Vocabulary): boolean {
  if (filter.takes === "either") return true;
  if (filter.takes === "text") return type === "text" || bareNumbers;
  return filter.takes === "integer" ? /^[+-]?\d+$/.test(text) : type === "number";
}

type Use = "filter" | "order";

/** @returns also the key under which the field is kept; "" if it is a column */
function fieldOf(
  { entity: written, key }: FieldName,
  vocabulary: Vocabulary,
  use: Use,
): { entity: Entity; field: Field; key: string } | { problem: string } {
  const entity =
    written === undefined ? "attributes" : Object.hasOwn(entities, written) ? entities[written] : undefined;
  if (entity === undefined || usable(vocabulary, entity, use).length === 0) {
    const known = [...new Set(Object.values(entities))].filter((each) => usable(vocabulary, each, use).length > 0);
    return { problem: `${vocabulary.searched} have ${known.join(", ")}, not ${written}` };
  }
  if (isKeyed(entity)) return { entity, field: vocabulary[entity]!, key };
  const fields = vocabulary[entity]!;
  const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
  if (field?.[use] === undefined)
    return {
      problem: `the ${entity} of ${vocabulary.searched} are ${usable(vocabulary, entity, use).join(", ")}; ${key} is none`,
    };
  return { entity, field, key: field.key ?? "" };
}

/** The keys of an entity that may stand in a filter or an order; for one that takes any key, its name. */
function usable(vocabulary: Vocabulary, entity: Entity, use: Use): readonly string[] {
  if (isKeyed(entity)) return vocabulary[entity]?.[use] === undefined ? [] : [entity];
  return Object.entries(vocabulary[entity] ?? {}).flatMap(([key, field]) => (field[use] === undefined ? [] : [key]));
}

function isKeyed(entity: Entity): entity is KeyedEntity {
  return keyedEntities.some((keyed) => keyed === entity);
}

function orderInvalid(order: string, at: number, problem: string): AppError {
  return new AppError("ORDER_INVALID", { order: shortened(order), at: at + 1, problem: shortened(problem) });
}

function shortened(text: string): string {
  return beginningOf(text, 500);
}
