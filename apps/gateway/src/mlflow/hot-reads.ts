/**
 * MLflow's hottest reads, in front of the framework: an answer that still holds is written without a call or a parse.
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { RememberedRoute } from "../remembered-route.ts";
import { Lru } from "../view/lru.ts";
import { readMessage } from "./fields.ts";
import type { HotAnswer, HotRead, HotSource } from "./hot-read.ts";
import { modelVersionReads } from "./model-versions.ts";
import { readQuery } from "./query.ts";
import { registeredModelReads } from "./registered-models.ts";

const reads: ReadonlyMap<string, HotRead> = new Map(
  [...registeredModelReads, ...modelVersionReads].flatMap((read) => [
    [`/api/${read.path}`, read],
    [`/ajax-api/${read.path}`, read],
  ]),
);

/** Longer URLs are answered, but not remembered. */
const rememberedUrlLength = 2_048;
/** What all remembered answers may have together, in characters. */
const capacity = 32 * 1024 * 1024;
/** What an entry takes beside its URL and its body. */
const overhead = 512;

/** An answer that holds, ready to be sent. */
interface Rendered {
  readonly url: string;
  readonly text: string;
  readonly bytes: number;
  readonly isCurrent: HotAnswer["isCurrent"];
}

/** True if the request is one of these reads. */
export function isHotRead({ method, url }: IncomingMessage): boolean {
  return (method === "GET" || method === "HEAD") && reads.has(pathOf(url!));
}

export function hotReads(source: HotSource): RememberedRoute {
  const { view } = source;
  const byUrl = new Lru<string, Rendered>(
    capacity,
    () => {},
    ({ url, text }) => url.length + text.length + overhead,
  );

  const send = (response: ServerResponse, { text, bytes }: Rendered) => {
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": bytes,
      // For how many seconds nobody could have said that it has changed.
      ...(view.isStale() ? { age: String(Math.floor(view.silence() / 1000)) } : {}),
    });
    response.end(text);
  };

  return {
    answerFromMemory: (request, response) => {
      const known = byUrl.get(request.url!);
      if (known === undefined || view.isTooOld()) return false;
      if (!known.isCurrent()) {
        byUrl.delete(known.url);
        return false;
      }
      send(response, known);
      return true;
    },
    answer: async (request, response) => {
      const url = request.url!;
      const path = pathOf(url);
      const read = reads.get(path)!;
      const message = readMessage(read.request, readQuery(url));
      const { fields, isCurrent } = await read.find(message, source);
      const text = JSON.stringify(fields);
      const rendered: Rendered = { url, text, bytes: Buffer.byteLength(text), isCurrent };
      if (url.length <= rememberedUrlLength && isCurrent()) byUrl.set(url, rendered);
      send(response, rendered);
    },
  };
}

function pathOf(url: string): string {
  const query = url.indexOf("?");
  return query === -1 ? url : url.slice(0, query);
}
