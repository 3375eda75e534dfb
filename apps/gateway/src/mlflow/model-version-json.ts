/**
 * Versions in MLflow's form, and the fields by which its calls name one.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { parseKnownAliasName } from "@mintmark/names/alias-name";
import { maxInt4 } from "@mintmark/names/int4";
import { parseModelName } from "@mintmark/names/model-name";
import type { Version } from "@mintmark/proto/mintmark/registry/v1/version";
import { z } from "zod";
import { stageName } from "../stages.ts";
import { requiredText } from "./fields.ts";
import { milliseconds, orAbsent, tagsJson, textOrAbsent } from "./json.ts";
import { MlflowError } from "./mlflow-error.ts";

/** The fields by which a version is named; its number as text or as a number. */
export const versionFields = {
  name: requiredText,
  version: z.union([requiredText, z.number()]).transform(wholeNumber),
};

export interface VersionOfModel {
  readonly name: string;
  readonly version: bigint;
}

/** The URI of the version. @throws AppError `NAME_INVALID`, `VERSION_NOT_FOUND` */
export function versionUri(of: VersionOfModel): string {
  const { model, number } = numbered(of);
  return `${parseModelName(model).written}/${number}`;
}

/**
 * The URI of what the alias points at; `latest` is one that every model has.
 * @throws AppError `NAME_INVALID`, also for what could be read as another part of a URI: no name has that in it
 */
export function aliasUri({ name, alias }: { readonly name: string; readonly alias: string }): string {
  const model = parseModelName(name).written;
  return alias.toLowerCase() === "latest" ? `${model}/latest` : `${model}@${parseKnownAliasName(alias)}`;
}

/**
 * As the native calls name it.
 * @throws AppError `VERSION_NOT_FOUND` for a number that no version can have
 */
export function numbered({ name, version }: VersionOfModel): { model: string; number: number } {
  if (version < 1n || version > maxInt4)
    throw new AppError("VERSION_NOT_FOUND", { model: name, version: String(version) });
  return { model: name, number: Number(version) };
}

function wholeNumber(value: string | number): bigint {
  const text = String(value).trim();
  if (/^[+-]?\d+$/.test(text)) return BigInt(text.replace(/^\+/, ""));
  throw new MlflowError("INVALID_PARAMETER_VALUE", `Parameter 'version' must be an integer, got '${value}'.`);
}

export function modelVersionJson(version: Version): object {
  return {
    name: version.model,
    // As text: the clients refuse a number.
    version: String(version.number),
    creation_timestamp: milliseconds(version.createTime),
    last_updated_timestamp: milliseconds(version.updateTime),
    user_id: textOrAbsent(version.createdBy),
    current_stage: stageName(version.stage),
    description: version.description,
    // What was not made through MLflow is where it is fetched from.
    source: version.source === "" ? version.downloadUri : version.source,
    run_id: version.runId,
    // A version is there when everything of it is.
    status: "READY",
    run_link: version.runLink,
    tags: tagsJson(version.tags),
    aliases: orAbsent(version.aliases),
    model_id: textOrAbsent(version.loggedModelId),
  };
}
