/**
 * Puts what an attempt made among the artifacts of its run: blobs that were uploaded before, named by paths.
 * @module
 */
import { isHexDigest } from "@mintmark/crypto/manifest";
import { AppError } from "@mintmark/errors";
import { formatRunId } from "@mintmark/names/run-id";
import type { ArtifactFile } from "@mintmark/proto/mintmark/training/v1/attempt_service";
import { pathOfArtifactUri } from "@mintmark/registry-client";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { retryDeadlock } from "../db/sqlstate.ts";
import { runArtifactUri } from "../experiments/artifact-location.ts";
import { invalid } from "../fields.ts";
import { requireFilePath } from "../files/file-path.ts";
import { recordFile } from "../files/put-file.ts";
import { type Attempt, requireAttempt } from "./attempt.ts";

export interface PutArtifacts {
  readonly files: readonly Pick<ArtifactFile, "path" | "blake3">[];
  readonly actor: string;
}

const maxFiles = 1_000;

/**
 * @throws AppError ATTEMPT_LOST, ARTIFACTS_ELSEWHERE, ARTIFACT_NOT_UPLOADED, FILE_PATH_INVALID, REQUEST_INVALID, and those of
 * `requireWritable`; nothing is put then
 */
export async function putArtifacts(db: Db, attempt: Attempt, { files, actor }: PutArtifacts): Promise<void> {
  if (files.length > maxFiles) throw invalid("files", `has ${files.length}, at most ${maxFiles}`);
  // In one order everywhere, as each path is locked.
  const ordered = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  await retryDeadlock(() =>
    db.transaction().execute(async (tx) => {
      const folder = await holdFolder(tx, attempt);
      const blobs = await findBlobs(tx, files);
      for (const { path, blake3 } of ordered) {
        const blob = blobs.get(blake3);
        if (blob === undefined) throw new AppError("ARTIFACT_NOT_UPLOADED", { path, blake3 });
        await recordFile(tx, { path: requireFilePath(`${folder}/${path}`), actor }, { blake3, ...blob });
      }
    }),
  );
}

/** The folder of the run's artifacts, while no other attempt can begin. */
async function holdFolder(tx: Db, attempt: Attempt): Promise<string> {
  const { rows } = await sql<{ run_id: string; experiment_pk: number; artifact_location: string }>`
    select run_id, experiment_pk, artifact_location from run join experiment using (experiment_pk)
    where ${attempt.holds} for no key update of run`.execute(tx);
  const { run_id, experiment_pk, artifact_location } = requireAttempt(attempt, rows[0]);
  const uri = runArtifactUri(experiment_pk, artifact_location, formatRunId(run_id));
  const folder = pathOfArtifactUri(uri);
  if (folder === undefined) throw new AppError("ARTIFACTS_ELSEWHERE", { run: attempt.runId, uri });
  return folder;
}

async function findBlobs(tx: Db, files: PutArtifacts["files"]) {
  const digests = files.filter(({ blake3 }) => isHexDigest(blake3)).map(({ blake3 }) => Buffer.from(blake3, "hex"));
  const { rows } = await sql<{ blake3: Buffer; sha256: Buffer; size: bigint }>`
    select blake3, sha256, size from blob where blake3 = any(${digests}::bytea[])`.execute(tx);
  return new Map(
    rows.map(({ blake3, sha256, size }) => [
      blake3.toString("hex"),
      { sha256: sha256.toString("hex"), size: Number(size) },
    ]),
  );
}
