/**
 * Archives a version, takes it back, or deletes it; the rule is the function `retire_version` of `0009_version_source.sql`.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { isVersionNumber } from "@mintmark/names/int4";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { findModel } from "../models/find-model.ts";
import type { AboutVersion } from "./describe-version.ts";

interface Outcome {
  readonly outcome: "done" | "unchanged" | "no_version" | "in_use";
  readonly aliases: readonly string[] | null;
  readonly event: bigint | null;
}

/** A version that aliases point at is deleted only with them. */
export type Retirement = "archive" | "restore" | "delete" | "delete with aliases";

/**
 * @returns the number of the event; `undefined` if nothing changed
 * @throws AppError `MODEL_NOT_FOUND`, `VERSION_NOT_FOUND`, `ALIAS_IN_USE`
 */
export async function retireVersion(
  db: Db,
  { name, number, actor }: AboutVersion,
  how: Retirement,
): Promise<bigint | undefined> {
  const { model_pk } = await findModel(db, name);
  const archived = how === "archive" ? true : how === "restore" ? false : null;
  const removeAliases = how === "delete with aliases";
  const { rows } = isVersionNumber(number)
    ? await sql<Outcome>`select * from retire_version(${model_pk}, ${number}, ${archived}, ${removeAliases}, ${actor})`.execute(
        db,
      )
    : { rows: [] };
  const { outcome, aliases, event } = rows[0] ?? { outcome: "no_version", aliases: null, event: null };
  switch (outcome) {
    case "no_version":
      throw new AppError("VERSION_NOT_FOUND", { model: name.written, version: String(number) });
    case "in_use":
      throw new AppError("ALIAS_IN_USE", { model: name.written, version: number, aliases: aliases ?? [] });
    case "done":
    case "unchanged":
      return event ?? undefined;
    default:
      throw outcome satisfies never;
  }
}
