/**
 * Whether something may be put under a path, or deleted there.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { artifactOwner } from "../experiments/artifact-location.ts";
import { foldersAbove, pathsBelow, versionsFolder } from "./file-path.ts";
import { isOfVersion } from "./find-file.ts";

/**
 * A file may be there if no folder above it is frozen, nothing of another kind is in its way, and what it belongs to is not
 * deleted. To be relied on under the lock of the path only.
 * @throws AppError FOLDER_FROZEN, FILE_IN_THE_WAY, FOLDER_IN_THE_WAY, RUN_DELETED, LOGGED_MODEL_NOT_FOUND
 */
export async function requireWritable(db: Db, path: string): Promise<void> {
  requireNotOfVersion(path);
  const above = foldersAbove(path);
  const [from, to] = pathsBelow(path);
  const { run, loggedModel } = artifactOwner(path);
  const { rows } = await sql<{
    frozen: string | null;
    file: string | null;
    is_folder: boolean;
    run_deleted: boolean;
    model_deleted: boolean;
  }>`
    select (select path from frozen_folder where path = any(${[...above, path]}) limit 1) as frozen,
           (select path from stored_file where path = any(${above}) limit 1) as file,
           exists (select from stored_file where path >= ${from} and path < ${to}) as is_folder,
           exists (select from run where run_id = ${run}::uuid and deleted_at is not null) as run_deleted,
           exists (select from logged_model where id = ${loggedModel}::uuid and deleted_at is not null) as model_deleted
    `.execute(db);
  const { frozen, file, is_folder, run_deleted, model_deleted } = rows[0]!;
  if (frozen !== null) throw new AppError("FOLDER_FROZEN", { path, folder: frozen });
  if (file !== null) throw new AppError("FILE_IN_THE_WAY", { path, file });
  if (is_folder) throw new AppError("FOLDER_IN_THE_WAY", { path });
  if (run_deleted) throw new AppError("RUN_DELETED", { run: run! });
  if (model_deleted) throw new AppError("LOGGED_MODEL_NOT_FOUND", { id: `m-${loggedModel}` });
}

/** @throws AppError FOLDER_FROZEN if anything at, above or below the path is frozen */
export async function requireDeletable(db: Db, path: string): Promise<void> {
  requireNotOfVersion(path);
  const [from, to] = pathsBelow(path);
  const { rows } = await sql<{ path: string }>`
    select path from frozen_folder
    where path = any(${[...foldersAbove(path), path]}) or path >= ${from} and path < ${to} limit 1`.execute(db);
  if (rows[0] !== undefined) throw new AppError("FOLDER_FROZEN", { path, folder: rows[0].path });
}

function requireNotOfVersion(path: string): void {
  if (isOfVersion(path)) throw new AppError("FOLDER_FROZEN", { path, folder: versionsFolder });
}
