/**
 * Ten thousand changes at once: who follows the registry sees each of them once and in order, and the gateway's memory of
 * names ends where the registry is.
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  connectRegistry,
  eventHeader,
  pushDirectory,
  type RegistryClient,
  readSigningKeys,
} from "@mintmark/registry-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { embeddedStack, type Stack } from "./stack.ts";

const writers = 16;
const aliasesEach = 3;
const movesEach = 625;
const aliases = Array.from({ length: writers * aliasesEach }, (_, n) => `alias-${n}`);

let stack: Stack;
let registry: RegistryClient;
beforeAll(async () => {
  stack = await embeddedStack({ args: ["--workers", "0"] });
  registry = connectRegistry({ baseUrl: stack.registryUrl, token: undefined, httpVersion: "2" });
  for (const weights of ["one", "two"]) await register(weights);
  for (const alias of aliases) await registry.aliases.setAlias({ model: "burst", alias, version: 1 });
}, 60_000);
afterAll(async () => {
  registry?.close();
  await stack?.stop();
});

it("loses none of 10,000 events on the way to who watches, and none on the way to the gateway's memory", async () => {
  const { events } = await registry.events.listEvents({ pageSize: 1 });
  const before = events[0]!.number;
  const all = Array.from({ length: writers * movesEach }, (_, n) => before + 1n + BigInt(n));
  const prompt = watch(before, all.length, 0);
  const slow = watch(before, all.length, 20);

  let over = false;
  const asking = (async () => {
    while (!over) for (const alias of aliases) expect([1, 2]).toContain(await atGateway(alias));
  })();
  const moved = await Promise.all(Array.from({ length: writers }, (_, writer) => moveOwn(writer)));
  over = true;
  await asking;

  expect(moved.flat().toSorted((a, b) => Number(a - b))).toEqual(all);
  const late = watch(before, all.length, 0);
  for (const seen of [prompt, slow, late]) expect(await seen).toEqual(all);

  const atRegistry = await registry.aliases.listAliases({ model: "burst" });
  const ended = Object.fromEntries(atRegistry.aliases.map(({ name, version }) => [name, version]));
  expect(new Set(Object.values(ended))).toEqual(new Set([1, 2]));
  const seen = async () =>
    Object.fromEntries(await Promise.all(aliases.map(async (alias) => [alias, await atGateway(alias)] as const)));
  await expect.poll(seen, { timeout: 5_000 }).toEqual(ended);
}, 180_000);

/** Moves the aliases of one writer in turn, each to the other version. @returns the events that the answers named */
async function moveOwn(writer: number): Promise<bigint[]> {
  const own = aliases.slice(writer * aliasesEach, (writer + 1) * aliasesEach);
  const named: bigint[] = [];
  for (let n = 0; n < movesEach; n++) {
    const version = Math.floor(n / own.length) % 2 === 0 ? 2 : 1;
    const onHeader = (headers: Headers) => named.push(BigInt(headers.get(eventHeader)!));
    await registry.aliases.setAlias({ model: "burst", alias: own[n % own.length]!, version }, { onHeader });
  }
  return named;
}

/** The numbers of the next `count` events, as one stream brings them to a reader that pauses after each message. */
async function watch(after: bigint, count: number, pauseMs: number): Promise<bigint[]> {
  const stop = new AbortController();
  const numbers: bigint[] = [];
  try {
    for await (const { events } of registry.events.watch({ after }, { signal: stop.signal })) {
      numbers.push(...events.map(({ number }) => number));
      if (numbers.length >= count) break;
      await sleep(pauseMs);
    }
  } finally {
    stop.abort();
  }
  return numbers;
}

async function atGateway(alias: string): Promise<number> {
  const answer = await fetch(`${stack.url}/v1/resolve?uri=models:/burst@${alias}`);
  return ((await answer.json()) as { version: number }).version;
}

async function register(weights: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "mintmark-burst-"));
  try {
    writeFileSync(join(folder, "weights.txt"), weights);
    await pushDirectory(registry, folder, {
      request: { model: "burst" },
      keys: await readSigningKeys(join(stack.dir, "keys")),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
