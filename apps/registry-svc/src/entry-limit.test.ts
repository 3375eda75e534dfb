import { createRouterTransport } from "@connectrpc/connect";
import { clients } from "@mintmark/registry-client";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectDatabase } from "./db/connect.ts";
import { appRole } from "./db/migrate.ts";
import { errorInterceptor } from "./error-interceptor.ts";
import { addServices } from "./services.ts";
import { failureOf } from "./testing/failure.ts";
import { type TestRegistry, testRegistry } from "./testing/registry.ts";
import { authenticateNobody, authentication } from "./tokens/authentication.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry();
});
afterAll(() => registry.close());

let made = 0;
const entries = (count: number) => Object.fromEntries(Array.from({ length: count }, () => [`key-${made++}`, "v"]));

describe("tags", () => {
  // Before the others make keys.
  it("cost in proportion to their number, also where the statistics say that there are hardly any keys", async () => {
    const owner = new pg.Client({ connectionString: registry.database.owner.url });
    await owner.connect();
    await owner.query("set search_path to mintmark; analyze");
    const ms = async (count: number) => {
      const keys = Object.keys(entries(count));
      const begin = performance.now();
      await owner.query("begin; set local statement_timeout = '60s'");
      await owner.query("select key_of(key) from unnest($1::text[]) as given (key)", [keys]);
      const took = performance.now() - begin;
      await owner.query("rollback");
      return took;
    };
    await ms(10);
    const sizes = [1_000, 2_000, 4_000, 8_000];
    const costs: number[] = [];
    for (const size of sizes) costs.push(Math.min(await ms(size), await ms(size)));
    const slope = Math.log(costs[3]! / costs[0]!) / Math.log(8);
    console.info(
      `new keys: ${sizes.map((size, i) => `${size} in ${costs[i]!.toFixed(0)} ms`).join(", ")}; slope ${slope.toFixed(2)}`,
    );
    expect(slope).toBeLessThan(1.5);
    await owner.end();
  });

  it("of a request are 1000 at most, whatever carries them", async () => {
    const { runs, experiments, models, loggedModels } = registry.client;
    const tags = entries(1_001);
    for (const call of [
      () => runs.createRun({ tags }),
      () => experiments.createExperiment({ name: "many", tags }),
      () => models.createModel({ name: "many", tags }),
      () => loggedModels.createLoggedModel({ experimentId: "0", tags }),
      () => registry.client.jobs.submitJob({ configJson: "{}", tags }),
    ])
      expect(await failureOf(call())).toMatchObject({
        reason: "REQUEST_INVALID",
        message: expect.stringMatching(/"tags" must have at most 1000 entries a request, got 1001/),
      });
    const wide = loggedModels.createLoggedModel({ experimentId: "0", params: entries(1_001) });
    expect((await failureOf(wide)).message).toContain('"params" must have at most 1000');
    expect((await runs.createRun({ tags: entries(1_000) })).run?.id).toMatch(/^[0-9a-f]{32}$/);
  });

  it("of an object are as many as the registry is set to, all requests together; those it has can still change", async () => {
    const few = connectDatabase({
      url: registry.database.owner.url,
      role: appRole,
      maxEntries: 5,
      onIdleError: () => {},
    });
    const routes = createRouterTransport((router) => addServices(router, { ...registry.deps, db: few.db }), {
      router: {
        interceptors: [errorInterceptor(() => {})],
        requestGate: authentication(
          authenticateNobody,
          () => false,
          () => {},
        ),
      },
    });
    const { runs, models } = clients(routes, () => {});
    const { run } = await runs.createRun({ tags: { a: "1", b: "1", c: "1" } });
    await runs.logBatch({ runId: run!.id, tags: { d: "1" } });
    const more = await failureOf(runs.logBatch({ runId: run!.id, tags: { e: "1", f: "1" } }));
    expect(more).toMatchObject({
      reason: "REQUEST_INVALID",
      // The run's name is a tag too.
      message: expect.stringMatching(
        /"tags" of one run may be at most 5 \(MINTMARK_MAX_ENTRIES\); with these it had 7/,
      ),
    });
    await runs.logBatch({ runId: run!.id, tags: { a: "2", d: "2" } });
    expect((await runs.getRun({ id: run!.id })).run?.tags).toMatchObject({ a: "2", b: "1", c: "1", d: "2" });
    const params = await failureOf(runs.logBatch({ runId: run!.id, params: entries(6) }));
    expect(params.message).toContain('"params" of one run may be at most 5');
    const model = models.createModel({ name: "wide", tags: entries(6) });
    expect((await failureOf(model)).message).toContain('"tags" of one model may be at most 5');
    await few.close();
  });
});
