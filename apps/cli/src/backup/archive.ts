/**
 * What is in a backup, in this order: `backup.json` (which schema, which tables), `database/TABLE.copy`, `blobs/…`,
 * `keys/…`, `admin.token`, and `checksums.json`, by which a damaged or shortened archive is known.
 * @module
 */
import type { Migration, Sequence, TableColumns } from "./database.ts";

export const backupFormat = 1;

/** `backup.json`. */
export interface BackupDescription {
  readonly format: typeof backupFormat;
  readonly created_at: string;
  readonly mintmark: string;
  readonly migrations: readonly Migration[];
  readonly tables: readonly TableColumns[];
  readonly sequences: readonly Sequence[];
}

/** `checksums.json`: SHA-256 of every entry before it. */
export type Checksums = Readonly<Record<string, string>>;

export const descriptionName = "backup.json";
export const checksumsName = "checksums.json";
/** Folders and files of the data directory that a backup holds as they are. */
export const keptFolders = ["blobs", "keys"] as const;
export const adminTokenName = "admin.token";
/** Uploads under way: their clients begin again. */
export const partialUploads = "blobs/partial";

export function tableEntry(table: string): string {
  return `database/${table}.copy`;
}
