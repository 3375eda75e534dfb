/**
 * Writes models into one file, streaming: what it names is read from the registry as it goes, and checked by digest.
 * @module
 */
import { once } from "node:events";
import { createWriteStream, existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { type JsonValue, toJson } from "@bufbuild/protobuf";
import { collectDigests } from "@mintmark/crypto/digests";
import { sha256Hex } from "@mintmark/crypto/sha256";
import { AppError } from "@mintmark/errors";
import { type Archive, ArchiveSchema } from "@mintmark/proto/mintmark/transfer/v1/archive";
import { downloadBlob, getFile, type RegistryClient } from "@mintmark/registry-client";
import type { Answer } from "../../answer.ts";
import { header, padding, trailer } from "../../backup/tar.ts";
import { notWritable } from "../../file-failure.ts";
import type { Session } from "../../session.ts";
import { transferProgress } from "../../transfer-progress.ts";
import { type BlobOrigin, type Collected, collect } from "./collect.ts";
import { blobName, catalogName, checksumName, checksumText, compressionOf, maxCatalogBytes } from "./format.ts";

/** @throws AppError EXPORT_TARGET_EXISTS, EXPORT_TOO_LARGE, FILE_NOT_WRITABLE, OPTION_INVALID; nothing is left at `out` then */
export async function exportArchive(session: Session, names: readonly string[], out: string): Promise<Answer> {
  const path = resolve(session.cwd, out);
  const compression = compressionOf(path, "--out");
  if (existsSync(path)) throw new AppError("EXPORT_TARGET_EXISTS", { path });
  session.progress.step("reading models");
  const collected = await collect(session.client, session.server, names);
  const catalog = catalogOf(collected.archive);
  const unfinished = `${path}.unfinished`;
  try {
    const file = createWriteStream(unfinished, { mode: 0o600 });
    const sink = compression?.compress() ?? file;
    if (sink !== file) sink.pipe(file);
    const written = finished(file);
    await Promise.race([
      write(session, catalog, collected.origins, sink),
      failureOf(written),
      failureOf(finished(sink)),
    ]);
    sink.end();
    await written;
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === "open" || code === "ENOSPC") throw notWritable(path, error);
    throw error;
  }
  return answerOf(path, collected);
}

/** `archive.json`. @throws AppError EXPORT_TOO_LARGE if no import would take it */
export function catalogOf(archive: Archive, maxBytes = maxCatalogBytes): Buffer {
  const json = toJson(ArchiveSchema, archive);
  // Before it is written: it may be longer than a string can be.
  if (textBytes(json, 1) > maxBytes)
    throw new AppError("EXPORT_TOO_LARGE", { models: archive.models.length, maxBytes });
  return Buffer.from(JSON.stringify(json, null, 1));
}

/** Of the text with an indentation of one space a level, `indent` spaces being those of what this holds. */
function textBytes(json: JsonValue, indent: number): number {
  if (typeof json !== "object" || json === null) return Buffer.byteLength(JSON.stringify(json));
  const parts = Array.isArray(json)
    ? json.map((value) => textBytes(value, indent + 1))
    : Object.entries(json).map(([key, value]) => textBytes(key, 0) + 2 + textBytes(value, indent + 1));
  // Each on a line, with a comma or, after the last, the line of the closing bracket.
  return parts.reduce((sum, bytes) => sum + bytes + indent + 2, 2) + (parts.length > 0 ? indent - 1 : 0);
}

async function write(
  { client, progress, signal }: Session,
  catalog: Buffer,
  origins: Collected["origins"],
  sink: Writable,
): Promise<void> {
  await add(sink, catalogName, catalog);
  const total = [...origins.values()].reduce((bytes, { size }) => bytes + size, 0);
  const report = transferProgress(progress, "export");
  let done = 0;
  for (const [blake3, origin] of origins) {
    await put(sink, header({ name: blobName(blake3), size: origin.size }));
    await readBlob(client, { blake3, origin, signal }, async (chunk) => {
      await put(sink, chunk);
      done += chunk.length;
      report({ done, total });
    });
    await put(sink, padding(origin.size));
  }
  await add(sink, checksumName, Buffer.from(checksumText(sha256Hex(catalog))));
  await put(sink, trailer);
}

interface Wanted {
  readonly blake3: string;
  readonly origin: BlobOrigin;
  readonly signal: AbortSignal;
}

/** @throws AppError VERIFICATION_FAILED if the registry sends other bytes */
async function readBlob(
  client: RegistryClient,
  { blake3, origin, signal }: Wanted,
  onChunk: (chunk: Uint8Array) => Promise<void>,
): Promise<void> {
  if (origin.kind === "bytes") return onChunk(origin.bytes);
  if (origin.kind === "blob") return downloadBlob(client, { blake3, ...origin }, { onChunk, signal });
  const digests = collectDigests();
  for await (const chunk of getFile(client.bulk!, origin.path, signal)) {
    digests.update(chunk);
    await onChunk(chunk);
  }
  const actual = digests.finish();
  if (actual.blake3 === blake3) return;
  const failures = [{ name: "download", detail: `has BLAKE3 ${actual.blake3}` }];
  throw new AppError("VERIFICATION_FAILED", { what: `file '${origin.path}'`, failures });
}

async function add(sink: Writable, name: string, content: Buffer): Promise<void> {
  await put(sink, header({ name, size: content.length }));
  await put(sink, content);
  await put(sink, padding(content.length));
}

async function put(sink: Writable, chunk: Uint8Array): Promise<void> {
  if (!sink.write(chunk)) await once(sink, "drain");
}

/** Fails when it fails, and otherwise never ends. */
function failureOf(work: Promise<void>): Promise<never> {
  return new Promise((_, reject) => void work.catch(reject));
}

function answerOf(path: string, { archive, origins }: Collected): Answer {
  const versions = archive.models.flatMap((model) => model.versions);
  const bytes = [...origins.values()].reduce((sum, { size }) => sum + size, 0);
  const counts = {
    models: archive.models.length,
    versions: versions.length,
    runs: archive.runs.length,
    blobs: origins.size,
    bytes,
  };
  const text = Object.entries(counts).map(([noun, count]) => `${count} ${noun}`);
  return { text: `${path}: ${text.join(", ")}`, json: { file: path, ...counts } };
}
