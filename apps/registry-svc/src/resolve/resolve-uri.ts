/**
 * From a URI to the one version that it names, now or at a time of the past.
 *
 * Of the past are asked: where an alias pointed, which stage a version had, which versions there were. A model is found by its
 * present name, or by the name under which it was deleted after that time.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { isVersionNumber, maxInt4 } from "@mintmark/names/int4";
import type { ModelName } from "@mintmark/names/model-name";
import { type ModelUri, parseModelUri, type StageName } from "@mintmark/names/model-uri";
import { type RawBuilder, sql } from "kysely";
import { prepared } from "../db/prepared.ts";
import type { Db } from "../db/schema.ts";
import { selectVersions, type VersionRow } from "../versions/find-version.ts";

export interface Resolved {
  readonly version: VersionRow;
  /** The alias by which it was asked for; empty if by none. */
  readonly alias: string;
  readonly asOf: Date;
}

/** @throws AppError `URI_INVALID`, `NAME_INVALID`, `MODEL_NOT_FOUND`, `VERSION_NOT_FOUND`, `ALIAS_NOT_FOUND`, `NOTHING_RESOLVED` */
export async function resolveUri(db: Db, uri: string): Promise<Resolved> {
  const parsed = parseModelUri(uri);
  const asOf = parsed.at ?? new Date();
  const versions = versionsOf(parsed);
  const [version] = versions === undefined ? [] : await selectVersions(db, versions);
  if (version === undefined) throw await notFound(db, parsed, uri);
  return { version, alias: parsed.kind === "alias" ? parsed.alias : "", asOf };
}

/** Selects the row of `version` that is meant; `undefined` if there can be none. */
function versionsOf(uri: ModelUri): RawBuilder<unknown> | undefined {
  switch (uri.kind) {
    case "logged-model":
      return newest(
        uri,
        sql`v.logged_model_pk = (select logged_model_pk from logged_model where id = ${uri.id.slice("m-".length)}::uuid)`,
      );
    case "run":
      return newest(uri, sql`${ofRun(uri.run)} and ${ofPath(uri.run, uri.path)}`);
    case "latest":
      return highest(uri, sql`true`);
    case "number":
      return isVersionNumber(uri.number) ? highest(uri, sql`v.number = ${uri.number}`) : undefined;
    case "semver":
      return semverCondition(uri);
    case "stage":
      return highest(uri, sql`${stageAt(uri.at)} = ${storedStages[uri.stage]}`);
    case "alias":
      return highest(uri, sql`v.number = ${aliasAt(uri.alias, uri.at)}`);
    case "digest":
      return highest(uri, sql`v.digest = ${Buffer.from(uri.blake3, "hex")}`);
    default:
      throw uri satisfies never;
  }
}

/**
 * Model by model, as a name was that of several only in the past: so the index on numbers gives the highest at once. What is
 * asked of the model stands outside, where its indexes on names, each of which holds only some models, can be seen to fit.
 */
function highest(uri: { readonly name: ModelName; readonly at?: Date | undefined }, condition: RawBuilder<unknown>) {
  return sql`${prepared} select v.*, 1::int8 as place from model m cross join lateral (
      select * from version v where v.model_pk = m.model_pk and ${condition} and ${versionLived(uri.at)}
      order by v.number desc limit 1) v
    where m.full_name = ${uri.name.full} and ${modelLived(uri.at)} order by v.number desc limit 1`;
}

/** Of all models: the version that was made last. */
function newest(uri: { readonly at?: Date | undefined }, condition: RawBuilder<unknown>) {
  return sql`select v.*, 1::int8 as place from version v join model m using (model_pk)
    where ${condition} and ${versionLived(uri.at)} and ${modelLived(uri.at)} order by v.version_pk desc limit 1`;
}

/** Also of a run that is not here. */
function ofRun(run: string): RawBuilder<unknown> {
  return sql`(v.run_pk = (select run_pk from run where run_id = ${run}::uuid) or v.foreign_run = ${run})`;
}

/**
 * What was made of that path, or of the logged model of that name. A run that the system executes has one result only, which
 * any path means.
 */
function ofPath(run: string, path: string): RawBuilder<unknown> {
  if (path === "") return sql`true`;
  const below = `/${run}/artifacts/${path}`;
  return sql`(v.source in ('', ${`runs:/${run}/${path}`}) or right(v.source, length(${below})) = ${below}
    or (select l.name from logged_model l where l.logged_model_pk = v.logged_model_pk) = ${path})`;
}

function semverCondition(uri: Extract<ModelUri, { kind: "semver" }>): RawBuilder<unknown> | undefined {
  const [major, minor, patch] = uri.semver.split(".").map(Number);
  const known = [major, minor, patch].every((part) => part !== undefined && part <= maxInt4);
  return known ? highest(uri, sql`(v.major, v.minor, v.patch) = (${major}, ${minor}, ${patch})`) : undefined;
}

function versionLived(at: Date | undefined): RawBuilder<unknown> {
  if (at === undefined) return sql`v.deleted_at is null`;
  return sql`v.created_at <= ${at} and (v.deleted_at is null or v.deleted_at > ${at})`;
}

function modelLived(at: Date | undefined): RawBuilder<unknown> {
  return at === undefined ? sql`m.deleted_at is null` : sql`(m.deleted_at is null or m.deleted_at > ${at})`;
}

function aliasAt(alias: string, at: Date | undefined): RawBuilder<unknown> {
  if (at === undefined) return sql`(select a.number from alias a where a.model_pk = m.model_pk and a.name = ${alias})`;
  return sql`(select a.to_number from alias_move a where a.model_pk = m.model_pk and a.alias = ${alias} and a.at <= ${at}
    order by a.revision desc limit 1)`;
}

function stageAt(at: Date | undefined): RawBuilder<unknown> {
  if (at === undefined) return sql`v.stage`;
  return sql`coalesce((select s.to_stage from stage_move s where s.version_pk = v.version_pk and s.at <= ${at}
    order by s.move_pk desc limit 1), 0)`;
}

const storedStages: Readonly<Record<StageName, number>> = { none: 0, staging: 1, production: 2, archived: 3 };

/** Says what exactly is missing. */
async function notFound(db: Db, parsed: ModelUri, uri: string): Promise<AppError> {
  if (parsed.kind === "run" || parsed.kind === "logged-model") return new AppError("NOTHING_RESOLVED", { uri });
  const model = parsed.name.written;
  const found = await db.selectFrom("model").select("model_pk").where("full_name", "=", parsed.name.full);
  const exists = await (parsed.at === undefined ? found.where("deleted_at", "is", null) : found).executeTakeFirst();
  if (exists === undefined) return new AppError("MODEL_NOT_FOUND", { model });
  if (parsed.at !== undefined) return new AppError("NOTHING_RESOLVED", { uri });
  switch (parsed.kind) {
    case "alias":
      return new AppError("ALIAS_NOT_FOUND", { model, alias: parsed.alias });
    case "number":
      return new AppError("VERSION_NOT_FOUND", { model, version: String(parsed.number) });
    case "semver":
      return new AppError("VERSION_NOT_FOUND", { model, version: parsed.semver });
    case "latest":
    case "stage":
    case "digest":
      return new AppError("NOTHING_RESOLVED", { uri });
    default:
      throw parsed satisfies never;
  }
}
