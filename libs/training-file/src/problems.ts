/**
 * What is wrong with a training file, as a list of paths and messages for people.
 * @module
 */
import type { z } from "zod";
import { operationNames, operationOf } from "./preprocess.ts";

export interface Problem {
  /** `algorithm.params.num_leaves`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
}

/** One problem an issue; `input` is what was checked. */
export function problemsOf(error: z.ZodError, input: unknown): Problem[] {
  return error.issues.flatMap((issue) => fromIssue(issue, [], input));
}

function fromIssue(issue: z.core.$ZodIssue, base: readonly PropertyKey[], input: unknown): Problem[] {
  const path = [...base, ...issue.path];
  if (issue.code === "invalid_union") {
    // A step that names one operation is told what is wrong with that operation, not that it is none of the others.
    const value = valueAt(input, path);
    const operation = path.at(-2) === "preprocess" ? operationOf(value) : undefined;
    const inner = operation === undefined ? undefined : issue.errors[operationNames.indexOf(operation)];
    if (inner !== undefined) return inner.flatMap((each) => fromIssue(each, path, input));
  }
  return [{ path: path.join("."), message: messageOf(issue, valueAt(input, path)) }];
}

function messageOf(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      return value === undefined ? "is missing" : `expected ${article(issue.expected)}, got ${shown(value)}`;
    case "invalid_value":
      return `expected one of ${issue.values.map((each) => String(each)).join(", ")}, got ${shown(value)}`;
    case "too_small":
      return `expected ${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}${unit(issue.origin)}, got ${size(value)}`;
    case "too_big":
      return `expected ${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}${unit(issue.origin)}, got ${size(value)}`;
    default:
      return issue.message;
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  number: "a finite number",
  int: "an integer",
  boolean: "true or false",
  array: "a list",
  object: "keys and values",
  record: "keys and values",
};

function article(type: string): string {
  return typeNames[type] ?? type;
}

function unit(origin: string): string {
  if (origin === "string") return " characters";
  return origin === "array" ? " entries" : "";
}

function size(value: unknown): string {
  return typeof value === "string" || Array.isArray(value) ? String(value.length) : shown(value);
}

function shown(value: unknown): string {
  if (typeof value === "number") return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, key)
        ? (value as Record<PropertyKey, unknown>)[key]
        : undefined,
    input,
  );
}
