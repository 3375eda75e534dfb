/**
 * Reading versions.
 * @module
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { AppError } from "@mintmark/errors";
import { isVersionNumber } from "@mintmark/names/int4";
import type { ModelName } from "@mintmark/names/model-name";
import { Stage, type VersionSchema, VersionStatus } from "@mintmark/proto/mintmark/registry/v1/version";
import { type RawBuilder, sql } from "kysely";
import { prepared } from "../db/prepared.ts";
import type { Db } from "../db/schema.ts";
import type { Placed } from "../page-rows.ts";

export interface VersionRow extends Placed {
  readonly version_pk: bigint;
  readonly model_pk: bigint;
  readonly model_id: string;
  readonly shown_name: string;
  readonly number: number;
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Null where the bytes are elsewhere. */
  readonly digest: Uint8Array | null;
  readonly size_bytes: bigint;
  /** A UUID, or the id of a run that is not here. */
  readonly run_id: string | null;
  readonly model_type: string;
  readonly signed_by: readonly string[];
  readonly created_by: string;
  readonly created_at: Date;
  readonly description: string;
  readonly stage: number;
  readonly archived: boolean;
  readonly updated_at: Date;
  readonly source: string;
  readonly location: string;
  readonly run_link: string;
  /** A UUID. */
  readonly logged_model_id: string | null;
  readonly aliases: readonly string[];
  readonly tags: Readonly<Record<string, string>> | null;
  /** The first of them. */
  readonly pickled_files: readonly string[];
  /** The last event that was committed when this was read. */
  readonly event: bigint;
}

/** As the index of `0021_pickled_file.sql` has it: in the text of the statement, so that the index is found. */
const pickled = sql.lit(
  "(\\.(pkl|pickle|joblib|dill|cloudpickle|pt|pth|ckpt)|(^|/)(pytorch_model[^/]*|adapter_model|training_args|optimizer|scheduler)\\.bin)$",
);

/** @throws AppError `VERSION_NOT_FOUND` */
export async function findVersion(db: Db, name: ModelName, number: number): Promise<VersionRow> {
  const versions = sql`${prepared} select v.*, 1::int8 as place from version v join model m using (model_pk)
    where m.full_name = ${name.full} and m.deleted_at is null and v.number = ${number} and v.deleted_at is null`;
  const [row] = isVersionNumber(number) ? await selectVersions(db, versions) : [];
  if (row === undefined) throw new AppError("VERSION_NOT_FOUND", { model: name.written, version: String(number) });
  return row;
}

/**
 * In the order of their `place`.
 * @param versions a query of whole rows of `version` with their `place`, so that a page is cut before anything is looked up for its rows
 */
export async function selectVersions(db: Db, versions: RawBuilder<unknown>): Promise<readonly VersionRow[]> {
  const { rows } = await sql<VersionRow>`
    select v.place, v.version_pk, v.model_pk, m.id as model_id, m.shown_name, v.number, v.major, v.minor, v.patch, v.digest,
      v.size_bytes, coalesce(r.run_id::text, v.foreign_run) as run_id, v.model_type, v.signed_by, v.created_by, v.created_at,
      v.description, v.stage, v.archived, v.updated_at, v.source, v.location, v.run_link, l.id as logged_model_id,
      array(select a.name from alias a where a.model_pk = v.model_pk and a.number = v.number order by a.name) as aliases,
      (select jsonb_object_agg(k.name, t.value) from version_tag t join key_name k using (key_id)
        where t.version_pk = v.version_pk) as tags,
      array(select f.path from manifest_file f where f.version_pk = v.version_pk and lower(f.path) ~ ${pickled}
        order by f.path limit 20) as pickled_files,
      (select number from event_head) as event
    from (${versions}) v
    join model m using (model_pk) left join run r using (run_pk) left join logged_model l using (logged_model_pk)
    order by v.place`.execute(db);
  return rows;
}

export function versionMessage(row: VersionRow): MessageInitShape<typeof VersionSchema> {
  return {
    model: row.shown_name,
    modelId: row.model_id,
    number: row.number,
    semver: semverOf(row),
    digest: digestOf(row) ?? "",
    runId: row.run_id === null ? "" : shortId(row.run_id),
    aliases: [...row.aliases],
    stage: stages[row.stage] ?? Stage.UNSPECIFIED,
    status: row.archived ? VersionStatus.ARCHIVED : VersionStatus.READY,
    description: row.description,
    tags: row.tags ?? {},
    pickledFiles: [...row.pickled_files],
    sizeBytes: row.size_bytes,
    createdBy: row.created_by,
    createTime: timestampFromDate(row.created_at),
    updateTime: timestampFromDate(row.updated_at),
    signedBy: [...row.signed_by],
    modelType: row.model_type,
    source: row.source,
    downloadUri: downloadUriOf(row),
    runLink: row.run_link,
    loggedModelId: row.logged_model_id === null ? "" : `m-${shortId(row.logged_model_id)}`,
  };
}

/** `blake3:<hex>`; `undefined` where the bytes are elsewhere. */
export function digestOf({ digest }: Pick<VersionRow, "digest">): string | undefined {
  return digest === null ? undefined : `blake3:${Buffer.from(digest).toString("hex")}`;
}

/** Where a client of MLflow fetches the files from. */
export function downloadUriOf(row: Pick<VersionRow, "location" | "digest" | "model_id" | "number" | "source">): string {
  if (row.location !== "") return row.location;
  return row.digest === null ? row.source : `mlflow-artifacts:/registry/${row.model_id}/${row.number}`;
}

export function semverOf({ major, minor, patch }: Pick<VersionRow, "major" | "minor" | "patch">): string {
  return `${major}.${minor}.${patch}`;
}

/** The 32 hex digits of a UUID; anything else, such as the id of a run that is not here, stays as it is. */
function shortId(id: string): string {
  return uuid.test(id) ? id.replaceAll("-", "") : id;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Stages as they are stored, by number. */
export const stages: readonly Stage[] = [Stage.NONE, Stage.STAGING, Stage.PRODUCTION, Stage.ARCHIVED];
