import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
  type Server,
} from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { blobPath } from "@mintmark/blob-store";
import { digestsOf } from "@mintmark/crypto/digests";
import { discardRest } from "@mintmark/http-edge/discard-rest";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freeze } from "../testing/files.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";
import { authenticateNobody } from "../tokens/authentication.ts";
import { fileRoutes } from "./file-routes.ts";

let registry: TestRegistry;
let server: Server;

beforeAll(async () => {
  registry = await testRegistry();
  const onUnexpected = (error: unknown) => registry.unexpected.push(error);
  const serve = fileRoutes({ deps: registry.deps, admit: () => authenticateNobody(null), onUnexpected });
  server = createServer((request, response) => {
    discardRest(request, response);
    void serve(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(async () => {
  server.close();
  await registry.close();
});

const open = (path: string, options: RequestOptions = {}) =>
  httpRequest({ port: (server.address() as AddressInfo).port, path: `/v1/files/${path}`, agent: false, ...options });

async function ask(path: string, { body, ...options }: RequestOptions & { body?: string | Buffer } = {}) {
  const request = open(path, options);
  request.end(body);
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  const bytes = await buffer(answer);
  return { status: answer.statusCode!, headers: answer.headers, bytes, text: bytes.toString() };
}

const put = (path: string, body: string | Buffer) => ask(path, { method: "PUT", body });

describe("a file", () => {
  it("comes back as it was put, with what a browser and a client need to know", async () => {
    const answer = await put("0/run/artifacts/a/b.txt", "hello");
    const { blake3, sha256 } = digestsOf(Buffer.from("hello"));
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({ path: "0/run/artifacts/a/b.txt", size: 5, blake3, sha256 });
    const read = await ask("0/run/artifacts/a/b.txt");
    expect(read).toMatchObject({ status: 200, text: "hello" });
    expect(read.headers).toMatchObject({
      "content-type": "text/plain",
      "content-length": "5",
      "content-disposition": "attachment; filename=b.txt",
      "x-content-type-options": "nosniff",
      "accept-ranges": "bytes",
      etag: `"blake3:${blake3}"`,
      "last-modified": expect.stringMatching(/ GMT$/),
    });
    const head = await ask("0/run/artifacts/a/b.txt", { method: "HEAD" });
    expect(head).toMatchObject({ status: 200, text: "", headers: { "content-length": "5" } });
  });

  it.each(["mit Leerzeichen", "a+b", "a&b;c=d", "100%", "a#b?c", "日本語 😀", "it's (a) *", "x%2Fy"])(
    "may be named '%s'",
    async (name) => {
      const path = `names/${encodeURIComponent(name)}`;
      expect((await put(path, name)).status).toBe(200);
      const { text, headers } = await ask(path);
      expect(text).toBe(name);
      expect(headers["content-disposition"]).toMatch(
        /^attachment; filename(=[\w.-]+|="[^"\\%]+"|\*=UTF-8''[\w.!~%-]+)$/,
      );
      const { entries } = await registry.client.files.listFiles({ path: "names" });
      expect(entries.map((entry) => entry.name)).toContain(name);
    },
  );

  it("may be empty, also when its length is not said beforehand", async () => {
    expect((await ask("empty", { method: "PUT", headers: { "transfer-encoding": "chunked" } })).status).toBe(200);
    expect(await ask("empty")).toMatchObject({ status: 200, text: "", headers: { "content-length": "0" } });
  });

  it("is replaced by the next one of its path", async () => {
    await put("replaced", "one");
    await put("replaced", "another");
    expect(await ask("replaced")).toMatchObject({ text: "another" });
  });

  it("is given in parts, and whole to whoever has the beginning of another", async () => {
    await put("parts", "0123456789");
    const range = (value: string, more = {}) => ask("parts", { headers: { range: value, ...more } });
    expect(await range("bytes=2-4")).toMatchObject({
      status: 206,
      text: "234",
      headers: { "content-range": "bytes 2-4/10" },
    });
    expect(await range("bytes=-3")).toMatchObject({ status: 206, text: "789" });
    expect(await range("bytes=10-")).toMatchObject({ status: 416, headers: { "content-range": "bytes */10" } });
    const { etag } = (await ask("parts")).headers;
    expect(await range("bytes=2-4", { "if-range": etag })).toMatchObject({ status: 206, text: "234" });
    expect(await range("bytes=2-4", { "if-range": '"blake3:00"' })).toMatchObject({ status: 200, text: "0123456789" });
  });

  it("of an upload that breaks off is not there, and leaves what was there", async () => {
    await put("broken", "before");
    for (const headers of [{ "content-length": 1_000_000 }, { "transfer-encoding": "chunked" }]) {
      const request = open("broken", { method: "PUT", headers });
      const closed = new Promise((resolve) => request.on("close", resolve).on("error", () => {}));
      request.write(Buffer.alloc(200_000), () => setTimeout(() => request.destroy(), 100));
      await closed;
    }
    await sleep(200);
    expect(await ask("broken")).toMatchObject({ text: "before" });
    expect(registry.unexpected).toEqual([]);
  });
});

describe("a refusal", () => {
  it.each([
    ["GET", "none", 404, "FILE_NOT_FOUND"],
    ["GET", "0/run", 404, "FILE_NOT_FOUND"],
    ["GET", `registry/${crypto.randomUUID()}/1/MLmodel`, 404, "FILE_NOT_FOUND"],
    ["PUT", "0/../x", 400, "FILE_PATH_INVALID"],
    ["PUT", "0/%252e%252e/x", 400, "FILE_PATH_INVALID"],
    ["PUT", "%2Fetc/passwd", 400, "FILE_PATH_INVALID"],
    ["PUT", "0/a%ff", 400, "FILE_PATH_INVALID"],
    ["PUT", "0/a%00", 400, "FILE_PATH_INVALID"],
    ["PUT", "", 400, "FILE_PATH_INVALID"],
    ["PUT", "registry/x", 400, "FOLDER_FROZEN"],
  ])("of %s '%s' is %i %s", async (method, path, status, reason) => {
    const answer = await ask(path, { method, ...(method === "PUT" ? { body: "x" } : {}) });
    expect(answer).toMatchObject({ status, headers: { "mintmark-reason": reason } });
    expect(JSON.parse(answer.text)).toMatchObject({ error: { reason } });
  });

  it("reaches a client that first sends all of its body", async () => {
    await put("large/MLmodel", "x");
    await freeze(registry.deps, "large");
    expect(await put("large/more", Buffer.alloc(30 << 20))).toMatchObject({ status: 400 });
  });

  it("of another method names those that there are", async () => {
    expect(await ask("x", { method: "POST" })).toMatchObject({ status: 405, headers: { allow: "GET, HEAD, PUT" } });
  });
});

describe("a file whose stored bytes were damaged", () => {
  const size = 3_000_000;
  /** @returns where the bytes of a new file are kept */
  async function damaged(path: string, damage: (bytes: Buffer) => Buffer): Promise<{ blake3: string }> {
    const bytes = Buffer.alloc(size, path);
    const { blake3 } = JSON.parse((await put(path, bytes)).text);
    await writeFile(join(registry.storeRoot, blobPath(blake3)), damage(bytes));
    return { blake3 };
  }

  it.each([
    ["emptied", () => Buffer.alloc(0)],
    ["cut", (bytes: Buffer) => bytes.subarray(0, 1_000_000)],
  ])("is not answered with when it was %s: whole, in part, or its headers", async (how, damage) => {
    const { blake3 } = await damaged(`damaged/${how}`, damage);
    for (const options of [{}, { headers: { range: "bytes=5-9" } }, { method: "HEAD" }]) {
      const answer = await ask(`damaged/${how}`, options);
      expect(answer.status).toBe(500);
      expect(answer.headers["etag"]).toBeUndefined();
    }
    expect((await ask(`damaged/${how}`)).text).toContain("restore them from a backup or upload them again");
    const { blake3: missing } = await registry.client.artifacts.findMissingBlobs({ blake3: [blake3] });
    expect(missing).toEqual([blake3]);
    await put(`damaged/${how}`, Buffer.alloc(size, `damaged/${how}`));
    expect((await ask(`damaged/${how}`)).bytes).toHaveLength(size);
  });

  it("is cut off before its end when it was altered; a part of it says that only its size was checked", async () => {
    await damaged("damaged/altered", (bytes) => bytes.fill(0, 7, 8));
    await expect(ask("damaged/altered")).rejects.toThrow("aborted");
    const part = await ask("damaged/altered", { headers: { range: "bytes=0-9" } });
    expect([part.status, part.headers["x-mintmark-checked"]]).toEqual([206, "size"]);
    const head = await ask("damaged/altered", { method: "HEAD" });
    expect(head.headers["x-mintmark-checked"]).toBe("digest");
  });
});
