/**
 * Bulk bytes by plain HTTP: `PUT` and `GET /v1/blobs/<blake3>`, at about twice (up) and six times (down) the speed of a gRPC
 * stream, and `PUT`, `GET` and `HEAD /v1/files/PATH`. One blob or file a request.
 *
 * Failures come as the same ConnectErrors that calls give, so that nobody has to know which way the bytes went.
 * @module
 */
import { type IncomingMessage, type RequestOptions, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { pipeline } from "node:stream/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { codeFromString } from "@connectrpc/connect/protocol-connect";
import type { Digests } from "@mintmark/crypto/digests";
import { reasonHeader } from "./failure.ts";

export interface BulkEndpoint {
  /** `http://host:port` of a registry or a gateway. */
  readonly baseUrl: string;
  readonly token?: string | undefined;
}

export interface BlobPut {
  readonly blob: Digests;
  readonly offset: number;
  /** The bytes from `offset` on. */
  readonly body: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal | undefined;
}

/** @throws ConnectError */
export async function putBlob(endpoint: BulkEndpoint, { blob, offset, body, signal }: BlobPut): Promise<void> {
  const headers = {
    "content-type": "application/octet-stream",
    "content-length": blob.size - offset,
    "x-mintmark-sha256": blob.sha256,
    "x-mintmark-size": blob.size,
    "x-mintmark-offset": offset,
  };
  const response = await exchange(endpoint, blobPath(blob.blake3), { method: "PUT", headers, signal }, body);
  response.resume();
}

/**
 * The bytes from `offset` on, as the network brings them.
 * @throws ConnectError
 */
export async function* getBlob(
  endpoint: BulkEndpoint,
  blake3: string,
  offset: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const headers = offset === 0 ? {} : { range: `bytes=${offset}-` };
  const response = await exchange(endpoint, blobPath(blake3), { method: "GET", headers, signal });
  // A server that knows no ranges would send the beginning again.
  if (offset !== 0 && response.statusCode !== 206) {
    response.destroy();
    throw new ConnectError(`asked for bytes from ${offset} on, got status ${response.statusCode}`, Code.Internal);
  }
  try {
    yield* response as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw broken(error, signal);
  }
}

export interface FilePut {
  /** Where the file is to be kept. */
  readonly path: string;
  /** `undefined` if nobody knows yet. */
  readonly size: number | undefined;
  readonly body: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Keeps the bytes under the path, and says what arrived.
 * @throws ConnectError
 */
export async function putFile(endpoint: BulkEndpoint, { path, size, body, signal }: FilePut): Promise<Digests> {
  const length = size === undefined ? {} : { "content-length": size };
  const headers = { "content-type": "application/octet-stream", ...length };
  const response = await exchange(endpoint, filePath(path), { method: "PUT", headers, signal }, body);
  const { blake3, sha256, size: stored } = JSON.parse(await bodyText(response)) as Digests;
  return { blake3, sha256, size: stored };
}

/**
 * What is kept under the path; `undefined` if there is no file.
 * @throws ConnectError
 */
export async function statFile(
  endpoint: BulkEndpoint,
  path: string,
  signal?: AbortSignal,
): Promise<Pick<Digests, "size" | "blake3"> | undefined> {
  try {
    const response = await exchange(endpoint, filePath(path), { method: "HEAD", signal });
    response.resume();
    const blake3 = /^"blake3:([0-9a-f]{64})"$/.exec(response.headers.etag ?? "")?.[1];
    if (blake3 === undefined) throw new ConnectError(`no digest of '${path}' in the answer`, Code.Internal);
    return { size: Number(response.headers["content-length"]), blake3 };
  } catch (error) {
    if (error instanceof ConnectError && error.code === Code.NotFound) return undefined;
    throw error;
  }
}

/**
 * The bytes of a file.
 * @throws ConnectError
 */
export async function* getFile(endpoint: BulkEndpoint, path: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const response = await exchange(endpoint, filePath(path), { method: "GET", signal });
  try {
    yield* response as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw broken(error, signal);
  }
}

function blobPath(blake3: string): string {
  return `/v1/blobs/${blake3}`;
}

/** A URL with such parts would name another path than it says. */
function filePath(path: string): string {
  if (path.split("/").some((part) => part === "" || part === "." || part === ".."))
    throw new ConnectError(`'${path}' has an empty part, '.' or '..'`, Code.InvalidArgument);
  return `/v1/files/${path.split("/").map(encodeURIComponent).join("/")}`;
}

/** A server that hashes and stores a large blob is silent for a while; one that is dead is silent for ever. */
const idleMs = 5 * 60_000;

type Options = RequestOptions & { readonly signal: AbortSignal | undefined };

/** Sends a request and waits for the head of a successful answer. */
async function exchange(
  { baseUrl, token }: BulkEndpoint,
  path: string,
  { signal, ...options }: Options,
  body?: AsyncIterable<Uint8Array>,
): Promise<IncomingMessage> {
  const url = new URL(path, baseUrl);
  const headers = { ...options.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const send = url.protocol === "https:" ? requestHttps : requestHttp;
    const outgoing = send(url, { ...options, headers, ...(signal === undefined ? {} : { signal }) });
    outgoing.once("response", resolve);
    outgoing.once("error", reject);
    outgoing.setTimeout(idleMs, () => outgoing.destroy(new Error(`silent for ${idleMs / 60_000} minutes`)));
    // A refusal may come before all is sent; what becomes of the rest does not matter then.
    if (body === undefined) outgoing.end();
    else pipeline(body, outgoing).catch(reject);
  }).catch((error: unknown) => {
    throw broken(error, signal);
  });
  if (response.statusCode === 200 || response.statusCode === 201 || response.statusCode === 206) return response;
  throw await failureOf(response);
}

function broken(error: unknown, signal: AbortSignal | undefined): ConnectError {
  return ConnectError.from(error, signal?.aborted ? Code.Canceled : Code.Unavailable);
}

/** Reads `{"error":{"code","reason","message"}}` back into what a call would have thrown. */
async function failureOf(response: IncomingMessage): Promise<ConnectError> {
  const text = await bodyText(response);
  const { code, reason, message } = errorOf(text);
  const known = codeFromString(code ?? "") ?? codeOfStatus(response.statusCode ?? 0);
  const headers = reason === undefined ? {} : { [reasonHeader]: reason };
  return new ConnectError(message ?? `the server answered ${response.statusCode}`, known, headers);
}

/** No error of ours is longer. */
const maxErrorBytes = 65_536;

async function bodyText(response: IncomingMessage): Promise<string> {
  let text = "";
  response.setEncoding("utf8");
  try {
    for await (const chunk of response as AsyncIterable<string>) {
      text += chunk;
      if (text.length > maxErrorBytes) break;
    }
  } catch {
    // The status says enough.
  }
  return text;
}

function errorOf(text: string): { code?: string; reason?: string; message?: string } {
  try {
    return (JSON.parse(text) as { error?: object }).error ?? {};
  } catch {
    return {};
  }
}

/** For answers that are not ours, such as a proxy's: whether trying again may help. */
function codeOfStatus(status: number): Code {
  if (status === 401) return Code.Unauthenticated;
  if (status === 403) return Code.PermissionDenied;
  if (status === 404) return Code.NotFound;
  if (status === 429 || status >= 502) return Code.Unavailable;
  return status >= 500 ? Code.Internal : Code.InvalidArgument;
}
