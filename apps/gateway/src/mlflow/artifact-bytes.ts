/**
 * The bytes of artifacts, passed through between MLflow's clients and the registry's `/v1/files` as they come: memory does not grow
 * with them (three times 1 GiB up and down: 67 MiB above idle).
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import { codeFromString } from "@connectrpc/connect/protocol-connect";
import type { BlobReader } from "@mintmark/blob-store";
import { begun } from "@mintmark/http-edge/body";
import type { RegistryClient } from "@mintmark/registry-client";
import type { PassThrough } from "../native/pass-through.ts";
import { artifactPath } from "./artifact-path.ts";
import { message, readMessage, requiredText, runMessage } from "./fields.ts";
import { versionFields, versionUri } from "./model-version-json.ts";
import { readQuery } from "./query.ts";
import { inNameOf } from "./route.ts";

export interface ArtifactBytes {
  /** Sends the bytes on, in either direction; fails as the registry does. */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

/** True for a request that brings or wants bytes. */
export function isArtifactBytes({ method, url }: IncomingMessage): boolean {
  if (method === "GET" || method === "HEAD") return proxied.test(url!) || downloadOf(url!) !== undefined;
  return method === "PUT" && proxied.test(url!);
}

/**
 * @param registry calls in the name of whoever calls
 * @param blobs the registry's own store, where this machine has it
 */
export function artifactBytes(native: PassThrough, registry: RegistryClient, blobs?: BlobReader): ArtifactBytes {
  return {
    answer: async (request, response) => {
      const path = `/v1/files/${await pathOf(request, registry)}`;
      if (blobs !== undefined && request.method === "GET") {
        // The registry says who may have which bytes under which headers; only they themselves come from here.
        const { answer, pass } = await native.exchange(request, response, { path, method: "HEAD" });
        const bytes = await bytesFor(answer, blobs);
        if (bytes !== undefined) return await pass(bytes);
      }
      const { answer, pass } = await native.exchange(request, response, { path });
      const status = answer.statusCode ?? 500;
      if (status >= 400 && status !== 416) throw await failureOf(answer);
      if (request.method !== "PUT") return await pass();
      answer.resume();
      response.writeHead(200, { "content-type": "application/json", "content-length": 2 }).end("{}");
    },
  };
}

/** What an answer to `HEAD` promises; undefined where it promises nothing, or what is not to be had here. */
async function bytesFor(answer: IncomingMessage, blobs: BlobReader): Promise<AsyncIterable<Uint8Array> | undefined> {
  // It has no body, but its connection is in use until it is read to its end.
  const { statusCode, headers } = answer.resume();
  const [, blake3] = /^"blake3:([0-9a-f]{64})"$/.exec(headers.etag ?? "") ?? [];
  if (blake3 === undefined || (statusCode !== 200 && statusCode !== 206)) return undefined;
  const offset = Number(/^bytes (\d+)-/.exec(headers["content-range"] ?? "")?.[1] ?? 0);
  const length = Number(headers["content-length"]);
  const size = Number(/\/(\d+)$/.exec(headers["content-range"] ?? "")?.[1] ?? length);
  try {
    return await begun(blobs.read(blake3, { offset, length, size }));
  } catch {
    // Whatever is the matter: asked for the bytes themselves, the registry gives them or says it.
    return undefined;
  }
}

const proxied = /^\/(?:ajax-)?api\/2\.0\/mlflow-artifacts\/artifacts\/([^?]+)/;

/** One way in which a page names a file: the parameters of the query, and whose artifact root that means. */
interface Download {
  readonly pattern: RegExp;
  readonly locate: (query: unknown, inUrl: string, registry: RegistryClient, as: CallOptions) => Promise<string>;
}

const downloads: readonly Download[] = [
  {
    pattern: /^\/get-artifact(?:\?|$)/,
    locate: async (query, _, registry, as) => {
      const { run_id: id, path } = readMessage(runMessage({ path: requiredText }), query);
      const { run } = await registry.runs.getRun({ id }, as);
      return artifactPath(run!.artifactUri, path);
    },
  },
  {
    pattern: /^\/model-versions\/get-artifact(?:\?|$)/,
    locate: async (query, _, registry, as) => {
      const { path, ...of } = readMessage(message({ ...versionFields, path: requiredText }), query);
      const found = await registry.versions.getVersion({ uri: versionUri(of) }, as);
      return artifactPath(found.version!.downloadUri, path);
    },
  },
  {
    pattern: /^\/ajax-api\/2\.0\/mlflow\/logged-models\/([^/?]+)\/artifacts\/files(?:\?|$)/,
    locate: async (query, id, registry, as) => {
      const { artifact_file_path } = readMessage(message({ artifact_file_path: requiredText }), query);
      const { model } = await registry.loggedModels.getLoggedModel({ id }, as);
      return artifactPath(model!.artifactUri, artifact_file_path);
    },
  },
];

function downloadOf(url: string): Download | undefined {
  return downloads.find(({ pattern }) => pattern.test(url));
}

/** Below `/v1/files/`, percent-encoded. */
async function pathOf({ url, headers }: IncomingMessage, registry: RegistryClient): Promise<string> {
  const [, path] = proxied.exec(url!) ?? [];
  if (path !== undefined) return path;
  const { pattern, locate } = downloadOf(url!)!;
  const found = await locate(readQuery(url!), pattern.exec(url!)![1] ?? "", registry, inNameOf(headers));
  return found.split("/").map(encodeURIComponent).join("/");
}

/** A failure of the registry's HTTP face as one of its calls, so that it is translated as those are. */
async function failureOf(answer: IncomingMessage): Promise<Error> {
  const { error } = ((await json(answer).catch(() => ({}))) ?? {}) as { error?: { code: string; message: string } };
  if (error === undefined) return new Error(`the registry answered with status ${answer.statusCode}`);
  const headers = Object.entries(answer.headers).flatMap(([name, value]) =>
    typeof value === "string" ? [[name, value]] : [],
  );
  return new ConnectError(error.message, codeFromString(error.code) ?? Code.Unknown, headers as [string, string][]);
}
