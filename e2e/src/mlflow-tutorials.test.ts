/**
 * Scripts as people write them, against this server and MLflow's own; and what the native tools and MLflow's own programs make
 * of what the scripts left here.
 * @module
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { freePort } from "@mintmark/testing/free-port";
import { python } from "@mintmark/testing/needs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { credentials, mlflowIsThere, newToken, referenceServer, runScript } from "./mlflow.ts";
import { checkout, run, start } from "./process.ts";
import { embeddedStack, type Stack, until } from "./stack.ts";

/** What the script sees there is what it has to see here. */
const tutorials: readonly [script: string, ...args: string[]][] = [
  ["quickstart"],
  ["registry"],
  ["lightgbm_pipeline", `${checkout}examples/titanic.csv`],
  ["three_levels"],
  ["flavors"],
  ["tracking"],
  ["evaluate"],
  ["prompts_and_traces"],
  ["artifacts"],
];

describe.runIf(mlflowIsThere())("an unmodified Python client", () => {
  let open: Stack;
  let guarded: Stack;
  let reference: Awaited<ReturnType<typeof referenceServer>>;
  let token: string;
  beforeAll(async () => {
    const starting = referenceServer();
    open = await embeddedStack();
    guarded = await embeddedStack({ args: ["--workers", "0", "--auth", "on"] });
    token = await newToken(guarded);
    reference = await starting;
  });
  afterAll(async () => {
    await Promise.all([open?.stop(), guarded?.stop(), reference?.stop()]);
  });

  const ran = new Map<string, Promise<Record<string, unknown>>>();
  /** What the script sees without authentication, where it is run once: others look at what it left. */
  function runOpen(script: string, ...args: string[]): Promise<Record<string, unknown>> {
    const running = ran.get(script) ?? runScript(script, { MLFLOW_TRACKING_URI: open.url }, ...args);
    ran.set(script, running);
    return running;
  }

  it.each(tutorials)(
    "sees in %s.py, with authentication and without, what it sees of MLflow's own server",
    {
      timeout: 400_000,
    },
    async (script, ...args) => {
      const { bearer, basic } = credentials(token);
      const proof = tutorials.findIndex(([name]) => name === script) % 2 === 0 ? bearer : basic;
      const [here, withToken, there] = await Promise.all([
        runOpen(script, ...args),
        runScript(script, { MLFLOW_TRACKING_URI: guarded.url, ...proof }, ...args),
        runScript(script, { MLFLOW_TRACKING_URI: reference.url }, ...args),
      ]);
      expect(here).toEqual(onPurpose(script, there));
      expect(withToken).toEqual(here);
    },
  );

  describe("leaves a model of three levels, main.default.iris, that", () => {
    beforeAll(() => runOpen("three_levels"), 240_000);

    it.each(["iris", "main.default.iris"])("is found by '%s', in every form", async (name) => {
      const byNumber = await open.json<Version>("versions", "show", `${name}/1`);
      expect(byNumber).toMatchObject({ model: "main.default.iris", version: 1, tags: { reviewed: "yes" } });
      for (const uri of [`${name}@champion`, name, `models:/${name}/latest`])
        expect(await open.json("versions", "show", uri)).toEqual(byNumber);
      const resolved = await (await fetch(`${open.url}/v1/resolve?uri=${name}@champion`)).json();
      expect(resolved).toMatchObject({ name: "main.default.iris", version: 1, alias: "champion" });
      const model = await (await fetch(`${open.url}/api/2.0/mlflow/registered-models/get?name=${name}`)).json();
      expect(model).toMatchObject({ registered_model: { name: "main.default.iris" } });
    });

    it("leads back to its logged model, its run and the data that the run read", async () => {
      const { run, logged_model } = await open.json<Version>("versions", "show", "iris/1");
      const { edges } = await open.json<{ edges: Edge[] }>("lineage", "iris@champion");
      expect(edges.map(({ from, to }) => [shown(from), shown(to)])).toEqual([
        [`LOGGED_MODEL ${logged_model}`, "VERSION main.default.iris/1"],
        [`RUN ${run}`, `LOGGED_MODEL ${logged_model}`],
        [expect.stringMatching(/^DATASET iris#\w+$/), `RUN ${run}`],
      ]);
      expect(edges.map(({ role }) => role)).toEqual(["output", "output", "training"]);
    });
  });

  describe("leaves a model, tracking-quickstart, that MLflow's own program", () => {
    const dir = mkdtempSync(join(tmpdir(), "mintmark-models-"));
    const columns = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"];
    const [setosa, virginica] = [
      [5.1, 3.5, 1.4, 0.2],
      [6.7, 3.0, 5.2, 2.3],
    ];
    const rows = { dataframe_split: { columns, data: [setosa, virginica] } };
    const answer = { predictions: [0, 2] };
    const champion = ["--model-uri", "models:/tracking-quickstart@champion", "--env-manager", "local"];
    const models = (command: string, ...args: string[]) => ["-m", "mlflow", "models", command, ...champion, ...args];
    // The server of a model is a program beside the interpreter.
    const env = () => ({
      MLFLOW_TRACKING_URI: open.url,
      PATH: [dirname(python), process.env["PATH"]].join(delimiter),
    });
    beforeAll(() => runOpen("quickstart"), 240_000);
    afterAll(() => rmSync(dir, { recursive: true, force: true }));

    it("predicts with", { timeout: 240_000 }, async () => {
      writeFileSync(join(dir, "rows.json"), JSON.stringify(rows));
      const files = ["--input-path", join(dir, "rows.json"), "--output-path", join(dir, "answer.json")];
      const { code, stderr } = await run(python, models("predict", ...files, "--content-type", "json"), {
        env: env(),
        timeoutMs: 200_000,
      });
      expect(code, stderr).toBe(0);
      expect(JSON.parse(readFileSync(join(dir, "answer.json"), "utf8"))).toEqual(answer);
    });

    it("serves", { timeout: 240_000 }, async () => {
      const port = await freePort();
      const server = start(python, models("serve", "--port", `${port}`), { env: env() });
      try {
        const url = `http://127.0.0.1:${port}`;
        const isUp = async () => (await fetch(`${url}/ping`).catch(() => undefined))?.ok === true;
        await until("the server of the model", isUp, 180_000);
        const headers = { "content-type": "application/json" };
        const invoked = await fetch(`${url}/invocations`, { method: "POST", headers, body: JSON.stringify(rows) });
        expect([invoked.status, await invoked.json()]).toEqual([200, answer]);
      } finally {
        await server.stop();
      }
    });
  });
});

/** Where this server answers otherwise, as docs/mlflow.md says. */
function onPurpose(script: string, seen: Record<string, unknown>): Record<string, unknown> {
  if (script !== "tracking") return seen;
  // An infinite metric comes back infinite, not as the greatest double.
  return { ...seen, metrics: { ...(seen["metrics"] as object), endless: "inf" } };
}

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
