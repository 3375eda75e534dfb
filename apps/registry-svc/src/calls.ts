/**
 * Calls of the native API: Connect, gRPC and gRPC-Web. From the headers is decided whether a call may be made at all; only then is
 * its message read, within the limits of its method.
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { createConnectRouter, createContextKey, createContextValues } from "@connectrpc/connect";
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import type { Quotas, Visit } from "@mintmark/http-edge/quotas";
import { openRoom } from "@mintmark/http-edge/room";
import { callerKey } from "./caller.ts";
import { type EntryLimits, limitEntries } from "./entry-limit.ts";
import { errorInterceptor, toConnectError } from "./error-interceptor.ts";
import { largestMessage, type MessageLimits } from "./messages/message-limits.ts";
import { receiveMessage } from "./messages/receive-message.ts";
import { openTurns } from "./messages/turns.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { addServices } from "./services.ts";
import { type Authenticate, authentication } from "./tokens/authentication.ts";

export interface CallsOptions {
  readonly deps: ServiceDeps;
  readonly authenticate: Authenticate;
  readonly limits: MessageLimits;
  readonly entryLimits: EntryLimits;
  readonly quotas: Quotas;
  readonly onUnexpected: (error: unknown) => void;
}

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

/** Answers a call; a path that is no method's with 404. */
export function callHandler({ deps, authenticate, limits, entryLimits, quotas, onUnexpected }: CallsOptions) {
  // What tells only whether and how the server can be used is open to all.
  const authenticated = authentication(authenticate, (service) => service.startsWith("grpc."), onUnexpected);
  const router = createConnectRouter({
    interceptors: [errorInterceptor(onUnexpected), limitEntries(entryLimits)],
    acceptCompression: [compressionGzip, compressionBrotli],
    requestGate: async (context) => {
      await authenticated(context);
      const { values } = context;
      const { tokenId = "" } = values.get(callerKey) ?? {};
      const call = values.get(callKey);
      if (tokenId === "" || call === undefined) return;
      call.visit = entered(quotas, tokenId);
      // It may have gone while its token was looked up.
      if (call.isOver) call.visit.leave();
    },
    // What is one message alone has the limit of its method before it comes here.
    readMaxBytes: largestMessage(limits),
    writeMaxBytes: maxAnswerBytes,
    jsonOptions,
    // Nobody reads them, and each costs more memory than a field that has a name.
    binaryOptions: { readUnknownFields: false },
  });
  addServices(router, deps, limits.usual.bytes);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  const shared = { limits, turns: openTurns(limits.largeAtOnce), room: openRoom(limits.memoryBytes) };

  return async (request: Request, response: Response): Promise<void> => {
    const handler = handlers.get((request.url ?? "").split("?", 1)[0]!);
    if (handler === undefined) {
      response.statusCode = 404;
      response.end();
      return;
    }
    const values = createContextValues();
    const current: CallUnderWay = { visit: undefined, isOver: response.closed };
    values.set(callKey, current);
    const spend = (bytes: number) => current.visit?.spend(bytes);
    response.once("close", () => {
      current.isOver = true;
      current.visit?.leave();
    });
    const incoming = universalRequestFromNodeRequest(request, response, undefined, values);
    const { method } = handler;
    const isOneMessage = method.methodKind === "unary" || method.methodKind === "server_streaming";
    const given = { ...incoming, body: counted(bodyOf(request), spend) };
    const body = isOneMessage ? receiveMessage(method, given, shared) : given.body;
    const answer = await handler({ ...incoming, body });
    const sent = answer.body === undefined ? {} : { body: counted(answer.body, spend) };
    await universalResponseToNodeResponse({ ...answer, ...sent }, response);
  };
}

interface CallUnderWay {
  /** Within its token's quota, once that is known. */
  visit: Visit | undefined;
  isOver: boolean;
}

const callKey = createContextKey<CallUnderWay | undefined>(undefined, {
  description: "the call while it is under way",
});

/** @throws ConnectError */
function entered(quotas: Quotas, tokenId: string): Visit {
  try {
    return quotas.enter(tokenId);
  } catch (error) {
    throw toConnectError(error, () => {});
  }
}

async function* counted(body: AsyncIterable<Uint8Array>, spend: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    spend(chunk.length);
    yield chunk;
  }
}

/** Of a page of whatever it is, and of the content of a version. */
const maxAnswerBytes = 128 * 1024 * 1024;
/** What is not UTF-8 is refused, as it is in binary messages: replaced characters would make one name of two. */
const jsonOptions = { ignoreUnknownFields: true, textDecoder: new TextDecoder("utf-8", { fatal: true }) };

/** Left open when it is not read to its end, so that a refusal can go out on the same connection. */
function bodyOf(request: Request): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => request.iterator({ destroyOnReturn: false }) };
}
