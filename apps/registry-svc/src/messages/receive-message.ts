/**
 * The one message of a request, received within the limits of its method: counted while it arrives, while it is inflated, and, by
 * its elements, before it is parsed.
 *
 * It takes the place of the body before the protocol's own reader, which inflates up to one limit of bytes for all, and parses
 * whatever comes of it.
 * @module
 */
import { promisify } from "node:util";
import { brotliDecompress, gunzip } from "node:zlib";
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { AppError } from "@mintmark/errors";
import { countFields } from "@mintmark/http-edge/count-fields";
import { jsonValues } from "@mintmark/http-edge/json-values";
import type { Room } from "@mintmark/http-edge/room";
import { toConnectError } from "../error-interceptor.ts";
import { limitOf, type MessageLimit, type MessageLimits } from "./message-limits.ts";
import type { Turns } from "./turns.ts";

export interface Incoming {
  /** Those that describe the body are taken away where it is inflated here. */
  readonly header: Headers;
  readonly body: AsyncIterable<Uint8Array>;
  /** Aborted when the answer is out, or the caller has gone. */
  readonly signal: AbortSignal;
}

/** What all messages of a server have their part of. */
export interface Shared {
  readonly limits: MessageLimits;
  readonly turns: Turns;
  readonly room: Room;
}

/** The body as the protocol's reader takes it; nothing of it is read before it is asked for. */
export function receiveMessage(method: DescMethod, incoming: Incoming, { limits, turns, room }: Shared) {
  const { header, body, signal } = incoming;
  let hasTurn = false;
  const share = room.enter();
  signal.addEventListener("abort", share.leave);
  if (signal.aborted) share.leave();
  const type = header.get("content-type") ?? "";
  const isJson = /json/.test(type);
  const isFramed = /^application\/(grpc|connect)/.test(type);
  const message: Message = {
    method,
    limits,
    limit: limitOf(method, limits, isJson),
    isFramed,
    isJson,
    inflate: inflaters[header.get(encodingHeader(type)) ?? ""],
    length: Number(header.get("content-length") ?? Number.NaN),
    hold: (bytes) => {
      try {
        share.take(bytes);
      } catch (error) {
        throw failure(error as AppError);
      }
    },
    turn: async () => {
      if (hasTurn) return;
      hasTurn = true;
      const giveBack = await turns.take(limits.turnMs, signal);
      if (giveBack === undefined)
        throw failure(new AppError("MESSAGE_TURN", { atOnce: limits.largeAtOnce, seconds: limits.turnMs / 1000 }));
      signal.addEventListener("abort", giveBack);
      if (signal.aborted) giveBack();
    },
  };
  if (!isFramed && message.inflate !== undefined) header.delete("content-encoding");
  header.delete("content-length");
  return received(message, body);
}

interface Message {
  readonly method: DescMethod;
  readonly limits: MessageLimits;
  readonly limit: MessageLimit;
  /** Behind five bytes that say its length and whether it is compressed, as in gRPC and in streams of Connect. */
  readonly isFramed: boolean;
  readonly isJson: boolean;
  readonly inflate: Inflate | undefined;
  /** NaN where it is not said. */
  readonly length: number;
  /** Takes room for so many bytes more. */
  readonly hold: (bytes: number) => void;
  /** Waits, once, until one more message above the usual limit may be read; given back when it is answered. */
  readonly turn: () => Promise<void>;
}

async function* received(message: Message, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const bytes = await collect(message, body);
  if (!message.isFramed) {
    const inflated = message.inflate === undefined ? bytes : await inflate(message, message.inflate, bytes);
    requireFewElements(message, inflated);
    yield inflated;
    return;
  }
  const length = bytes.length < frameBytes ? 0 : bytes.readUInt32BE(1);
  const content = bytes.subarray(frameBytes, frameBytes + length);
  // What is broken, or compressed in a way that was not said, is the protocol's reader's to refuse.
  if (content.length < length || (bytes[0] !== 0 && (bytes[0] !== compressed || message.inflate === undefined))) {
    yield bytes;
    return;
  }
  const inflated = bytes[0] === compressed && length > 0 ? await inflate(message, message.inflate!, content) : content;
  requireFewElements(message, inflated);
  const frame = Buffer.alloc(frameBytes);
  frame.writeUInt32BE(inflated.length, 1);
  yield frame;
  yield inflated;
  yield bytes.subarray(frameBytes + length);
}

const frameBytes = 5;
const compressed = 1;

async function collect(message: Message, body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const { limit, limits, length, isFramed, hold, turn } = message;
  const most = limit.bytes + (isFramed ? frameBytes : 0);
  if (length > most) throw tooLarge(message, length);
  const until = performance.now() + limits.arrivalMs;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > most) throw tooLarge(message, undefined);
    if (performance.now() > until)
      throw failure(new AppError("MESSAGE_TOO_SLOW", { bytes: size, seconds: limits.arrivalMs / 1000 }));
    hold(chunk.length);
    chunks.push(chunk);
    if (size > limits.usual.bytes + frameBytes) await turn();
  }
  if (length !== size && !Number.isNaN(length))
    throw new ConnectError(`protocol error: promised ${length} bytes, received ${size}`, Code.InvalidArgument);
  return Buffer.concat(chunks, size);
}

type Inflate = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Buffer>;

const inflaters: Readonly<Partial<Record<string, Inflate>>> = {
  gzip: promisify<Uint8Array, object, Buffer>(gunzip),
  br: promisify<Uint8Array, object, Buffer>(brotliDecompress),
};

async function inflate(message: Message, by: Inflate, bytes: Uint8Array): Promise<Buffer> {
  const { limit, limits } = message;
  if (bytes.length === 0) return Buffer.alloc(0);
  const usual = await inflated(by, bytes, Math.min(limits.usual.bytes, limit.bytes));
  if (usual !== undefined) {
    message.hold(usual.length);
    return usual;
  }
  if (limit.bytes <= limits.usual.bytes) throw tooLarge(message, undefined);
  await message.turn();
  const large = await inflated(by, bytes, limit.bytes);
  if (large === undefined) throw tooLarge(message, undefined);
  message.hold(large.length);
  return large;
}

/** `undefined` if it has more than `most` bytes. */
async function inflated(by: Inflate, bytes: Uint8Array, most: number): Promise<Buffer | undefined> {
  try {
    return await by(bytes, { maxOutputLength: most });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return undefined;
    throw new ConnectError("the message cannot be decompressed", Code.InvalidArgument, undefined, undefined, error);
  }
}

function requireFewElements(message: Message, bytes: Uint8Array): void {
  const { method, limit, isJson } = message;
  const most = limit.elements;
  const count = isJson ? jsonValues(bytes, most) : countFields(bytes, method.input, most);
  if (count > most)
    throw failure(new AppError("MESSAGE_OVER_LIMIT", { method: method.name, unit: "elements", limit: most }));
}

function tooLarge({ method, limit }: Message, seen: number | undefined): ConnectError {
  return failure(new AppError("MESSAGE_OVER_LIMIT", { method: method.name, unit: "bytes", limit: limit.bytes, seen }));
}

function failure(error: AppError): ConnectError {
  return toConnectError(error, () => {});
}

function encodingHeader(contentType: string): string {
  if (contentType.startsWith("application/grpc")) return "grpc-encoding";
  return contentType.startsWith("application/connect+") ? "connect-content-encoding" : "content-encoding";
}
