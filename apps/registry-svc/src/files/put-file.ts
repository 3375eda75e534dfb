/**
 * Puts a file under a path: the bytes first, then, when they are safe, the row that names them.
 * @module
 */
import type { Digests } from "@mintmark/crypto/digests";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { retryDeadlock } from "../db/sqlstate.ts";
import type { ServiceDeps } from "../service-deps.ts";
import { lockPath } from "./path-lock.ts";
import { requireWritable } from "./writable.ts";

export interface PutFile {
  readonly path: string;
  readonly actor: string;
}

/** @throws AppError as {@link requireWritable} and the store's `store` do; nothing is kept then */
export async function putFile(
  { db, blobs }: Pick<ServiceDeps, "db" | "blobs">,
  put: PutFile,
  source: AsyncIterable<Uint8Array>,
): Promise<Digests> {
  // What will be refused need not be sent first.
  await requireWritable(db, put.path);
  const digests = await blobs.store(source);
  await retryDeadlock(() => db.transaction().execute((tx) => recordFile(tx, put, digests)));
  return digests;
}

/** Names bytes that the store holds; a file that was there before is replaced. */
export async function recordFile(tx: Db, { path, actor }: PutFile, { blake3, sha256, size }: Digests): Promise<void> {
  await lockPath(tx, path);
  await requireWritable(tx, path);
  const digest = Buffer.from(blake3, "hex");
  await sql`
    with kept as (
      insert into blob (blake3, sha256, size) values (${digest}, ${Buffer.from(sha256, "hex")}, ${size})
      on conflict do nothing
    )
    insert into stored_file (path, blake3, size, updated_by) values (${path}, ${digest}, ${size}, ${actor})
    on conflict (path) do update
    set blake3 = excluded.blake3, size = excluded.size, updated_by = excluded.updated_by,
        updated_at = clock_timestamp()`.execute(tx);
}
