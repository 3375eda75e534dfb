import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { create } from "@bufbuild/protobuf";
import { digestsOf } from "@mintmark/crypto/digests";
import { DatasetInputSchema } from "@mintmark/proto/mintmark/tracking/v1/run";
import { afterAll, beforeAll, expect, it } from "vitest";
import { storeBlob } from "../artifacts/store-blob.ts";
import { dataLinks } from "../data-links/data-link.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";
import { dataRoutes } from "./data-routes.ts";

const bytes = Buffer.from("a,b\n1,2\n");
const digests = digestsOf(bytes);

let registry: TestRegistry;
let server: Server;
let base: string;

beforeAll(async () => {
  registry = await testRegistry();
  const onUnexpected = (error: unknown) => registry.unexpected.push(error);
  server = createServer(dataRoutes({ deps: registry.deps, onUnexpected })).listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await storeBlob(registry.deps, digests, [bytes] as unknown as AsyncIterable<Uint8Array>, 0);
});
afterAll(async () => {
  server.close();
  await registry.close();
});

async function inputsOf(...inputs: { name: string; blake3: string; sha256: string }[]) {
  const { client } = registry;
  const { run } = await client.runs.createRun({});
  const snapshots = inputs.map((input) => create(DatasetInputSchema, { ...input, role: "training" }));
  await client.runs.logBatch({ runId: run!.id, inputs: snapshots });
  const found = await client.runs.getRun({ id: run!.id });
  const listed = await client.runs.searchRuns({ experimentIds: [run!.experimentId] });
  const same = listed.runs.find(({ id }) => id === run!.id)!;
  const links = (read: typeof run) => read!.inputs.map(({ downloadPath }) => downloadPath !== "");
  expect(links(same)).toEqual(links(found.run));
  return found.run!.inputs;
}

it("the data of a run comes by the link that the run names, whole and in parts", async () => {
  const [input] = await inputsOf({ ...digests, name: "my data.csv" });
  const answer = await fetch(base + input!.downloadPath);
  expect(answer.status).toBe(200);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    "content-length": "8",
    "content-type": "text/csv",
    "content-disposition": 'attachment; filename="my data.csv"',
    "cache-control": "private, no-store",
    "x-content-type-options": "nosniff",
  });
  expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes);
  const part = await fetch(base + input!.downloadPath, { headers: { range: "bytes=4-" } });
  expect([part.status, await part.text()]).toEqual([206, "1,2\n"]);
  const head = await fetch(base + input!.downloadPath, { method: "HEAD" });
  expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "8", ""]);
});

it("a run names no link to bytes that were never uploaded", async () => {
  const elsewhere = { name: "far.csv", blake3: "0".repeat(64), sha256: "0".repeat(64) };
  const inputs = await inputsOf({ ...digests, name: "near.csv" }, elsewhere);
  expect(inputs.map(({ name, downloadPath }) => [name, downloadPath !== ""])).toEqual([
    ["far.csv", false],
    ["near.csv", true],
  ]);
});

it.each([
  ["an altered link", (path: string) => path.replace(/\/[^/]+$/, "/x.csv"), 403, "DATA_LINK_INVALID"],
  ["what is no link", () => `/v1/data/${digests.blake3}`, 403, "DATA_LINK_INVALID"],
  ["an expired link", () => past().make({ ...digests, name: "x" }), 403, "DATA_LINK_EXPIRED"],
  [
    "bytes that are gone",
    () => registry.deps.dataLinks.make({ blake3: "0".repeat(64), name: "x" }),
    404,
    "BLOB_NOT_FOUND",
  ],
])("%s is refused with words", async (_, change, status, reason) => {
  const answer = await fetch(base + change(registry.deps.dataLinks.make({ ...digests, name: "y.csv" })));
  expect(answer.status).toBe(status);
  expect(await answer.json()).toMatchObject({ error: { reason, message: expect.stringContaining(" ") } });
});

it("another method is refused with those that there are", async () => {
  const answer = await fetch(`${base}/v1/data/x`, { method: "DELETE" });
  expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  expect(registry.unexpected).toEqual([]);
});

function past() {
  return dataLinks(registry.deps.keys.signing, 60, () => Date.now() - 61_000);
}
