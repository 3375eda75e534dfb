/**
 * What a version is made from, as its maker says it. Pure: a text in, its meaning out.
 *
 * ```
 * models:/m-<id>                     a logged model
 * models:/NAME/3  models:/NAME@ALIAS a version, to be copied
 * runs:/RUN/path                     files of a run
 * mlflow-artifacts:/path             files of this server, by their path
 * s3://…  gs://…  https://…          what is elsewhere
 * dummy-source                       nothing: the text of a prompt is in its tags
 * ```
 * Paths of this server's disk, and paths that climb, are refused here, however often they are percent-encoded.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { parseModelUri } from "@mintmark/names/model-uri";
import { decodedOnce, storedPath } from "@mintmark/registry-client";

export type VersionSource =
  | { readonly kind: "logged-model"; readonly id: string }
  /** `name` as it is written there. */
  | { readonly kind: "version"; readonly uri: string; readonly name: string }
  | { readonly kind: "run"; readonly run: string; readonly path: string }
  | { readonly kind: "stored"; readonly path: string }
  | { readonly kind: "elsewhere" }
  | { readonly kind: "nothing" };

/** @throws AppError `SOURCE_INVALID`, `URI_INVALID`, `NAME_INVALID` */
export function parseVersionSource(source: string): VersionSource {
  if (placeholders.has(source)) return { kind: "nothing" };
  const { scheme, authority, path } = parts(source);
  if (scheme === "" || scheme === "file")
    throw refusal(
      source,
      "is a path of the server's own disk; name files that were logged to a run or a model, or a URI",
    );
  requirePlain(source, authority, path);
  switch (scheme) {
    case "models":
      requireHere(source, authority);
      return modelSource(source, path);
    case "runs":
      requireHere(source, authority);
      return runSource(path);
    case "mlflow-artifacts":
      requireHere(source, authority);
      return { kind: "stored", path: storedPath(path) };
    case "http":
    case "https":
      if (servedFiles.test(`${fullyDecoded(path)}/`))
        throw refusal(source, "names files by the address of a server; write mlflow-artifacts:/ and their path");
      return { kind: "elsewhere" };
    default:
      return { kind: "elsewhere" };
  }
}

export function refusal(source: string, problem: string): AppError {
  return new AppError("SOURCE_INVALID", { source, problem });
}

/** Paths under which this server gives out the bytes that it keeps, and MLflow's own server. */
const servedFiles =
  /\/(?:ajax-)?api\/2\.0\/mlflow(?:-artifacts\/artifacts|\/logged-models\/[^/]+\/artifacts\/files)\/|\/v1\/files\/|\/get-artifact\//;

/** What MLflow's clients and stores write where there are no files. */
const placeholders: ReadonlySet<string> = new Set(["dummy-source", "prompt-template"]);

interface Parts {
  /** In lower case; empty if there is none. */
  readonly scheme: string;
  readonly authority: string;
  /** Without query and fragment; it may hold escapes. */
  readonly path: string;
}

function parts(source: string): Parts {
  const match = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)/i.exec(source);
  if (match === null) return { scheme: "", authority: "", path: source };
  const [, scheme = "", authority = "", path = ""] = match;
  return { scheme: scheme.toLowerCase(), authority, path };
}

function requirePlain(source: string, authority: string, path: string): void {
  const decoded = fullyDecoded(path);
  const isAbsolute = decoded.startsWith("/") || (decoded === "" && authority !== "");
  const climbs = decoded.split("/").some((part) => part === "." || part === "..");
  const climbsInQuery = fullyDecoded(source).split("/").includes("..");
  if (!isAbsolute || climbs || climbsInQuery || decoded.includes("\0"))
    throw refusal(source, "must hold an absolute path without the parts '.' and '..'");
}

function requireHere(source: string, authority: string): void {
  if (authority !== "") throw refusal(source, `names a server ('${authority}'); only what is on this one can be used`);
}

function modelSource(source: string, path: string): VersionSource {
  const uri = parseModelUri(source);
  if (uri.kind === "logged-model") return { kind: "logged-model", id: uri.id };
  // Elsewhere a name alone is its latest version; a client that leaves out the version here has most likely lost it.
  if (uri.kind === "run" || !/[/@]/.test(path.slice(1)))
    throw refusal(source, "names no version; write models:/NAME/NUMBER or models:/m-<id>");
  return { kind: "version", uri: source, name: uri.name.written };
}

function runSource(path: string): VersionSource {
  const [run = "", ...rest] = path.replace(/^\/+/, "").split("/");
  return { kind: "run", run, path: storedPath(rest.join("/")) };
}

function fullyDecoded(text: string): string {
  const decoded = decodedOnce(text);
  return decoded === text ? text : fullyDecoded(decoded);
}
