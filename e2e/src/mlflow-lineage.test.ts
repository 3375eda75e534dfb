/** What a Python client said about a model of three levels is what the native tools say about it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mlflowIsThere, runScript } from "./mlflow.ts";
import { embeddedStack, type Stack } from "./stack.ts";

describe.runIf(mlflowIsThere())("main.default.iris, made from Python,", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await embeddedStack({ args: ["--workers", "0"] });
    await runScript("three_levels", { MLFLOW_TRACKING_URI: stack.url });
  }, 240_000);
  afterAll(() => stack?.stop());

  it.each(["iris", "main.default.iris"])("is found by '%s', in every form", async (name) => {
    const byNumber = await stack.json<Version>("versions", "show", `${name}/1`);
    expect(byNumber).toMatchObject({ model: "main.default.iris", version: 1, tags: { reviewed: "yes" } });
    for (const uri of [`${name}@champion`, name, `models:/${name}/latest`])
      expect(await stack.json("versions", "show", uri)).toEqual(byNumber);
    const resolved = await (await fetch(`${stack.url}/v1/resolve?uri=${name}@champion`)).json();
    expect(resolved).toMatchObject({ name: "main.default.iris", version: 1, alias: "champion" });
    const model = await (await fetch(`${stack.url}/api/2.0/mlflow/registered-models/get?name=${name}`)).json();
    expect(model).toMatchObject({ registered_model: { name: "main.default.iris" } });
  });

  it("leads back to its logged model, its run and the data that the run read", async () => {
    const { run, logged_model } = await stack.json<Version>("versions", "show", "iris/1");
    const { edges } = await stack.json<{ edges: Edge[] }>("lineage", "iris@champion");
    expect(edges.map(({ from, to }) => [shown(from), shown(to)])).toEqual([
      [`LOGGED_MODEL ${logged_model}`, "VERSION main.default.iris/1"],
      [`RUN ${run}`, `LOGGED_MODEL ${logged_model}`],
      [expect.stringMatching(/^DATASET iris#\w+$/), `RUN ${run}`],
    ]);
    expect(edges.map(({ role }) => role)).toEqual(["output", "output", "training"]);
  });
});

interface Version {
  readonly run: string;
  readonly logged_model: string;
}

interface Node {
  readonly kind: string;
  readonly id: string;
}

interface Edge {
  readonly from: Node;
  readonly to: Node;
  readonly role: string;
}

function shown({ kind, id }: Node): string {
  return `${kind.replace("LINEAGE_KIND_", "")} ${id}`;
}
