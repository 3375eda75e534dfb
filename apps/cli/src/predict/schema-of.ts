/**
 * How the rows of a model are read, by its own files.
 * @module
 */

import type { TableSchema } from "@mintmark/columns/column-schema";
import { digestsOf } from "@mintmark/crypto/digests";
import { AppError } from "@mintmark/errors";
import { readMlmodel } from "@mintmark/model-package/mlmodel";
import type { Session } from "../session.ts";

export interface AskedModel {
  /** Of the version itself: an alias may move while a long file is asked. */
  readonly uri: string;
  /** Undefined where the version's files are not here to be read: then the gateway has the last word on its rows. */
  readonly schema: TableSchema | undefined;
}

/** The version that the URI names now, and how its rows are read. */
export async function askedModel(session: Session, uri: string): Promise<AskedModel> {
  const { version } = await session.client.versions.getVersion({ uri }, { signal: session.signal });
  const own = `models:/${version!.model}/${version!.number}`;
  return { uri: own, schema: version!.digest === "" ? undefined : await schemaOf(session, own) };
}

async function schemaOf({ client, signal }: Session, uri: string): Promise<TableSchema | undefined> {
  const { files } = await client.versions.getVersionContent({ uri }, { signal });
  const file = files.find(({ path }) => path === "MLmodel");
  if (file === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const { chunk } of client.artifacts.downloadBlob({ blake3: file.blake3 }, { signal })) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (digestsOf(bytes).blake3 !== file.blake3) throw new AppError("PULLED_FILE_DIFFERS", { path: file.path });
  return readMlmodel(bytes).schema;
}
