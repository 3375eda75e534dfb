/**
 * Puts bytes into the store and then, when they are safe there and both digests are known from them, a row into the database.
 * @module
 */

import type { BlobDescription, KnownBlob } from "@mintmark/blob-store";
import { isHexDigest } from "@mintmark/crypto/manifest";
import { AppError } from "@mintmark/errors";
import { sql } from "kysely";
import { prepared } from "../db/prepared.ts";
import type { Db } from "../db/schema.ts";
import { invalid } from "../fields.ts";
import type { ServiceDeps } from "../service-deps.ts";

/** @throws AppError as the store's `write` does */
export async function storeBlob(
  { db, blobs }: Pick<ServiceDeps, "db" | "blobs">,
  description: BlobDescription,
  source: AsyncIterable<Uint8Array>,
  offset: number,
): Promise<BlobDescription> {
  const stored = await blobs.write(description, source, offset);
  await sql`
    insert into blob (blake3, sha256, size)
    values (${Buffer.from(stored.blake3, "hex")}, ${Buffer.from(stored.sha256, "hex")}, ${stored.size})
    on conflict do nothing`.execute(db);
  return stored;
}

/**
 * What the registry recorded of a blob when its bytes arrived.
 * @throws AppError BLOB_NOT_FOUND
 */
export async function findBlob(db: Db, blake3: string): Promise<KnownBlob> {
  const { rows } = await sql<{ size: bigint }>`${prepared}
    select size from blob where blake3 = ${Buffer.from(blake3, "hex")}`.execute(db);
  if (rows[0] === undefined) throw new AppError("BLOB_NOT_FOUND", { blake3 });
  return { blake3, size: Number(rows[0].size) };
}

/** Those whose row is there, and as many bytes as it says: what was cut off can be uploaded again. */
export async function findStored(
  { db, blobs }: Pick<ServiceDeps, "db" | "blobs">,
  digests: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ blake3: Buffer; size: bigint }>`
    select blake3, size from blob where blake3 = any(${digests.map((hex) => Buffer.from(hex, "hex"))}::bytea[])`.execute(
    db,
  );
  return blobs.has(rows.map(({ blake3, size }) => ({ blake3: blake3.toString("hex"), size: Number(size) })));
}

/** @throws AppError `REQUEST_INVALID` */
export function requireDigest(field: string, hex: string): string {
  if (!isHexDigest(hex)) throw invalid(field, `must be 64 lower-case hex digits, got '${hex}'`);
  return hex;
}

/** @throws AppError `REQUEST_INVALID` for what no file can have */
export function requireSize(field: string, size: bigint): number {
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw invalid(field, `is too large: ${size}`);
  return Number(size);
}
