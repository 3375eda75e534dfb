/**
 * Puts bytes into the store and then, when they are safe there and both digests are known from them, a row into the database.
 * @module
 */

import type { BlobDescription } from "@mintmark/blob-store";
import { isHexDigest } from "@mintmark/crypto/manifest";
import { sql } from "kysely";
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

/** Those whose bytes and row are both there. */
export async function findStored(
  { db, blobs }: Pick<ServiceDeps, "db" | "blobs">,
  digests: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ blake3: Buffer }>`
    select blake3 from blob where blake3 = any(${digests.map((hex) => Buffer.from(hex, "hex"))}::bytea[])`.execute(db);
  return blobs.has(rows.map(({ blake3 }) => blake3.toString("hex")));
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
