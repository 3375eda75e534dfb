/**
 * What of a body is still on its way when the answer is already out.
 *
 * A client that sends all of its body before it looks for an answer would find the connection cut off instead, if the server closed it
 * with bytes unread. So the rest is read and thrown away, but not for ever.
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";

export interface DiscardLimits {
  readonly bytes: number;
  readonly ms: number;
}

/** What a large upload has sent and a slow network still holds. */
export const defaultDiscard: DiscardLimits = { bytes: 256 * 1024 * 1024, ms: 30_000 };

/**
 * To be called before the answer begins. Once it is out: reads what is left of the request's body, and cuts the connection off where
 * that is more than `limits`.
 */
export function discardRest(
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
  limits: DiscardLimits = defaultDiscard,
): void {
  if ("stream" in request) {
    // Over HTTP/2 a stream is given up alone: the answer is whole, the rest is not wanted (RFC 9113 §8.1).
    response.once("finish", () => {
      if (!request.complete) request.stream.close(constants.NGHTTP2_NO_ERROR);
    });
    return;
  }
  if (request.complete || !hasBody(request)) return;
  const answer = response as ServerResponse;
  // Where the client wants the connection closed, Node would close it with the answer.
  const isLast = !answer.shouldKeepAlive;
  answer.shouldKeepAlive = true;
  const { socket } = request;
  answer.once("finish", () => {
    const most = socket.bytesRead + limits.bytes;
    const until = performance.now() + limits.ms;
    // Node throws the rest of a body that nobody reads away unseen, so that only the socket tells how much it was.
    const watch = setInterval(() => {
      if (socket.bytesRead > most || performance.now() > until) socket.destroy();
    }, watchMs);
    const end = () => {
      clearInterval(watch);
      if (isLast) socket.end();
    };
    if (request.complete || request.destroyed) return end();
    request.once("close", end);
    request.resume();
  });
}

const watchMs = 20;

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}
