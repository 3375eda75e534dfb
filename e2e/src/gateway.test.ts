import { connectRegistry, type RegistryClient } from "@mintmark/registry-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkout, mintmarkBin, type Program, start } from "./process.ts";
import { embeddedStack, type Stack, until } from "./stack.ts";

/** A name with everything in it that an address has to encode. */
const name = "模型 50% a+b";
const encoded = encodeURIComponent(name);

let stack: Stack;
let registry: RegistryClient;
/** A second gateway of the same registry, which the test may end. */
let second: Program;
let url: string;

beforeAll(async () => {
  stack = await embeddedStack();
  for (const seed of [1, 2])
    await stack.json(
      "train",
      `${checkout}examples/iris_tree.yaml`,
      "--set",
      `model=${name}`,
      "--set",
      `algorithm.seed=${seed}`,
    );
  second = start(
    mintmarkBin,
    ["gateway", "--port", "0", "--grpc-port", "0", "--mintmark-registry-url", stack.registryUrl],
    {
      env: { MINTMARK_KEY_DIR: `${stack.dir}/keys` },
    },
  );
  await until("the second gateway", async () => /"msg":"ready"/.test(second.output.stderr));
  url = `http://127.0.0.1:${/"port":(\d+),"grpcPort"/.exec(second.output.stderr)![1]}`;
  registry = connectRegistry({ baseUrl: url, token: undefined, httpVersion: "1.1" });
});
afterAll(async () => {
  registry?.close();
  await second?.stop();
  await stack?.stop();
});

it("who writes through a gateway reads it there at once, under any name", async () => {
  for (const version of [1, 2, 1]) {
    await registry.aliases.setAlias({ model: name, alias: "champion", version });
    const resolved = await fetch(`${url}/v1/resolve?uri=${encoded}%40champion`);
    expect(await resolved.json()).toMatchObject({ name, version, alias: "champion" });
    expect((await fetch(`${url}/serve/${encoded}@champion/ping`)).status).toBe(200);
  }
});

it("a name that is removed is gone at once, also for predictions", async () => {
  await registry.aliases.setAlias({ model: name, alias: "short", version: 1 });
  const ping = () => fetch(`${url}/serve/${encoded}@short/ping`);
  expect((await ping()).status).toBe(200);
  await registry.aliases.deleteAlias({ model: name, alias: "short" });
  expect((await ping()).status).toBe(404);
  expect((await fetch(`${url}/v1/resolve?uri=${encoded}@short`)).status).toBe(404);
});

it("a gateway under a stream that never ends is gone within seconds of SIGTERM, and the stream fails", async () => {
  const batches = registry.events.watch({})[Symbol.asyncIterator]();
  await batches.next();
  const rest = (async () => {
    while (!(await batches.next()).done);
  })();
  const failed = expect(rest).rejects.toThrow();
  const began = performance.now();
  second.process.kill("SIGTERM");
  expect(await second.ended).toBe(0);
  expect(performance.now() - began).toBeLessThan(6_000);
  await failed;
});
