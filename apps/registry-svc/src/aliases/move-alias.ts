/**
 * Points an alias at a version, or removes it, if everything that the caller expects holds; the rule is the function
 * `move_alias` of `0003_model.sql`.
 * @module
 */
import { AppError } from "@mintmark/errors";
import type { AliasName } from "@mintmark/names/alias-name";
import { isVersionNumber } from "@mintmark/names/int4";
import type { ModelName } from "@mintmark/names/model-name";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { findModel } from "../models/find-model.ts";

export interface MoveAlias {
  readonly name: ModelName;
  readonly alias: AliasName;
  /** The version to point at; `undefined` removes the alias. */
  readonly number: number | undefined;
  /** The revision that the caller last saw, 0 for "must not exist"; not compared if absent. */
  readonly expectedRevision: number | undefined;
  /** The version that the alias should point at now, 0 for none; not compared if absent. */
  readonly expectedVersion: number | undefined;
  readonly actor: string;
  readonly reason: string;
}

export interface MovedAlias {
  readonly model: string;
  readonly revision: number;
  readonly number: number | null;
  readonly updated_at: Date;
  /** `undefined` if the alias pointed there already. */
  readonly event: bigint | undefined;
}

interface Outcome {
  readonly outcome: "moved" | "unchanged" | "gone" | "no_version" | "archived" | "no_alias" | "conflict";
  readonly revision: number | null;
  readonly number: number | null;
  readonly updated_at: Date | null;
  readonly event: bigint | null;
}

/**
 * Repeating a call that took effect changes nothing, also with what it expected then.
 * @throws AppError `MODEL_NOT_FOUND`, `VERSION_NOT_FOUND`, `VERSION_ARCHIVED`, `ALIAS_NOT_FOUND`, `ALIAS_MOVED`
 */
export async function moveAlias(db: Db, request: MoveAlias): Promise<MovedAlias> {
  const { name, alias, number, expectedRevision, expectedVersion, actor, reason } = request;
  if (number !== undefined && !isVersionNumber(number)) throw versionNotFound(request);
  const { model_pk, shown_name } = await findModel(db, name);
  const { rows } = await sql<Outcome>`
    select * from move_alias(${model_pk}, ${alias}, ${number ?? null}::int, ${expectedRevision ?? null}::bigint,
      ${expectedVersion ?? null}::bigint, ${actor}, ${reason})`.execute(db);
  const [result] = rows;
  if (result === undefined) throw new Error("move_alias gave no row");
  switch (result.outcome) {
    case "moved":
    case "unchanged":
      return {
        model: shown_name,
        revision: result.revision ?? 0,
        number: result.number,
        updated_at: result.updated_at ?? new Date(0),
        event: result.event ?? undefined,
      };
    case "gone":
      throw new AppError("MODEL_NOT_FOUND", { model: name.written });
    case "no_version":
      throw versionNotFound(request);
    case "archived":
      throw new AppError("VERSION_ARCHIVED", { model: name.written, version: number ?? 0 });
    case "no_alias":
      throw new AppError("ALIAS_NOT_FOUND", { model: name.written, alias });
    case "conflict":
      throw new AppError("ALIAS_MOVED", {
        alias,
        expected: position(expectedRevision, expectedVersion),
        actual: position(result.revision ?? 0, result.number ?? 0),
      });
    default:
      throw result.outcome satisfies never;
  }
}

function versionNotFound({ name, number }: MoveAlias): AppError {
  return new AppError("VERSION_NOT_FOUND", { model: name.written, version: String(number) });
}

function position(revision: number | undefined, version: number | undefined): string {
  const parts = [
    ...(revision === undefined ? [] : [`revision ${revision}`]),
    ...(version === undefined ? [] : [version === 0 ? "no version" : `version ${version}`]),
  ];
  return parts.join(", ");
}
