/**
 * Fetches a URI that the policy allows into a file, and digests it on the way.
 * @module
 */
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { collectDigests, type Digests } from "@mintmark/crypto/digests";
import { AppError } from "@mintmark/errors";
import { requireAllowed } from "./policy.ts";

export interface Download {
  readonly source: string;
  readonly allowed: readonly string[];
  /** The file to write. */
  readonly path: string;
  readonly signal: AbortSignal;
}

/** @throws AppError DATA_SOURCE_REFUSED, DATA_SOURCE_FAILED, or DATA_SOURCE_UNREACHABLE where another try may help */
export async function download({ source, allowed, path, signal }: Download): Promise<Digests> {
  const url = requireAllowed(source, allowed);
  const body = url.protocol === "s3:" ? await openS3(url, signal) : await openHttp(url, allowed, signal);
  const digests = collectDigests();
  try {
    await pipeline(body, digesting(digests.update), createWriteStream(path), { signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new AppError("DATA_SOURCE_UNREACHABLE", { source, cause: messageOf(cause) }, { cause });
  }
  return digests.finish();
}

/** No credentials go along, and each redirect has to be allowed by itself. */
async function openHttp(
  start: URL,
  allowed: readonly string[],
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  let url = start;
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    const response = await get(url, signal);
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null) return bodyOf(url, response);
    await response.body?.cancel();
    url = requireAllowed(new URL(location, url).href, allowed);
  }
  throw new AppError("DATA_SOURCE_FAILED", { source: start.href, problem: `more than ${maxRedirects} redirects` });
}

const maxRedirects = 3;

async function get(url: URL, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { redirect: "manual", signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new AppError("DATA_SOURCE_UNREACHABLE", { source: url.href, cause: messageOf(cause) }, { cause });
  }
}

function bodyOf(url: URL, response: Response): AsyncIterable<Uint8Array> {
  const source = url.href;
  const answer = `the server answered ${response.status} ${response.statusText}`.trimEnd();
  if (response.status >= 500 || response.status === 429)
    throw new AppError("DATA_SOURCE_UNREACHABLE", { source, cause: answer });
  if (!response.ok || response.body === null) throw new AppError("DATA_SOURCE_FAILED", { source, problem: answer });
  return response.body;
}

/** One object; where S3 is and who asks come from the AWS variables of the environment. */
async function openS3(url: URL, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  // Loaded where it is used: it takes as long to load as everything else, and few jobs read from S3.
  const { GetObjectCommand, S3Client, S3ServiceException } = await import("@aws-sdk/client-s3");
  const client = new S3Client({ forcePathStyle: process.env["AWS_ENDPOINT_URL_S3"] !== undefined });
  const key = decodeURIComponent(url.pathname.slice(1));
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: url.host, Key: key }), { abortSignal: signal });
    if (Body === undefined)
      throw new AppError("DATA_SOURCE_FAILED", { source: url.href, problem: "it has no content" });
    return Body as unknown as AsyncIterable<Uint8Array>;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof S3ServiceException && error.$fault === "client")
      throw new AppError("DATA_SOURCE_FAILED", { source: url.href, problem: error.name }, { cause: error });
    if (error instanceof AppError) throw error;
    throw new AppError("DATA_SOURCE_UNREACHABLE", { source: url.href, cause: messageOf(error) }, { cause: error });
  }
}

function digesting(update: (bytes: Uint8Array) => void) {
  return async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      update(chunk);
      yield chunk;
    }
  };
}

/** The message of fetch is only "fetch failed"; what happened is in its cause. */
function messageOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  const told = cause instanceof Error ? cause : error;
  return told instanceof Error ? told.message : String(told);
}
