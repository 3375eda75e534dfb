/**
 * `GET /v1/resolve?uri=…`: the hottest path. A remembered answer is written without a call, a parse or a framework.
 * @module
 */
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { AppError } from "@mintmark/errors";
import type { ResolveResponse } from "@mintmark/proto/mintmark/registry/v1/resolve_service";
import type { RememberedRoute } from "./remembered-route.ts";
import { stageName } from "./stages.ts";
import { whileRecalled } from "./view/answers.ts";
import { Lru } from "./view/lru.ts";
import type { View } from "./view/view.ts";

const path = "/v1/resolve";
/** Longer URLs are answered, but not remembered: memory stays bounded whatever is asked. */
const rememberedUrlLength = 2_048;

/** The part of an answer that stays the same until an event comes, ready to be sent. */
interface Rendered {
  /** False as soon as an event says that the registry may answer otherwise. */
  readonly isCurrent: () => boolean;
  /** When what was asked of the past was so; undefined for what holds now. */
  readonly asOf: string | undefined;
  readonly event: bigint;
  readonly text: string;
  readonly bytes: number;
  readonly etag: string;
}

export function resolveRoute(view: View): RememberedRoute {
  const byUrl = new Lru<string, Rendered>(50_000);

  const send = (request: IncomingMessage, response: ServerResponse, rendered: Rendered) => {
    const { text, bytes, etag } = rendered;
    const stale = view.isStale();
    const asked = request.headers["if-none-match"];
    // A 304 cannot say that it is stale, so a stale answer is sent whole.
    if (asked !== undefined && !stale && matches(asked, etag)) {
      response.writeHead(304, { etag, "cache-control": "no-cache" });
      response.end();
      return;
    }
    const asOf = rendered.asOf ?? view.now();
    const event = rendered.event > view.head() ? rendered.event : view.head();
    const tail = `,"as_of":"${asOf}","event":${event}${stale ? ',"stale":true' : ""}}`;
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": bytes + tail.length,
      etag,
      "cache-control": "no-cache",
    });
    response.end(text + tail);
  };

  return {
    answerFromMemory: (request, response) => {
      const known = byUrl.get(request.url!);
      if (known === undefined || !known.isCurrent() || view.isTooOld()) return false;
      send(request, response, known);
      return true;
    },
    answer: async (request, response) => {
      const url = request.url!;
      const uri = askedUri(url);
      const answer = await view.resolve(uri);
      const rendered = render(uri, answer, () => view.recall(uri));
      if (url.length <= rememberedUrlLength && rendered.isCurrent()) byUrl.set(url, rendered);
      send(request, response, rendered);
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
  const uri = only(query, "uri");
  if (uri === undefined || uri.trim() === "")
    throw new AppError("REQUEST_INVALID", {
      field: "uri",
      problem: "is missing; ask /v1/resolve?uri=models:/NAME@ALIAS",
    });
  const at = only(query, "at");
  if (at?.trim() === "")
    throw new AppError("REQUEST_INVALID", {
      field: "at",
      problem: "is empty; give a time such as 2026-12-01T00:00:00Z",
    });
  return at === undefined ? uri : `${uri}?at=${at}`;
}

/** The value of a parameter; of several, nobody could say which was meant. */
function only(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name);
  if (values.length > 1)
    throw new AppError("REQUEST_INVALID", { field: name, problem: `may be given once, got ${values.length}` });
  return values[0];
}

/** `If-None-Match` of RFC 9110 §13.1.2; what it lists is compared weakly. */
function matches(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch === etag || ifNoneMatch === "*" || ifNoneMatch.includes(etag.slice("W/".length));
}

function render(uri: string, answer: ResolveResponse, recall: () => ResolveResponse | undefined): Rendered {
  const version = answer.version!;
  const whole = JSON.stringify({
    name: version.model,
    version: version.number,
    semver: version.semver,
    alias: answer.alias === "" ? null : answer.alias,
    stage: stageName(version.stage),
    // Where the bytes are elsewhere there is nothing to verify, and nobody should find that out by a missing prefix.
    ...(version.digest === "" ? { digest: null, verifiable: false } : { digest: version.digest }),
    artifact_uri: `models:/${version.model}/${version.number}`,
    signed_by: version.signedBy,
    log_index: null,
  });
  const text = whole.slice(0, -1);
  // Weak, for the time and the number of the last event, which are part of the body, are not part of it.
  const etag = `W/"${createHash("sha256").update(`${version.modelId} ${whole}`).digest("base64url").slice(0, 22)}"`;
  return {
    isCurrent: whileRecalled(answer, recall),
    // What was asked of the past keeps its own time; what holds now holds now.
    asOf: uri.includes("?") ? timestampDate(answer.asOf!).toISOString() : undefined,
    event: answer.event,
    text,
    bytes: Buffer.byteLength(text),
    etag,
  };
}
