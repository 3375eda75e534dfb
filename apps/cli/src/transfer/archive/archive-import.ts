/**
 * What every part of an import from an archive works with.
 * @module
 */
import type { Archive } from "@mintmark/proto/mintmark/transfer/v1/archive";
import { type LocalBlob, putFile, statFile } from "@mintmark/registry-client";
import type { Session } from "../../session.ts";
import type { Report } from "../report.ts";

export const nouns = ["experiments", "runs", "logged_models", "models", "versions"] as const;

export interface ArchiveImport {
  readonly session: Session;
  readonly archive: Archive;
  readonly blobs: ReadonlyMap<string, LocalBlob>;
  /** The name here of each model in the archive. */
  readonly names: ReadonlyMap<string, string>;
  /** Which archive it is. */
  readonly source: string;
  readonly report: Report<(typeof nouns)[number]>;
}

/** On models: which archive they came from, so that an import that ended early can go on. */
export const originTag = "mintmark.import.source";

/** Puts bytes of the archive under a path, unless the same are there. */
export async function putBlob({ session, blobs }: ArchiveImport, path: string, blake3: string): Promise<void> {
  const { bulk } = session.client;
  if (bulk === undefined) throw new Error("an import needs a registry that is reached by HTTP");
  if ((await statFile(bulk, path, session.signal))?.blake3 === blake3) return;
  const blob = blobs.get(blake3)!;
  await putFile(bulk, { path, size: blob.size, body: blob.open(0), signal: session.signal });
}
