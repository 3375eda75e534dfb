/**
 * Reads the manifest of a version and the documents that belong to it.
 * @module
 */
import { type ManifestFile, sortByPath } from "@mintmark/crypto/manifest";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";

export interface VersionContent {
  readonly files: readonly ManifestFile[];
  readonly documents: readonly { readonly name: string; readonly content: Uint8Array }[];
}

export async function readContent(db: Db, version_pk: bigint): Promise<VersionContent> {
  const files = await sql<{ path: string; size: bigint; blake3: Buffer; sha256: Buffer }>`
    select path, size, blake3, sha256 from manifest_file where version_pk = ${version_pk}`.execute(db);
  const documents = await db
    .selectFrom("version_document")
    .select(["name", "content"])
    .where("version_pk", "=", version_pk)
    .orderBy("name")
    .execute();
  const manifest = files.rows.map(({ path, size, blake3, sha256 }) => ({
    path,
    size: Number(size),
    blake3: blake3.toString("hex"),
    sha256: sha256.toString("hex"),
  }));
  return { files: sortByPath(manifest), documents };
}
