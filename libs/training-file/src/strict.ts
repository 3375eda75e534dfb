/**
 * Objects whose unknown keys are errors that say which key was probably meant.
 * @module
 */
import { z } from "zod";
import { suggestion } from "./suggest.ts";

/** An object with exactly these keys. */
export function strict<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? unknownKeys(issue.keys as string[], known) : undefined),
  });
}

function unknownKeys(keys: readonly string[], known: readonly string[]): string {
  const list = known.length === 0 ? "it takes none" : `known: ${known.join(", ")}`;
  return keys.map((key) => `has no key "${key}"${suggestion(key, known)} (${list})`).join("; ");
}
