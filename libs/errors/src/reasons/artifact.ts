import { define } from "../define.ts";

/** Failures of artifacts, blobs and trust. */
export const artifactReasons = {
  BLOB_NOT_FOUND: define("not_found", (d: { blake3: string }) => `blob ${d.blake3} is not in the store`),
  BLOB_DIGEST_MISMATCH: define(
    "data_loss",
    (d: { what: string; expected: string; actual: string }) =>
      `the uploaded bytes have ${d.what} ${d.actual}, stated was ${d.expected}; they were discarded`,
  ),
  BLOB_TRUNCATED: define(
    "aborted",
    (d: { blake3: string; received: number; size: number }) =>
      `the upload of blob ${d.blake3} ended after ${d.received} of ${d.size} bytes, which are kept; go on from there`,
  ),
  BLOB_OFFSET_WRONG: define(
    "aborted",
    (d: { blake3: string; offset: number; received: number }) =>
      `an upload of blob ${d.blake3} may go on at byte ${d.received} or begin at 0, not at ${d.offset}`,
  ),
  BLOB_RANGE_INVALID: define(
    "invalid_argument",
    (d: { blake3: string; offset: number; length: number; size: number }) =>
      `bytes ${d.offset} to ${d.offset + d.length} are not within blob ${d.blake3} of ${d.size} bytes`,
  ),
  BLOB_CORRUPT: define(
    "data_loss",
    (d: { blake3: string; problem: string }) =>
      `the stored bytes of blob ${d.blake3} now ${d.problem}; restore them from a backup or upload them again`,
  ),
  SCRUB_RUNNING: define(
    "resource_exhausted",
    (_: Record<string, never>) =>
      "this registry is reading all blobs for somebody else; one at a time, so wait until that has ended",
  ),
  BLOB_STORE_FULL: define("resource_exhausted", (d: { blake3?: string; size: number }) =>
    d.blake3 === undefined
      ? `no space is left for more than ${d.size} bytes of an upload`
      : `no space is left for blob ${d.blake3} of ${d.size} bytes`,
  ),
  UPLOAD_PARTS_REFUSED: define(
    "invalid_argument",
    (d: { problem: string }) => `the bucket does not make one file of these parts: ${d.problem}`,
  ),
  BLOB_STORE_INVALID: define(
    "invalid_argument",
    (d: { uri: string; problem: string }) =>
      `artifact store '${d.uri}' ${d.problem}; give file:///dir or s3://bucket/prefix (MINTMARK_ARTIFACT_STORE)`,
  ),
  FILE_PATH_INVALID: define(
    "invalid_argument",
    (d: { path: string; problem: string }) => `the path ${JSON.stringify(d.path)} ${d.problem}`,
  ),
  FILE_NOT_FOUND: define("not_found", (d: { path: string }) => `there is no file '${d.path}'`),
  DATA_LINK_INVALID: define(
    "permission_denied",
    (_: Record<string, never>) =>
      "this is not a link to data as the registry made it; read the run again for a link that holds",
  ),
  DATA_LINK_EXPIRED: define(
    "permission_denied",
    (d: { at: string }) => `this link to data held until ${d.at}; read the run again for one that holds`,
  ),
  FILE_IN_THE_WAY: define(
    "failed_precondition",
    (d: { path: string; file: string }) => `'${d.path}' cannot be a file: '${d.file}' is one`,
  ),
  FOLDER_IN_THE_WAY: define("failed_precondition", (d: { path: string }) => `'${d.path}' is a folder`),
  FOLDER_FROZEN: define(
    "failed_precondition",
    (d: { path: string; folder: string }) =>
      `'${d.path}' cannot change: a registered version is made of what '${d.folder}' holds; write to another folder`,
  ),
  UPLOAD_NOT_FOUND: define(
    "not_found",
    (d: { id: string; path: string }) => `there is no upload '${d.id}' of '${d.path}'`,
  ),
  DIRECT_TRANSFER_UNAVAILABLE: define(
    "failed_precondition",
    (d: { direction: "upload" | "download" }) =>
      `a direct ${d.direction} is not possible: the artifact store is no bucket; send the bytes through this server`,
  ),
  ARTIFACT_PATH_INVALID: define(
    "invalid_argument",
    (d: { path: string; problem: string }) => `the path ${JSON.stringify(d.path)} ${d.problem}`,
  ),
  ARTIFACT_ENTRY_REFUSED: define(
    "invalid_argument",
    (d: { path: string; type: string }) =>
      `'${d.path}' is a ${d.type}; an artifact holds only files and folders: put a copy in its place`,
  ),
  ARTIFACT_EMPTY: define("invalid_argument", (d: { directory: string }) => `'${d.directory}' holds no file`),
  ARTIFACT_CHANGED: define(
    "aborted",
    (d: { path: string }) => `'${d.path}' changed while it was being read; try again when nobody writes to it`,
  ),
  ARTIFACT_TOO_LARGE: define(
    "invalid_argument",
    (d: { directory: string; files: number }) => `'${d.directory}' holds more than ${d.files} files`,
  ),
  DIRECTORY_NOT_FOUND: define("not_found", (d: { path: string }) => `'${d.path}' is not a directory`),
  OUT_NOT_EMPTY: define(
    "failed_precondition",
    (d: { path: string }) => `'${d.path}' is there and not empty; name a directory that is not`,
  ),
  VERIFICATION_FAILED: define(
    "failed_precondition",
    (d: { what: string; failures: readonly { name: string; detail: string }[] }) =>
      `${d.what} was refused: ${d.failures.map(({ name, detail }) => `${name} ${detail}`).join("; ")}`,
  ),
  KEY_FILE_EXPOSED: define(
    "failed_precondition",
    (d: { path: string; mode: string }) =>
      `the private key '${d.path}' can be read by others (mode ${d.mode}); run: chmod 600 '${d.path}'`,
  ),
  KEY_FILE_INVALID: define(
    "invalid_argument",
    (d: { path: string; problem: string }) => `the key file '${d.path}' is not usable: ${d.problem}`,
  ),
  KEY_FILE_MISSING: define(
    "failed_precondition",
    (d: { path: string }) => `the signing key '${d.path}' is missing; make one with: mintmark keys generate`,
  ),
} as const;
