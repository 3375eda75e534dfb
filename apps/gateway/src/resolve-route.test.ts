import { createServer, type Server } from "node:http";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Stage } from "@mintmark/proto/mintmark/registry/v1/version";
import pino from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { httpFailure } from "./http-error.ts";
import { isResolve, resolveRoute } from "./resolve-route.ts";
import { ask, listening } from "./testing/http.ts";
import { registryDouble } from "./testing/registry-double.ts";
import { openView, type View } from "./view/view.ts";

let server: Server | undefined;
let view: View | undefined;
afterEach(async () => {
  server?.close();
  await view?.close();
});

const asOf = new Date("2026-11-01T12:00:00.000Z");
const version = (model = "titanic", number = 1) => ({
  version: { model, modelId: "m", number, semver: "1.0.0", digest: "blake3:00", stage: Stage.NONE, signedBy: ["k"] },
  alias: "champion",
  asOf: timestampFromDate(asOf),
});

async function setUp({ staleAfterMs = 60_000, refuseAfterMs = 60_000 } = {}) {
  const registry = registryDouble();
  view = openView(registry.client, { staleAfterMs, refuseAfterMs }, [], pino({ level: "silent" }));
  await view.reached(registry.head());
  const route = resolveRoute(view);
  const counts = { memory: 0, registry: 0 };
  server = createServer((request, response) => {
    if (route.answerFromMemory(request, response)) {
      counts.memory += 1;
      return;
    }
    counts.registry += 1;
    route.answer(request, response).catch((error: unknown) => {
      response.writeHead(httpFailure(error).status).end(httpFailure(error).message);
    });
  });
  const base = await listening(server);
  const resolve = (query: string, headers = {}, method = "GET") =>
    ask(base, `/v1/resolve?${query}`, { headers, method });
  return { registry, resolve, counts, view };
}

