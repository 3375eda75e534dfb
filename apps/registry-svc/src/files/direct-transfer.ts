/**
 * Files that go between a client and the bucket, past this server. An upload is a row from its beginning on, so that
 * completing it may be repeated, and it ends under the path for which it began.
 * @module
 */
import type { DirectTransfer, PartsUpload } from "@mintmark/blob-store";
import { AppError } from "@mintmark/errors";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { retryDeadlock } from "../db/sqlstate.ts";
import { invalid } from "../fields.ts";
import type { ServiceDeps } from "../service-deps.ts";
import { findFile } from "./find-file.ts";
import { type PutFile, recordFile } from "./put-file.ts";
import { requireWritable } from "./writable.ts";

/** The limit of S3. */
const maxParts = 10_000;

type Deps = Pick<ServiceDeps, "db" | "blobs">;

export interface BegunUpload {
  readonly id: string;
  /** Where to PUT each part, in order. */
  readonly urls: readonly string[];
}

/** @throws AppError DIRECT_TRANSFER_UNAVAILABLE, REQUEST_INVALID, and as `requireWritable` does */
export async function beginUpload(deps: Deps, { path, actor }: PutFile, parts: number): Promise<BegunUpload> {
  const direct = requireDirect(deps, "upload");
  if (parts < 1 || parts > maxParts) throw invalid("parts", `must be 1 to ${maxParts}, got ${parts}`);
  await requireWritable(deps.db, path);
  const name = crypto.randomUUID();
  const id = await direct.begin(name);
  await deps.db.insertInto("file_upload").values({ id: name, path, store_id: id, created_by: actor }).execute();
  return { id: name, urls: await direct.partUrls({ name, id }, parts) };
}

/** @throws AppError DIRECT_TRANSFER_UNAVAILABLE, UPLOAD_NOT_FOUND, UPLOAD_PARTS_REFUSED, and as `requireWritable` does */
export async function completeUpload(
  deps: Deps,
  put: PutFile,
  name: string,
  parts: readonly { readonly number: number; readonly etag: string }[],
): Promise<void> {
  const direct = requireDirect(deps, "upload");
  const { upload, isComplete } = await findUpload(deps.db, put.path, name);
  if (isComplete) return;
  await requireWritable(deps.db, put.path);
  const digests = await direct.complete(upload, parts);
  await retryDeadlock(() =>
    deps.db.transaction().execute(async (tx) => {
      await recordFile(tx, put, digests);
      await sql`update file_upload set completed_at = clock_timestamp() where id = ${name}`.execute(tx);
    }),
  );
  await direct.discard(upload);
}

/** One that is over, or was never there, needs no giving up. */
export async function abortUpload(deps: Deps, path: string, name: string): Promise<void> {
  const direct = requireDirect(deps, "upload");
  const found = await findUpload(deps.db, path, name).catch((error: unknown) => {
    if (error instanceof AppError && error.reason === "UPLOAD_NOT_FOUND") return undefined;
    throw error;
  });
  if (found === undefined || found.isComplete) return;
  await direct.discard(found.upload);
  await sql`delete from file_upload where id = ${name} and completed_at is null`.execute(deps.db);
}

/** @throws AppError DIRECT_TRANSFER_UNAVAILABLE, FILE_NOT_FOUND */
export async function downloadUrl(deps: Deps, path: string): Promise<{ readonly url: string; readonly size: number }> {
  const direct = requireDirect(deps, "download");
  const { blake3, size } = await findFile(deps.db, path);
  return { url: await direct.downloadUrl(blake3), size };
}

function requireDirect({ blobs }: Pick<Deps, "blobs">, direction: "upload" | "download"): DirectTransfer {
  if (blobs.direct === undefined) throw new AppError("DIRECT_TRANSFER_UNAVAILABLE", { direction });
  return blobs.direct;
}

async function findUpload(
  db: Db,
  path: string,
  name: string,
): Promise<{ readonly upload: PartsUpload; readonly isComplete: boolean }> {
  const isName = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name);
  const row = isName
    ? await db
        .selectFrom("file_upload")
        .select(["store_id", "completed_at"])
        .where("id", "=", name)
        .where("path", "=", path)
        .executeTakeFirst()
    : undefined;
  if (row === undefined) throw new AppError("UPLOAD_NOT_FOUND", { id: name, path });
  return { upload: { name, id: row.store_id }, isComplete: row.completed_at !== null };
}
