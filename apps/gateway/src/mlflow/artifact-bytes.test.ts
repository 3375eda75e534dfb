import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { openFileStore } from "@mintmark/blob-store";
import { digestsOf } from "@mintmark/crypto/digests";
import { connectRegistry } from "@mintmark/registry-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { passThrough } from "../native/pass-through.ts";
import { ask, listening } from "../testing/http.ts";
import { artifactBytes } from "./artifact-bytes.ts";

const small = new TextEncoder().encode("a small artifact");
const large = new Uint8Array(5_000_000).map((_, i) => i % 251);

let root: string;
let asked: string[];
const opened: (() => void)[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mintmark-artifacts-"));
  asked = [];
});
afterEach(() => {
  for (const close of opened.splice(0)) close();
  rmSync(root, { recursive: true });
});

/** A gateway beside a store that holds `stored`, before a registry that says it has `bytes` under every path. */
async function setUp(bytes: Uint8Array, stored: Uint8Array | undefined) {
  const { blake3 } = digestsOf(bytes);
  const store = await openFileStore(root);
  if (stored !== undefined) {
    await store.store(Readable.from([bytes]));
    writeFileSync(join(root, "blobs", blake3.slice(0, 2), blake3), stored);
  }
  const registryUrl = await serve((request, response) => {
    asked.push(`${request.method} ${request.url} by ${request.headers.authorization}`);
    if (request.headers.authorization === undefined) {
      const body = JSON.stringify({ error: { code: "not_found", message: "no such file" } });
      response.writeHead(404, { "content-type": "application/json" }).end(body);
      return;
    }
    const part = request.headers.range === "bytes=10-13";
    const answer = part ? bytes.subarray(10, 14) : bytes;
    response.writeHead(part ? 206 : 200, {
      "content-length": answer.length,
      etag: `"blake3:${blake3}"`,
      "x-content-type-options": "nosniff",
      ...(part ? { "content-range": `bytes 10-13/${bytes.length}` } : {}),
    });
    response.end(request.method === "HEAD" ? undefined : answer);
  });
  const native = passThrough(registryUrl, async () => {});
  const registry = connectRegistry({ baseUrl: registryUrl, httpVersion: "1.1" });
  opened.push(native.close, registry.close);
  const { answer } = artifactBytes(native, registry, store);
  const url = await serve((request, response) => {
    answer(request, response).catch((error: Error) => response.writeHead(404).end(error.message));
  });
  const get = (headers: Record<string, string> = {}) =>
    ask(url, "/api/2.0/mlflow-artifacts/artifacts/0/r/artifacts/f", { headers: { authorization: "t", ...headers } });
  return { url, get };
}

async function serve(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server: Server = createServer(handler);
  opened.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return await listening(server);
}

const head = "HEAD /v1/files/0/r/artifacts/f by t";
const whole = "GET /v1/files/0/r/artifacts/f by t";

describe("an artifact in a store of this machine", () => {
  it.each([small, large])(
    "comes from there, with the headers of the registry, which is asked in the caller's name",
    async (bytes) => {
      const { get } = await setUp(bytes, bytes);
      for (let time = 0; time < 2; time++) {
        const answer = await get();
        expect(answer.status).toBe(200);
        expect(answer.headers).toMatchObject({
          "content-length": `${bytes.length}`,
          "x-content-type-options": "nosniff",
        });
        expect(digestsOf(answer.bytes)).toEqual(digestsOf(bytes));
      }
      expect(asked).toEqual([head, head]);
    },
  );

  it("comes in part where a part is wanted", async () => {
    const { get } = await setUp(large, large);
    const answer = await get({ range: "bytes=10-13" });
    expect(answer.status).toBe(206);
    expect([...answer.bytes]).toEqual([10, 11, 12, 13]);
    expect(asked).toEqual([head]);
  });

  it("comes from the registry where the store does not have it, or not as it should be", async () => {
    for (const stored of [undefined, new Uint8Array(small.length)]) {
      asked = [];
      const { get } = await setUp(small, stored);
      expect((await get()).text).toBe("a small artifact");
      expect(asked).toEqual([head, whole]);
    }
  });

  it("is cut off before its end where its bytes have changed", async () => {
    const changed = large.slice();
    changed[4_999_999]! ^= 1;
    const { get } = await setUp(large, changed);
    await expect(get()).rejects.toThrow();
    expect(asked).toEqual([head]);
  });

  it("is refused in the registry's words", async () => {
    const { url } = await setUp(small, small);
    const answer = await ask(url, "/api/2.0/mlflow-artifacts/artifacts/0/r/artifacts/f");
    expect(answer.text).toContain("no such file");
  });
});
