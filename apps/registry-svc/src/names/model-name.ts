/**
 * Names of models: `catalog.schema.model`, or any other valid name as a whole in the default schema.
 *
 * `titanic` and `main.default.titanic` are one model. The full name is the key: neither catalog nor schema holds a dot, so
 * two models never share one.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { modelNameParts, modelNameProblem } from "@mintmark/training-file";

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
  const [model, schema = defaultSchema, catalog = defaultCatalog] = modelNameParts(written).toReversed() as [string];
  return { catalog, schema, model, full: `${catalog}.${schema}.${model}`, written };
}
