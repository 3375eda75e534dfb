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
/** A 64-bit number; undefined if absent. */
export const int64 = wholeNumber.transform(BigInt).optional();
/** A number that a double holds exactly, such as a time in milliseconds or a count; undefined if absent. */
export const count = wholeNumber.transform(Number).pipe(z.int()).optional();
/** A double that has to be there. */
export const double = z.union([
  z.number(),
  z
    .string()
    .regex(/^(NaN|[+-]?Infinity|[+-]?\d+(\.\d*)?([eE][+-]?\d+)?)$/)
    .transform(Number),
]);
/** A truth value; false if absent. */
export const flag = z
  .union([z.boolean(), z.enum(["true", "false"]).transform((word) => word === "true")])
  .default(false);

/** A list; a query string gives one entry without a list around it. */
export function list<Item extends z.ZodType>(item: Item) {
  return z.preprocess(
    (value) => (value === undefined || Array.isArray(value) ? (value ?? []) : [value]),
    z.array(item),
  );
}

/** One of the names of an enumeration, or its number there (the first is 1); undefined if absent. */
export function word<Name extends string>(names: readonly Name[]) {
  const known = z.string().refine((name): name is Name => names.some((other) => other === name));
  const numbered = z
    .int()
    .min(1)
    .max(names.length)
    .transform((number) => names[number - 1]!);
  return z.union([known, numbered]).optional();
}

/** `[{key, value}, …]`; the last of several values of a key counts. */
export const tags = list(z.object({ key: requiredText, value: text })).transform((entries) =>
  Object.fromEntries(entries.map(({ key, value }) => [key, value])),
);

/** A message of these fields. */
export function message<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess((value) => withOwnNames(value, Object.keys(shape)), z.object(shape));
}

/**
 * @param raw the parsed body, or the parameters of the query string
 * @throws MlflowError INVALID_PARAMETER_VALUE that names the field and its value
 */
export function readMessage<T>(schema: z.ZodType<T>, raw: unknown): T {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw invalidField(issue.path, valueAt(raw, issue.path));
}

/** @throws nothing; the error is returned */
export function invalidField(path: readonly PropertyKey[], value: unknown): MlflowError {
  const field = path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
  if (value === undefined || value === null || value === "")
    return new MlflowError("INVALID_PARAMETER_VALUE", `Missing value for required parameter '${field}'.`);
  const shown = JSON.stringify(value);
  const short = shown.length > 500 ? `${shown.slice(0, 500)}…` : shown;
  return new MlflowError("INVALID_PARAMETER_VALUE", `Invalid value ${short} for parameter '${field}' supplied.`);
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
