import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { LoadedModel } from "@mintmark/model-runtime/model-runtime";
import { EventSchema } from "@mintmark/proto/mintmark/registry/v1/event";
import { ResolveResponseSchema } from "@mintmark/proto/mintmark/registry/v1/resolve_service";
import type { Version } from "@mintmark/proto/mintmark/registry/v1/version";
import pino from "pino";
import { describe, expect, it } from "vitest";
import { serveModels } from "./served-models.ts";

const changed = (modelId = "m") => create(EventSchema, { number: 1n, kind: "alias.moved", modelId });

/** Models whose names and loading the test holds in its hands. */
function setUp({ versions = 10 }: { versions?: number } = {}) {
  const names = new Map<string, number>();
  const loads: number[] = [];
  const unloads: number[] = [];
  /** What loading a version waits for, or fails with. */
  const gates = new Map<number, Promise<void>>();
  const state = { fresh: true };
  const models = serveModels(
    {
      resolve: async (uri) => {
        const number = names.get(uri);
        if (number === undefined) throw new ConnectError(`'${uri}' names nothing`, Code.NotFound);
        return create(ResolveResponseSchema, { version: { modelId: "m", model: "titanic", number } });
      },
      requireFresh: () => {
        if (!state.fresh) throw new Error("the registry is silent");
      },
      load: async ({ number }: Version): Promise<LoadedModel> => {
        loads.push(number);
        await gates.get(number);
        const signature = { inputs: [], outputs: [], schema: { columns: [] } };
        return { signature, score: async () => [], unload: () => unloads.push(number) };
      },
      log: pino({ level: "silent" }),
    },
    { names: 10, versions, retryMs: 20 },
  );
  const version = async (uri: string) => (await models.get(uri)).version.number;
  return { names, loads, unloads, gates, state, models, version };
}

/** A promise that the test settles. */
function gate() {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  promise.catch(() => {});
  return { promise, open: resolve, fail: () => reject(new Error("does not verify")) };
}

describe("serveModels", () => {
  it("loads a version once, however many ask for it and by whatever names", async () => {
    const { names, loads, models } = setUp();
    names.set("titanic@champion", 1).set("titanic/1", 1);
    const [a, b] = await Promise.all(["titanic@champion", "titanic/1", "titanic/1"].map(models.get));
    expect(a!.model).toBe(b!.model);
    expect(loads).toEqual([1]);
  });

  it("answers with the old version until the new one is loaded, and then with the new one", async () => {
    const { names, gates, models, version } = setUp();
    names.set("x", 1);
    await version("x");
    const second = gate();
    gates.set(2, second.promise);
    names.set("x", 2);
    models.event(changed());
    expect(await version("x")).toBe(1);
    second.open();
    await models.settled();
    expect(await version("x")).toBe(2);
  });

  it("keeps the old version when the new one cannot be loaded, and tries again until it can", async () => {
    const { names, gates, models, version } = setUp();
    names.set("x", 1);
    await version("x");
    const broken = gate();
    broken.fail();
    gates.set(2, broken.promise);
    names.set("x", 2);
    models.event(changed());
    await models.settled();
    expect(await version("x")).toBe(1);
    gates.delete(2);
    await expect.poll(() => version("x"), { timeout: 2_000, interval: 5 }).toBe(2);
  });

  it("tries again at one pace, however many changes come meanwhile", async () => {
    const { names, gates, loads, models, version } = setUp();
    names.set("x", 1);
    await version("x");
    const broken = gate();
    broken.fail();
    gates.set(2, broken.promise);
    names.set("x", 2);
    for (let n = 0; n < 5; n++) {
      models.event(changed());
      await sleep(4);
    }
    await sleep(400);
    // Five by the events, and one each 20 ms.
    expect(loads.filter((number) => number === 2).length).toBeLessThanOrEqual(5 + 21);
  });

  it("does not let a slow load of an earlier version win over a later one", async () => {
    const { names, gates, models, version } = setUp();
    names.set("x", 1);
    await version("x");
    const second = gate();
    gates.set(2, second.promise);
    names.set("x", 2);
    models.event(changed());
    await Promise.resolve();
    names.set("x", 3);
    models.event(changed());
    await expect.poll(() => version("x")).toBe(3);
    second.open();
    await models.settled();
    expect(await version("x")).toBe(3);
  });

  it("fails like the registry for a name that was never there, and for one that was removed", async () => {
    const { names, models, version } = setUp();
    await expect(version("x")).rejects.toThrow("names nothing");
    names.set("x", 1);
    await version("x");
    names.delete("x");
    models.event(changed());
    await models.settled();
    await expect(version("x")).rejects.toThrow("names nothing");
  });

  it("remembers nothing of a first load that failed", async () => {
    const { names, gates, version } = setUp();
    names.set("x", 1);
    const broken = gate();
    broken.fail();
    gates.set(1, broken.promise);
    await expect(version("x")).rejects.toThrow("does not verify");
    gates.delete(1);
    expect(await version("x")).toBe(1);
  });

  it("asks afresh for whoever comes after a change that a first load may have missed", async () => {
    const { names, gates, models, version } = setUp();
    const first = gate();
    gates.set(1, first.promise);
    names.set("x", 1);
    const early = version("x");
    await new Promise((resolve) => setImmediate(resolve));
    names.set("x", 2);
    models.event(changed());
    expect(await version("x")).toBe(2);
    first.open();
    expect(await early).toBe(1);
    expect(await version("x")).toBe(2);
  });

  it("a write waits for the swaps that it causes, not for somebody's first load", async () => {
    const { names, gates, models } = setUp();
    names.set("x", 1);
    gates.set(1, new Promise(() => {}));
    models.get("x").catch(() => {});
    await models.settled();
  });

  it("leaves a name of another model alone", async () => {
    const { names, models, version } = setUp();
    names.set("x", 1);
    await version("x");
    names.set("x", 2);
    models.event(changed("another"));
    models.event(changed(""));
    await models.settled();
    expect(await version("x")).toBe(1);
    models.reset();
    await models.settled();
    expect(await version("x")).toBe(2);
  });

  it("keeps only so many versions in memory: those that were used last", async () => {
    const { names, loads, models, version } = setUp({ versions: 2 });
    for (const number of [1, 2, 3]) names.set(`x/${number}`, number);
    for (const uri of ["x/1", "x/2", "x/1", "x/3", "x/1"]) await version(uri);
    expect(models.loaded()).toBe(2);
    expect(loads).toEqual([1, 2, 3]);
    await version("x/2");
    expect(loads).toEqual([1, 2, 3, 2]);
  });

  it("refuses from memory when that can no longer be relied upon", async () => {
    const { names, state, version } = setUp();
    names.set("x", 1);
    await version("x");
    state.fresh = false;
    await expect(version("x")).rejects.toThrow("silent");
  });
});
