/**
 * Data that a run reads, as requests say it: a snapshot, known by the digests of its bytes, or what a client says of data
 * that is elsewhere.
 * @module
 */
import { isHexDigest } from "@mintmark/crypto/manifest";
import type { DatasetInput } from "@mintmark/proto/mintmark/tracking/v1/run";
import { invalid, requireSnapshotName, requireText } from "../fields.ts";

/** @throws AppError REQUEST_INVALID */
export function requireInput(input: DatasetInput): void {
  if (input.blake3 === "" && input.sha256 === "") requireDescription(input);
  else requireSnapshot(input);
}

/** As `log_batch` takes a snapshot. */
export function snapshotJson({ name, blake3, sha256, source, role, rows, size, schemaJson }: DatasetInput): object {
  return { name, blake3, sha256, source, role, row_count: String(rows), size: String(size), schema_json: schemaJson };
}

/** As `log_batch` takes what a client says. */
export function describedJson(input: DatasetInput): object {
  const { name, digest, source, role, tags, sourceType, schemaJson, profileJson } = input;
  return {
    name,
    digest,
    source,
    role,
    tags,
    source_type: sourceType,
    schema_json: schemaJson,
    profile_json: profileJson,
  };
}

function requireSnapshot({ name, blake3, sha256, source, role, schemaJson }: DatasetInput): void {
  for (const [field, digest] of Object.entries({ blake3, sha256 }))
    if (!isHexDigest(digest)) throw invalid(`inputs.${field}`, "must be 64 lower-case hex digits");
  requireSnapshotName("inputs.name", name, 2_000);
  requireTexts({
    source: [source, 2_000],
    role: [role, 2_000],
    schema_json: [schemaJson, 4_000_000],
  });
}

/** The limits are MLflow's, whose clients these are. */
function requireDescription(input: DatasetInput): void {
  const { name, digest, source, sourceType, role, tags, schemaJson, profileJson } = input;
  for (const [field, text] of Object.entries({ name, digest }))
    if (text === "") throw invalid(`inputs.${field}`, "must not be empty");
  requireTexts({
    name: [name, 500],
    digest: [digest, 36],
    source_type: [sourceType, 36],
    source: [source, 65_535],
    role: [role, 500],
    schema_json: [schemaJson, 1_048_575],
    profile_json: [profileJson, 16_777_215],
  });
  for (const [key, value] of Object.entries(tags)) requireTexts({ "tags.key": [key, 255], "tags.value": [value, 500] });
}

function requireTexts(fields: Readonly<Record<string, readonly [text: string, maxLength: number]>>): void {
  for (const [field, [text, maxLength]] of Object.entries(fields)) requireText(`inputs.${field}`, text, maxLength);
}
