/**
 * The kinds of fields that MLflow's messages have, and how they are read (proto-JSON as MLflow's clients and servers speak
 * it): names in snake_case or lowerCamelCase, whole numbers and truth values also as text, NaN and infinities as words,
 * null and "" as absent, unknown fields left aside.
 * @module
 */
import { z } from "zod";
import { MlflowError } from "./mlflow-error.ts";

/** Text that has to be there. */
export const requiredText = z.string().min(1);
/** Text; "" if absent. */
export const text = z.string().default("");
/** Text that may be absent; "" is kept, so that a value can be emptied. */
export const optionalText = z.string().optional();

const wholeNumber = z.union([z.int(), z.string().regex(/^[+-]?\d{1,19}$/)]);
const maxInt64 = 2n ** 63n - 1n;
/** A 64-bit number; undefined if absent. */
export const int64 = wholeNumber
  .transform(BigInt)
  .pipe(
    z
      .bigint()
      .min(-maxInt64 - 1n)
      .max(maxInt64),
  )
  .optional();
/** A 64-bit number, 0 or above, that has to be there. */
export const requiredWhole = wholeNumber.transform(BigInt).pipe(z.bigint().min(0n).max(maxInt64));
const exactNumber = wholeNumber.transform(Number);
/** A number that a double holds exactly, such as a count; undefined if absent. */
export const count = exactNumber.pipe(z.int()).optional();
/**
 * How many entries a page may have: 1 at least. Of most searches the registry says how many at most, and how many if absent,
 * which is 0 to it.
 */
export function pageLength(most = 2 ** 32 - 1) {
  return exactNumber.pipe(z.int().min(1).max(most)).default(0);
}
/** A double that has to be there. */
export const double = z.union([
  z.number(),
  z
    .string()
    .regex(/^(NaN|[+-]?Infinity|[+-]?\d+(\.\d*)?([eE][+-]?\d+)?)$/)
    .transform(Number),
]);
const truth = z.union([z.boolean(), z.enum(["true", "false"]).transform((word) => word === "true")]);
/** A truth value; false if absent. */
export const flag = truth.default(false);
/** A truth value; true if absent. */
export const flagUnlessSaid = truth.default(true);

/** More than any list of MLflow's clients has. */
const mostEntries = 10_000;

/**
 * A list of so many entries at most; a query string gives one entry without a list around it. They are counted before the first
 * is read: of a wrong list, each entry would be told.
 */
export function list<Item extends z.ZodType>(item: Item, most = mostEntries) {
  const entries = z.array(z.unknown()).max(most).pipe(z.array(item));
  return z.preprocess((value) => (typeof value === "string" ? [value] : (value ?? [])), entries);
}

/** As {@link list}, with one entry at least. */
export function requiredList<Item extends z.ZodType>(item: Item, most?: number) {
  return list(item, most).refine((entries) => entries.length > 0);
}

/** One of the names of an enumeration, or its number there (the first is 1). */
export function requiredWord<Name extends string>(names: readonly Name[]) {
  const known = z.string().refine((name): name is Name => names.some((other) => other === name));
  const numbered = exactNumber.pipe(z.int().min(1).max(names.length)).transform((number) => names[number - 1]!);
  return z.union([known, numbered]);
}

/** As {@link requiredWord}; undefined if absent. */
export function word<Name extends string>(names: readonly Name[]) {
  return requiredWord(names).optional();
}

/** Text of which only the beginning is kept, as MLflow's own clients and servers do without a word. */
export function textCutAt(length: number) {
  return text.transform((value) => (value.length <= length ? value : cut(value, length)));
}

/** `[{key, value}, …]` with values of this kind. */
export function pairs(value: z.ZodType<string>) {
  return list(message({ key: requiredText, value }));
}

/** `[{key, value}, …]`; the last of several values of a key counts. */
export const tags = pairs(text).transform(byKey);

/** The last of several values of a key counts. */
export function byKey(entries: readonly { key: string; value: string }[]): Record<string, string> {
  return Object.fromEntries(entries.map(({ key, value }) => [key, value]));
}

/** A message of these fields. */
export function message<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess((value) => withOwnNames(value, Object.keys(shape)), z.object(shape));
}

/** A message on a run, which is named by `run_id`, or as in former times by `run_uuid`. */
export function runMessage<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess(withRunId, message({ run_id: requiredText, ...shape }));
}

/**
 * @param raw the parsed body, or the parameters of the query string
 * @throws MlflowError INVALID_PARAMETER_VALUE that names the field and its value
 */
export function readMessage<T>(schema: z.ZodType<T>, raw: unknown): T {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw invalidField(issue.path, valueAt(raw, issue.path), bound(issue));
}

/**
 * @param hint what would be right, as a sentence
 * @throws nothing; the error is returned
 */
export function invalidField(path: readonly PropertyKey[], value: unknown, hint = ""): MlflowError {
  const field = path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
  if (value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0))
    return new MlflowError("INVALID_PARAMETER_VALUE", `Missing value for required parameter '${field}'.`);
  const shown = JSON.stringify(value);
  const short = shown.length > 500 ? `${shown.slice(0, 500)}…` : shown;
  return new MlflowError(
    "INVALID_PARAMETER_VALUE",
    `Invalid value ${short} for parameter '${field}' supplied.${hint && ` ${hint}`}`,
  );
}

function bound(issue: z.core.$ZodIssue): string {
  const origin = "origin" in issue ? issue.origin : "";
  if (origin === "array" && issue.code === "too_big") return `It must have at most ${issue.maximum} entries.`;
  const unit = origin === "string" ? " characters long" : "";
  if (issue.code === "too_big") return `It must be at most ${issue.maximum}${unit}.`;
  if (issue.code === "too_small") return `It must be at least ${issue.minimum}${unit}.`;
  return "";
}

/** The same fields by the names of the message; null is as good as absent. */
function withOwnNames(value: unknown, names: readonly string[]): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const given = value as Readonly<Record<string, unknown>>;
  const known: Record<string, unknown> = {};
  for (const name of names) {
    const camel = camelCase(name);
    const own = Object.hasOwn(given, name) ? given[name] : undefined;
    const other = camel !== name && Object.hasOwn(given, camel) ? given[camel] : undefined;
    if (own !== undefined && other !== undefined)
      throw new MlflowError("INVALID_PARAMETER_VALUE", `The parameter '${name}' is given twice, also as '${camel}'.`);
    const found = own ?? other;
    if (found !== undefined && found !== null) known[name] = found;
  }
  return known;
}

function withRunId(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const { run_id, runId, run_uuid, runUuid } = value as Readonly<Record<string, unknown>>;
  const named = [run_id, runId].some((id) => id !== undefined && id !== null && id !== "");
  return named ? value : { ...value, run_id: run_uuid ?? runUuid, runId: undefined };
}

/** The beginning of a text, without half a character at its end. */
function cut(value: string, length: number): string {
  const kept = value.slice(0, length);
  return kept.isWellFormed() ? kept : kept.replace(/[\uD800-\uDBFF]$/, "");
}

const camelCases = new Map<string, string>();

function camelCase(name: string): string {
  let camel = camelCases.get(name);
  if (camel === undefined) {
    camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    camelCases.set(name, camel);
  }
  return camel;
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  let value = raw;
  for (const part of path) {
    if (typeof value !== "object" || value === null) return value;
    const parent = value as Record<PropertyKey, unknown>;
    value = parent[part] ?? (typeof part === "string" ? parent[camelCase(part)] : undefined);
  }
  return value;
}
