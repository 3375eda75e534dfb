/**
 * Names of models: `catalog.schema.model`, or any other valid name as a whole in the default schema.
 *
 * `titanic` and `main.default.titanic` are one model. The full name is the key: neither catalog nor schema holds a dot, so
 * two models never share one.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { partProblem } from "./name-part.ts";

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
  const problem = modelNameProblem(written);
  if (problem !== undefined) throw new AppError("NAME_INVALID", { what: "model", name: written, problem });
  const [model, schema = defaultSchema, catalog = defaultCatalog] = partsOf(written).toReversed() as [string];
  return { catalog, schema, model, full: fullName(written), written };
}

/** `catalog.schema.model` of a name in either form, of any text. */
export function fullName(written: string): string {
  const parts = partsOf(written);
  return parts.length === 3 ? written : `${defaultCatalog}.${defaultSchema}.${written}`;
}

/** What is wrong with a model's name, in words; undefined if nothing is. */
export function modelNameProblem(written: string): string | undefined {
  return partsOf(written).map(partProblem).find(Boolean);
}

/** The model within its schema, of any text. */
export function shortName(written: string): string {
  return partsOf(written).at(-1)!;
}

/** `catalog`, `schema` and `model` of a name of three parts; else the whole name. */
function partsOf(written: string): readonly string[] {
  const parts = written.split(".", 4);
  return parts.length === 3 && !parts.includes("") ? parts : [written];
}
