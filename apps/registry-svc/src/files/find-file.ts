/**
 * Finds the file of a path: one that was put there, or one of a version, at `registry/<model identity>/<number>/…`.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { isVersionNumber } from "@mintmark/names/int4";
import { type RawBuilder, sql } from "kysely";
import { prepared } from "../db/prepared.ts";
import type { Db } from "../db/schema.ts";
import { versionsFolder } from "./file-path.ts";

export interface FoundFile {
  /** 64 hex digits. */
  readonly blake3: string;
  readonly size: number;
  readonly changedAt: Date;
}

/** @throws AppError FILE_NOT_FOUND */
export async function findFile(db: Db, path: string): Promise<FoundFile> {
  const place = placeOf(path);
  const { rows } = await sql<{ blake3: Buffer; size: bigint; changed_at: Date }>`${prepared}
    select blake3, size, changed_at from ${place.files} file where path = ${place.path}`.execute(db);
  const row = rows[0];
  if (row === undefined) throw new AppError("FILE_NOT_FOUND", { path });
  return { blake3: row.blake3.toString("hex"), size: Number(row.size), changedAt: row.changed_at };
}

export interface Place {
  /** Rows of path, blake3, size, changed_at. */
  readonly files: RawBuilder<unknown>;
  /** The path within them. */
  readonly path: string;
}

/** Where what lies at and below `path` is kept. */
export function placeOf(path: string): Place {
  if (!isOfVersion(path)) return { files: stored, path };
  const [, model, number, inside] =
    /^registry\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/(\d{1,10})(?:\/(.*))?$/s.exec(path) ?? [];
  if (model === undefined || !isVersionNumber(Number(number))) return { files: none, path };
  return { files: ofVersion(model, Number(number)), path: inside ?? "" };
}

export function isOfVersion(path: string): boolean {
  return path === versionsFolder || path.startsWith(`${versionsFolder}/`);
}

const stored = sql`(select path, blake3, size, updated_at as changed_at from stored_file)`;
const none = sql`(select path, blake3, size, updated_at as changed_at from stored_file where false)`;

function ofVersion(model: string, number: number): RawBuilder<unknown> {
  return sql`
    (select m.path, m.blake3, m.size, v.created_at as changed_at
     from manifest_file m join version v using (version_pk) join model on model.model_pk = v.model_pk
     where model.id = ${model}::uuid and v.number = ${number} and v.deleted_at is null)`;
}
