/**
 * How the rows of a model are read, by its own files.
 * @module
 */

import type { TableSchema } from "@mintmark/columns/column-schema";
import { digestsOf } from "@mintmark/crypto/digests";
import { AppError } from "@mintmark/errors";
import { readMlmodel } from "@mintmark/model-package/mlmodel";
import type { Session } from "../session.ts";

/** Undefined where the version's files are not here to be read: then the gateway has the last word on its rows. */
export async function schemaOf({ client, signal }: Session, uri: string): Promise<TableSchema | undefined> {
  const name = uri.startsWith("models:/") || /^(runs:\/|m-)/.test(uri) ? uri : `models:/${uri}`;
  const { version } = await client.versions.getVersion({ uri: name }, { signal });
  if (version!.digest === "") return undefined;
  const { files } = await client.versions.getVersionContent({ uri: name }, { signal });
  const file = files.find(({ path }) => path === "MLmodel");
  if (file === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const { chunk } of client.artifacts.downloadBlob({ blake3: file.blake3 }, { signal })) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (digestsOf(bytes).blake3 !== file.blake3) throw new AppError("PULLED_FILE_DIFFERS", { path: file.path });
  return readMlmodel(bytes).schema;
}
