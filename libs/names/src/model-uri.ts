/**
 * URIs that name a version of a model, in every form that users write. Pure: a text in, its meaning out.
 *
 * ```
 * [models:/] NAME | NAME/latest | NAME/3 | NAME/1.4.0 | NAME/Production | NAME@ALIAS | NAME@latest | NAME@blake3:<hex>   [?at=TIME]
 * [models:/] m-<id>
 * runs:/RUN/path
 * ```
 * A name holds no `/`, so the first one ends it; it may hold `@`, so the last one does.
 * @module
 */
import { isHexDigest } from "@mintmark/crypto/manifest";
import { AppError } from "@mintmark/errors";
import { type AliasName, parseKnownAliasName } from "./alias-name.ts";
import { isLoggedModelId } from "./logged-model-id.ts";
import { type ModelName, parseModelName } from "./model-name.ts";
import { isRunId } from "./run-id.ts";

export type ModelUri = (
  | { readonly kind: "latest"; readonly name: ModelName }
  | { readonly kind: "number"; readonly name: ModelName; readonly number: number }
  | { readonly kind: "semver"; readonly name: ModelName; readonly semver: string }
  | { readonly kind: "stage"; readonly name: ModelName; readonly stage: StageName }
  | { readonly kind: "alias"; readonly name: ModelName; readonly alias: AliasName }
  | { readonly kind: "digest"; readonly name: ModelName; readonly blake3: string }
  | { readonly kind: "logged-model"; readonly id: string }
  | { readonly kind: "run"; readonly run: string; readonly path: string }
) & {
  /** The time that is asked about; now if absent. */
  readonly at?: Date | undefined;
};

export type StageName = "none" | "staging" | "production" | "archived";

/** @throws AppError `URI_INVALID`, `NAME_INVALID` */
export function parseModelUri(uri: string): ModelUri {
  const { text, at } = splitTime(uri);
  return { ...parseForm(text, uri), at };
}

/** `undefined` for what is none. */
export function tryParseModelUri(uri: string): ModelUri | undefined {
  try {
    return parseModelUri(uri);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

function splitTime(uri: string): { text: string; at: Date | undefined } {
  const index = uri.lastIndexOf(timeParameter);
  if (index === -1) return { text: uri, at: undefined };
  return { text: uri.slice(0, index), at: parseTime(uri.slice(index + timeParameter.length), uri) };
}

/** @throws AppError `URI_INVALID` */
export function parseTime(text: string, uri: string): Date {
  const time = new Date(text);
  if (!rfc3339.test(text) || Number.isNaN(time.getTime()))
    throw invalid(uri, `has no RFC 3339 time after ?at= ('${text}'), such as 2026-11-01T12:00:00Z`);
  return time;
}

function parseForm(text: string, uri: string): ModelUri {
  if (text.startsWith("runs:/")) return parseRun(text.slice("runs:/".length), uri);
  const rest = text.startsWith("models:/") ? text.slice("models:/".length) : text;
  if (isLoggedModelId(rest)) return { kind: "logged-model", id: rest };

  const slash = rest.indexOf("/");
  if (slash !== -1) return parseSegment(parseModelName(rest.slice(0, slash)), rest.slice(slash + 1), uri);
  const at = rest.lastIndexOf("@");
  if (at !== -1) return parsePointer(parseModelName(rest.slice(0, at)), rest.slice(at + 1), uri);
  return { kind: "latest", name: parseModelName(rest) };
}

function parseSegment(name: ModelName, segment: string, uri: string): ModelUri {
  if (/^\d+$/.test(segment)) return { kind: "number", name, number: Number(segment) };
  if (semanticVersion.test(segment)) return { kind: "semver", name, semver: segment };
  const word = segment.toLowerCase();
  if (word === "latest") return { kind: "latest", name };
  if (isStage(word)) return { kind: "stage", name, stage: word };
  throw invalid(
    uri,
    `ends in '${segment}', which is no version (3, 1.4.0, latest) and no stage; an alias is written NAME@ALIAS`,
  );
}

function parsePointer(name: ModelName, pointer: string, uri: string): ModelUri {
  // No alias may have the name, so that only one thing can be meant.
  if (pointer.toLowerCase() === "latest") return { kind: "latest", name };
  if (/^v?\d+$/i.test(pointer) || semanticVersion.test(pointer))
    throw invalid(uri, `has a version where an alias stands; write '${name.written}/${pointer.replace(/^v/i, "")}'`);
  if (!pointer.startsWith("blake3:")) return { kind: "alias", name, alias: parseKnownAliasName(pointer) };
  const blake3 = pointer.slice("blake3:".length);
  if (!isHexDigest(blake3)) throw invalid(uri, "has a digest that is not 'blake3:' and 64 lower-case hex digits");
  return { kind: "digest", name, blake3 };
}

function parseRun(rest: string, uri: string): ModelUri {
  const slash = rest.indexOf("/");
  const run = slash === -1 ? rest : rest.slice(0, slash);
  if (!isRunId(run)) throw invalid(uri, "names no run: 32 hex digits after 'runs:/'");
  return { kind: "run", run, path: slash === -1 ? "" : rest.slice(slash + 1) };
}

function isStage(word: string): word is StageName {
  return word === "none" || word === "staging" || word === "production" || word === "archived";
}

function invalid(uri: string, problem: string): AppError {
  return new AppError("URI_INVALID", { uri, problem });
}

const timeParameter = "?at=";
const semanticVersion = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/;
/** A time as RFC 3339 writes it. */
export const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
