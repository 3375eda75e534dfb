/**
 * `mlflow models predict` and `mlflow models serve`, MLflow's own programs, with models from this server.
 * @module
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { freePort } from "@mintmark/testing/free-port";
import { python } from "@mintmark/testing/needs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mlflowIsThere, runScript } from "./mlflow.ts";
import { run, start } from "./process.ts";
import { embeddedStack, type Stack, until } from "./stack.ts";

describe.runIf(mlflowIsThere())("MLflow's command line", () => {
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
  let stack: Stack;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    stack = await embeddedStack({ args: ["--workers", "0"] });
    // The server of a model is a program beside the interpreter.
    env = {
      MLFLOW_TRACKING_URI: stack.url,
      PATH: [dirname(python), process.env["PATH"]].join(delimiter),
    };
    await runScript("quickstart", env);
  }, 240_000);
  afterAll(async () => {
    await stack?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it("predicts with a registered model", { timeout: 240_000 }, async () => {
    writeFileSync(join(dir, "rows.json"), JSON.stringify(rows));
    const files = ["--input-path", join(dir, "rows.json"), "--output-path", join(dir, "answer.json")];
    const { code, stderr } = await run(python, models("predict", ...files, "--content-type", "json"), {
      env,
      timeoutMs: 200_000,
    });
    expect(code, stderr).toBe(0);
    expect(JSON.parse(readFileSync(join(dir, "answer.json"), "utf8"))).toEqual(answer);
  });

  it("serves a registered model", { timeout: 240_000 }, async () => {
    const port = await freePort();
    const server = start(python, models("serve", "--port", `${port}`), { env });
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
