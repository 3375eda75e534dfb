/**
 * Sends one message to a receiver, within limits: of time, of redirects, of what is read of the answer.
 * @module
 */
import type { LookupAddress } from "node:dns";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { type Receiver, type ReceiverRules, resolveReceiver } from "./receiver-address.ts";

export interface Message {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SendOptions {
  readonly rules: ReceiverRules;
  /** Of everything together: resolving, connecting, redirects, the answer. */
  readonly timeoutMs: number;
  /** Ends the attempt early. */
  readonly signal: AbortSignal;
  /** Certificates that are trusted besides the usual ones. */
  readonly ca?: string;
}

export interface Answer {
  readonly status: number;
  /** The beginning of it. */
  readonly body: string;
}

/** What an attempt came to. */
export type Outcome =
  | { readonly answer: Answer; readonly error?: undefined }
  | { readonly answer?: undefined; readonly error: string };

/** Never throws: whatever goes wrong on the way is the outcome, in words for the owner of the webhook. */
export async function send(url: string, message: Message, options: SendOptions): Promise<Outcome> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const signal = AbortSignal.any([timeout, options.signal]);
  try {
    return { answer: await follow(url, message, { ...options, signal }) };
  } catch (error) {
    if (timeout.aborted) return { error: `no answer within ${options.timeoutMs / 1000} s` };
    return { error: (error as Error).message };
  }
}

const maxRedirects = 3;
const maxBodyBytes = 64 * 1024;

async function follow(url: string, message: Message, options: SendOptions): Promise<Answer> {
  let target = url;
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    const receiver = await resolveReceiver(target, options.rules, options.signal);
    const response = await post(receiver, message, options);
    const { statusCode: status = 0, headers } = response;
    // Others than these two ask for a GET without a body: they are answers like any other that is not 2xx.
    const moved = status === 307 || status === 308 ? headers.location : undefined;
    if (moved === undefined) return { status, body: await beginningOf(response) };
    response.destroy();
    target = new URL(moved, receiver.url).href;
  }
  throw new Error(`redirected more than ${maxRedirects} times, last to ${target}`);
}

async function post({ url, addresses }: Receiver, message: Message, options: SendOptions): Promise<IncomingMessage> {
  const { headers, body } = message;
  const request = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, {
    method: "POST",
    headers: { ...headers, "user-agent": "mintmark", "content-length": Buffer.byteLength(body) },
    // A connection of its own: none that an earlier delivery opened under another answer of the name server.
    agent: false,
    lookup: answering(addresses),
    signal: options.signal,
    rejectUnauthorized: true,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  });
  request.end(body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  // What fails later fails while the answer is read.
  request.on("error", () => {});
  return response;
}

/** Resolves to what was checked, whatever is asked. */
function answering(addresses: readonly LookupAddress[]): LookupFunction {
  return (_hostname, { all }, callback) => {
    const [first] = addresses;
    if (all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? "", first?.family);
  };
}

async function beginningOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= maxBodyBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBodyBytes).toString("utf8");
}
