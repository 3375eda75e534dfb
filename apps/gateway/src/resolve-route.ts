/**
 * `GET /v1/resolve?uri=…`: the hottest path. A remembered answer is written without a call, a parse or a framework.
 * @module
 */
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { AppError } from "@mintmark/errors";
import type { ResolveResponse } from "@mintmark/proto/mintmark/registry/v1/resolve_service";
import { Stage } from "@mintmark/proto/mintmark/registry/v1/version";
import { Lru } from "./view/lru.ts";
import type { View } from "./view/view.ts";

const path = "/v1/resolve";
/** MLflow's names of the stages. */
const stageNames: ReadonlyMap<Stage, string> = new Map([
  [Stage.NONE, "None"],
  [Stage.STAGING, "Staging"],
  [Stage.PRODUCTION, "Production"],
  [Stage.ARCHIVED, "Archived"],
]);

/** The part of an answer that stays the same until an event comes, ready to be sent. */
interface Rendered {
  readonly of: ResolveResponse;
  readonly text: string;
  readonly bytes: number;
  readonly etag: string;
}

export interface ResolveRoute {
  /** Answers if the URL is for it and everything is in memory; false means that nothing was done. */
  readonly answerFromMemory: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Answers, asking the registry where necessary. */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

export function resolveRoute(view: View): ResolveRoute {
  const rendered = new Lru<string, Rendered>(50_000);
  const uriOfUrl = new Lru<string, string>(50_000);

  const send = (request: IncomingMessage, response: ServerResponse, uri: string, answer: ResolveResponse) => {
    let body = rendered.peek(uri);
    if (body?.of !== answer) {
      body = render(answer);
      rendered.set(uri, body);
    }
    const stale = view.isStale();
    if (request.headers["if-none-match"] === body.etag && !stale) {
      response.writeHead(304, { etag: body.etag });
      response.end();
      return;
    }
    // What was asked of the past keeps its own time; what holds now holds now.
    const asOf = uri.includes("?") ? timestampDate(answer.asOf!).toISOString() : view.now();
    const event = answer.event > view.head() ? answer.event : view.head();
    const tail = `,"as_of":"${asOf}","event":${event}${stale ? ',"stale":true' : ""}}`;
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": body.bytes + tail.length,
      etag: body.etag,
      "cache-control": "no-cache",
    });
    response.end(body.text + tail);
  };

  return {
    answerFromMemory: (request, response) => {
      const url = request.url!;
      const uri = uriOfUrl.get(url);
      if (uri === undefined) return false;
      const answer = view.peek(uri);
      if (answer === undefined || view.isTooOld()) return false;
      send(request, response, uri, answer);
      return true;
    },
    answer: async (request, response) => {
      const url = request.url!;
      const uri = askedUri(url);
      uriOfUrl.set(url, uri);
      send(request, response, uri, await view.resolve(uri));
    },
  };
}

/** True if the URL is `/v1/resolve`, with whatever query. */
export function isResolve(url: string): boolean {
  return url.startsWith(path) && (url.length === path.length || url.charCodeAt(path.length) === 63);
}

/** The model URI that a request asks for, its `?at=` included. */
function askedUri(url: string): string {
  const query = new URL(url, "http://gateway").searchParams;
  const uri = query.get("uri");
  if (uri === null || uri === "")
    throw new AppError("REQUEST_INVALID", {
      field: "uri",
      problem: "is missing; ask /v1/resolve?uri=models:/NAME@ALIAS",
    });
  const at = query.get("at");
  return at === null ? uri : `${uri}?at=${at}`;
}

function render(answer: ResolveResponse): Rendered {
  const version = answer.version!;
  const whole = JSON.stringify({
    name: version.model,
    version: version.number,
    semver: version.semver,
    alias: answer.alias === "" ? null : answer.alias,
    stage: stageNames.get(version.stage) ?? "None",
    digest: version.digest,
    artifact_uri: `models:/${version.model}/${version.number}`,
    signed_by: version.signedBy,
    log_index: null,
  });
  const text = whole.slice(0, -1);
  const etag = `"${createHash("sha256").update(`${version.modelId} ${whole}`).digest("base64url").slice(0, 22)}"`;
  return { of: answer, text, bytes: Buffer.byteLength(text), etag };
}
