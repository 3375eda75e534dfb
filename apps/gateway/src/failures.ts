/**
 * How any failure leaves by HTTP: in the form that callers of its URL read. Here alone is decided which ones are ours.
 * @module
 */

import { ConnectError } from "@connectrpc/connect";
import { AppError } from "@mintmark/errors";
import { reasonHeader } from "@mintmark/registry-client";
import type { FastifyReply, FastifyRequest } from "fastify";
import { challenge, errorBody, httpFailure } from "./http-error.ts";
import { mlflowErrorBody, mlflowFailure } from "./mlflow/mlflow-error.ts";
import { isMlflow } from "./mlflow/mlflow-routes.ts";
import { isCall } from "./native/pass-through.ts";
import { scoringFailure } from "./scoring/scoring-error.ts";
import { isScoring } from "./scoring/scoring-routes.ts";

export interface Failure {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** True if the caller can do nothing about it, and we have to know. */
  readonly isOurs: boolean;
}

/** A failure in the form that callers of this URL read. */
export function failureOn(url: string, error: unknown): Failure {
  const { status, body, headers = {} } = inTermsOf(url, error);
  const challenged = status === 401 ? { "www-authenticate": challenge } : {};
  const again = retryAfter(error);
  return {
    status,
    body,
    headers: {
      "content-type": "application/json",
      ...headers,
      ...challenged,
      ...(again && { "retry-after": `${again}` }),
    },
    isOurs: status === 500,
  };
}

/** In seconds; also what the registry said with its refusal. */
function retryAfter(error: unknown): string | number | undefined {
  if (error instanceof AppError) return error.http.retryAfter;
  return (error instanceof ConnectError && error.metadata.get("retry-after")) || undefined;
}

/** Answers with the failure, as the framework wants it done. */
export function sendFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, headers, body, isOurs } = failureOn(request.url, error);
  if (isOurs) request.log.error({ err: error }, "request failed");
  return reply.code(status).headers(headers).send(body);
}

function inTermsOf(url: string, error: unknown): { status: number; body: string; headers?: Record<string, string> } {
  if (isScoring(url)) return scoringFailure(error);
  if (isMlflow(url)) {
    const failure = mlflowFailure(error);
    return { status: failure.status, body: mlflowErrorBody(failure) };
  }
  const failure = httpFailure(error);
  const { status, code, message, reason } = failure;
  // A call reads its failure in the form of Connect, which has the reason beside it.
  const body = isCall(url) ? JSON.stringify({ code, message }) : errorBody(failure);
  return { status, body, headers: { [reasonHeader]: reason } };
}