describe("GET /v1/resolve", () => {
  it.each([
    ["uri=", "is missing"],
    ["uri=%20", "is missing"],
    ["uri", "is missing"],
    ["at=2026-11-01T12:00:00Z", "is missing"],
    ["uri=titanic/1&uri=titanic/2", "may be given once, got 2"],
    ["uri=titanic/1&uri=", "may be given once, got 2"],
    ["uri=titanic/1&at=", "is empty"],
    ["uri=titanic/1&at=2026-11-01T12:00:00Z&at=2026-11-02T12:00:00Z", "may be given once, got 2"],
  ])("refuses '%s', which could mean several things or none", async (query, problem) => {
    const { registry, resolve } = await setUp();
    registry.resolved.set("titanic/1", version());
    const { status, text } = await resolve(query);
    expect([status, text]).toEqual([400, expect.stringContaining(problem)]);
  });

  it("answers with what the registry decided, then from memory until the model changes", async () => {
    const { registry, resolve, counts, view } = await setUp();
    registry.resolved.set("titanic@champion", version());
    const first = await resolve("uri=titanic@champion");
    expect(JSON.parse(first.text)).toEqual({
      name: "titanic",
      version: 1,
      semver: "1.0.0",
      alias: "champion",
      stage: "None",
      digest: "blake3:00",
      artifact_uri: "models:/titanic/1",
      signed_by: ["k"],
      log_index: null,
      as_of: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      event: 1,
    });
    expect((await resolve("uri=titanic@champion")).status).toBe(200);
    expect(counts).toEqual({ memory: 1, registry: 1 });
    registry.resolved.set("titanic@champion", version("titanic", 2));
    registry.change("m");
    await view.reached(registry.head());
    expect(JSON.parse((await resolve("uri=titanic@champion")).text)).toMatchObject({ version: 2, event: 2 });
    expect(registry.asked.length).toBe(2);
  });

  it("says so of a version whose bytes are elsewhere: no digest, not verifiable", async () => {
    const { registry, resolve } = await setUp();
    const elsewhere = version();
    registry.resolved.set("x", { ...elsewhere, version: { ...elsewhere.version, digest: "" } });
    expect(JSON.parse((await resolve("uri=x")).text)).toMatchObject({ digest: null, verifiable: false });
  });

  it("has a tag that stays as long as the answer means the same, and changes with it", async () => {
    const { registry, resolve, view } = await setUp();
    registry.resolved.set("x", version());
    const { etag } = (await resolve("uri=x")).headers;
    for (const tags of [etag!, `"other", ${etag}`, etag!.slice(2), "*"]) {
      const again = await resolve("uri=x", { "if-none-match": tags });
      expect([again.status, again.text, again.headers.etag], tags).toEqual([304, "", etag]);
    }
    expect((await resolve("uri=x", { "if-none-match": '"other"' })).status).toBe(200);
    registry.resolved.set("x", version("titanic", 2));
    registry.change("m");
    await view.reached(registry.head());
    const after = await resolve("uri=x", { "if-none-match": etag! });
    expect(after.status).toBe(200);
    expect(after.headers.etag).not.toBe(etag);
  });

  it("is the same under every URL that names the same, also after a change", async () => {
    const { registry, resolve, view } = await setUp();
    const queries = ["uri=x", "uri=x&other=1"];
    for (const number of [1, 2]) {
      registry.resolved.set("x", version("titanic", number));
      registry.change("m");
      await view.reached(registry.head());
      for (const query of [...queries, ...queries])
        expect(JSON.parse((await resolve(query)).text)).toMatchObject({ version: number });
      queries.reverse();
    }
  });

  it.each([
    ["uri=models:/%E6%A8%A1%E5%9E%8B@champion", "models:/模型@champion", "模型"],
    ["uri=my%20model%40champion", "my model@champion", "my model"],
    ["uri=my+model@champion", "my model@champion", "my model"],
    ["uri=50%25", "50%", "50%"],
    ["uri=a%22b", 'a"b', 'a"b'],
  ])("understands %s, and states the length in bytes", async (query, uri, model) => {
    const { registry, resolve } = await setUp();
    registry.resolved.set(uri, version(model));
    for (let n = 0; n < 2; n++) {
      const { headers, bytes, text } = await resolve(query);
      expect(JSON.parse(text)).toMatchObject({ name: model });
      expect(Number(headers["content-length"])).toBe(bytes.length);
    }
  });

  it("answers a HEAD without a body", async () => {
    const { registry, resolve } = await setUp();
    registry.resolved.set("x", version());
    const answer = await resolve("uri=x", {}, "HEAD");
    expect([answer.status, answer.text]).toEqual([200, ""]);
    expect(Number(answer.headers["content-length"])).toBeGreaterThan(100);
  });

  it("asks the registry about the past each time, and states the time that was asked for", async () => {
    const { registry, resolve, counts } = await setUp();
    registry.resolved.set("x?at=2026-11-01T12:00:00Z", version());
    for (const query of ["uri=x&at=2026-11-01T12:00:00Z", "uri=x?at=2026-11-01T12:00:00Z"])
      expect(JSON.parse((await resolve(query)).text)).toMatchObject({ as_of: asOf.toISOString() });
    expect(counts).toEqual({ memory: 0, registry: 2 });
  });

  it("refuses a request without a URI, and says not found for a name that is not there", async () => {
    const { resolve } = await setUp();
    expect(await resolve("")).toMatchObject({ status: 400, text: expect.stringContaining("uri") });
    expect((await resolve("uri=")).status).toBe(400);
    expect((await resolve("uri=x")).status).toBe(404);
  });

  it("marks answers when the registry is silent, and does not say 'not modified' of them", async () => {
    const { registry, resolve } = await setUp({ staleAfterMs: 100 });
    registry.resolved.set("x", version());
    const fresh = await resolve("uri=x");
    expect(JSON.parse(fresh.text)).not.toHaveProperty("stale");
    await new Promise((resolve) => setTimeout(resolve, 150));
    const answer = await resolve("uri=x", { "if-none-match": fresh.headers.etag! });
    expect(JSON.parse(answer.text)).toMatchObject({ version: 1, stale: true });
    expect(Number(answer.headers["content-length"])).toBe(answer.bytes.length);
  });

  it("refuses when the registry is silent for too long", async () => {
    const { registry, resolve } = await setUp({ staleAfterMs: 50, refuseAfterMs: 100 });
    registry.resolved.set("x", version());
    expect((await resolve("uri=x")).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await resolve("uri=x")).toMatchObject({ status: 503, text: expect.stringContaining("silent") });
  });

  it("answers long URLs without remembering them", async () => {
    const { registry, resolve, counts } = await setUp();
    registry.resolved.set("x", version());
    for (let n = 0; n < 2; n++) expect((await resolve(`uri=x&y=${"y".repeat(3_000)}`)).status).toBe(200);
    expect(counts).toEqual({ memory: 0, registry: 2 });
  });
});

describe("isResolve", () => {
  it.each([
    ["/v1/resolve", true],
    ["/v1/resolve?uri=x", true],
    ["/v1/resolver", false],
    ["/v1/resolve/x", false],
    ["/V1/resolve", false],
  ])("of %s is %s", (url, expected) => expect(isResolve(url)).toBe(expected));
});
