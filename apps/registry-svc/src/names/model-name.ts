/**
 * Names of models: `catalog.schema.model`, or any other valid name as a whole in the default schema.
 *
 * `titanic` and `main.default.titanic` are one model. The full name is the key: neither catalog nor schema holds a dot, so
 * two models never share one.
 * @module
 */
import { AppError } from "@mintmark/errors";

export interface ModelName {
  readonly catalog: string;
  readonly schema: string;
  readonly model: string;
  /** `catalog.schema.model`, by which the model is found. */
  readonly full: string;
  /** As it was written. */
  readonly written: string;
}

export const defaultCatalog = "main";
export const defaultSchema = "default";

/** @throws AppError `NAME_INVALID` */
export function parseModelName(written: string): ModelName {
  const parts = written.split(".");
  const [catalog, schema, model] = parts.length === 3 && !parts.includes("") ? parts : [];
  const name =
    catalog === undefined || schema === undefined || model === undefined
      ? { catalog: defaultCatalog, schema: defaultSchema, model: written }
      : { catalog, schema, model };
  for (const part of [name.catalog, name.schema, name.model]) {
    const problem = problemOf(part);
    if (problem !== undefined) throw new AppError("NAME_INVALID", { what: "model", name: written, problem });
  }
  return { ...name, full: `${name.catalog}.${name.schema}.${name.model}`, written };
}

/** What is wrong with a part of a name, in words; `undefined` if nothing is. */
export function problemOf(part: string): string | undefined {
  if (part.trim() === "") return "must not be blank";
  if (!part.isWellFormed()) return "is not valid Unicode";
  if (/[/:]/.test(part)) return "must not contain '/' or ':'";
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(part)) return "must not contain control characters";
  if (part.normalize("NFC") !== part) return "must be in Unicode normal form C (NFC)";
  if (Buffer.byteLength(part) > maxPartBytes) return `must have at most ${maxPartBytes} bytes`;
  return undefined;
}

const maxPartBytes = 255;
