/**
 * What a job and its check are asked with: a training file as JSON, and the snapshots that it reads.
 * @module
 */
import { isHexDigest } from "@mintmark/crypto/manifest";
import { AppError } from "@mintmark/errors";
import type { Snapshot } from "@mintmark/proto/mintmark/training/v1/job";
import { parseTrainingConfig, type TrainingConfig } from "@mintmark/training-file";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { invalid, requireSnapshotName, requireText } from "../fields.ts";
import type { StoredSnapshot } from "./find-job.ts";

const maxConfig = 1_000_000;

/** @throws AppError TRAINING_FILE_INVALID, REQUEST_INVALID */
export function readConfig(text: string): TrainingConfig {
  requireText("config_json", text, maxConfig);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new AppError("REQUEST_INVALID", { field: "config_json", problem: "is not JSON" }, { cause });
  }
  return parseTrainingConfig(document);
}

/** @throws AppError REQUEST_INVALID */
export function checkedSnapshot({ name, blake3, sha256, size }: Snapshot): StoredSnapshot {
  requireSnapshotName("snapshots.name", name, 1_000);
  for (const [field, digest] of Object.entries({ blake3, sha256 }))
    if (!isHexDigest(digest)) throw invalid(`snapshots.${field}`, "must be 64 lower-case hex digits");
  return { name, blake3, sha256, size: String(size) };
}

/** @throws AppError SNAPSHOT_NOT_UPLOADED */
export async function requireUploaded(db: Db, snapshots: readonly StoredSnapshot[]): Promise<void> {
  const { rows } = await sql<StoredSnapshot>`
    select given.name, given.blake3
    from jsonb_to_recordset(${JSON.stringify(snapshots)}::jsonb) as given (name text, blake3 text, sha256 text, size bigint)
    where not exists (
      select from blob b where b.blake3 = decode(given.blake3, 'hex')
        and b.sha256 = decode(given.sha256, 'hex') and b.size = given.size)
    limit 1`.execute(db);
  const missing = rows[0];
  if (missing !== undefined) throw new AppError("SNAPSHOT_NOT_UPLOADED", missing);
}
