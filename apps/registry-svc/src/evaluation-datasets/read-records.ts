/**
 * Reads records as they are sent.
 * @module
 */
import { createHash } from "node:crypto";
import { invalid, requireCount, requireFewValues } from "../fields.ts";
import { canonical, type Exact, type ExactObject, isExactObject, parseExact } from "./exact-json.ts";

export interface GivenRecord {
  readonly inputsSha256: Buffer;
  readonly inputs: ExactObject;
  /** Undefined if not said, which is not the same as null. */
  readonly outputs: Exact | undefined;
  readonly expectations: ExactObject | undefined;
  readonly tags: ExactObject | undefined;
  readonly source: ExactObject | undefined;
}

const maxRecords = 10_000;
/** Far below what would overflow the stack. */
const maxDepth = 100;

/** @throws AppError REQUEST_INVALID */
export function readRecords(text: string): readonly GivenRecord[] {
  requireFewValues("records_json", text);
  const records = parsed(text);
  if (!Array.isArray(records)) throw invalid("records_json", "must be a list");
  requireCount("records_json", records.length, maxRecords);
  return records.map(readRecord);
}

/** The user whom tags name as the author. */
export function userIn(tags: ExactObject | undefined): string | undefined {
  const user = tags?.["mlflow.user"];
  return typeof user === "string" && user !== ""
    ? user.slice(0, 255).toWellFormed().replaceAll("\0", "\ufffd")
    : undefined;
}

function readRecord(record: Exact, at: number): GivenRecord {
  if (!isExactObject(record)) throw invalid(`records_json[${at}]`, "must be an object");
  if (isDeeper(record, maxDepth)) throw invalid(`records_json[${at}]`, `must be nested at most ${maxDepth} deep`);
  const inputs = objectIn(record, "inputs", at);
  if (inputs === undefined) throw invalid(`records_json[${at}].inputs`, "must be given");
  return {
    inputsSha256: createHash("sha256").update(canonical(inputs)).digest(),
    inputs,
    outputs: record["outputs"],
    expectations: objectIn(record, "expectations", at),
    tags: objectIn(record, "tags", at),
    source: sourceIn(record, at),
  };
}

function objectIn(record: ExactObject, field: string, at: number): ExactObject | undefined {
  const value = record[field];
  if (value === undefined || value === null) return undefined;
  if (!isExactObject(value)) throw invalid(`records_json[${at}].${field}`, "must be an object");
  return value;
}

/** Clients fail to read records back whose source is of a kind that they do not know. */
function sourceIn(record: ExactObject, at: number): ExactObject | undefined {
  const source = objectIn(record, "source", at);
  if (source === undefined || Object.keys(source).length === 0) return source;
  const { source_type: type = null } = source;
  if (typeof type === "string" && sourceTypes.includes(type.toUpperCase())) return source;
  throw invalid(
    `records_json[${at}].source.source_type`,
    `must be one of ${sourceTypes.join(", ")}, got ${JSON.stringify(type)}`,
  );
}

const sourceTypes = ["UNSPECIFIED", "TRACE", "HUMAN", "DOCUMENT", "CODE"];

function isDeeper(value: Exact, depth: number): boolean {
  if (Array.isArray(value)) return depth === 0 || value.some((each) => isDeeper(each, depth - 1));
  return isExactObject(value) && (depth === 0 || Object.values(value).some((each) => isDeeper(each, depth - 1)));
}

function parsed(text: string): Exact {
  try {
    return parseExact(text);
  } catch (error) {
    throw invalid("records_json", `must be JSON: ${(error as Error).message}`);
  }
}
