import { afterAll, beforeAll, expect, it } from "vitest";
import { checkout } from "./process.ts";
import { embeddedStack, type Stack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await embeddedStack();
  for (let n = 0; n < 3; n++)
    await stack.json(
      "train",
      `${checkout}examples/titanic.yaml`,
      "--set",
      `algorithm.seed=${n}`,
      "--set",
      "model=moved",
    );
  await stack.json("alias", "set", "moved", "champion", "1");
});
afterAll(() => stack?.stop());

const body = JSON.stringify({ dataframe_records: [{ class: "crew", sex: "male", age: "adult" }] });

it("no resolve and no prediction fails while an alias moves, and each names a version that was set", async () => {
  let over = false;
  const statuses = new Map<string, number>();
  const count = (key: string) => statuses.set(key, (statuses.get(key) ?? 0) + 1);
  const caller = async (ask: () => Promise<Response>, name: string) => {
    while (!over) {
      const answer = await ask();
      await answer.arrayBuffer();
      count(`${name} ${answer.status}`);
    }
  };
  const callers = [1, 2, 3, 4].flatMap(() => [
    caller(() => fetch(`${stack.url}/v1/resolve?uri=models:/moved@champion`), "resolve"),
    caller(
      () =>
        fetch(`${stack.url}/serve/moved@champion/invocations`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body,
        }),
      "predict",
    ),
  ]);
  for (let n = 0; n < 40; n++) {
    const version = (n % 3) + 1;
    const moved = await fetch(`${stack.url}/mintmark.registry.v1.AliasService/SetAlias`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "moved", alias: "champion", version }),
    });
    expect(moved.status).toBe(200);
    // Read your write: the very next answer of the gateway that took it.
    const seen = (await (await fetch(`${stack.url}/v1/resolve?uri=models:/moved@champion`)).json()) as {
      version: number;
    };
    expect(seen.version).toBe(version);
  }
  over = true;
  await Promise.all(callers);
  expect([...statuses.keys()].sort()).toEqual(["predict 200", "resolve 200"]);
  expect(statuses.get("predict 200")).toBeGreaterThan(40);
});
