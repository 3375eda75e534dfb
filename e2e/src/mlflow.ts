/**
 * Unmodified Python clients of MLflow, and its own server to compare with.
 * @module
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@mintmark/testing/free-port";
import { needsPython, python } from "@mintmark/testing/needs";
import { checkout, run, start } from "./process.ts";
import { type Stack, until } from "./stack.ts";

/** Whether the clients and what the tutorials import are there. */
export const mlflowIsThere = () =>
  needsPython(["mlflow", "sklearn", "lightgbm", "matplotlib", "pandas", "onnxruntime"]);

/** Runs `e2e/python/NAME.py` with the environment that a user sets, and gives the JSON document that it printed. */
export async function runScript<T = Record<string, unknown>>(
  name: string,
  env: NodeJS.ProcessEnv,
  ...args: string[]
): Promise<T> {
  // MLflow's telemetry takes a variable out of the environment in a thread of its own, while requests are reading it.
  const quiet = {
    MLFLOW_DISABLE_TELEMETRY: "true",
    PYTHONWARNINGS: "ignore",
    MLFLOW_ENABLE_ASYNC_TRACE_LOGGING: "false",
    MPLBACKEND: "Agg",
  };
  const { code, stdout, stderr } = await run(python, [`${checkout}e2e/python/${name}.py`, ...args], {
    env: { ...quiet, ...env },
    timeoutMs: 240_000,
  });
  if (code !== 0) throw new Error(`${name}.py ended with ${code}:\n${stderr.slice(-4_000)}`);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as T;
}

/** What a user sets to say who he is, in the two ways that MLflow's clients know. */
export function credentials(token: string) {
  return {
    bearer: { MLFLOW_TRACKING_TOKEN: token },
    basic: { MLFLOW_TRACKING_USERNAME: "ada", MLFLOW_TRACKING_PASSWORD: token },
  };
}

/** An ordinary token of a stack that asks for one. */
export async function newToken(stack: Stack, name = "ada"): Promise<string> {
  const { secret } = await stack.json<{ secret: string }>("--token", adminToken(stack), "token", "create", name);
  return secret;
}

export function adminToken({ dir }: Stack): string {
  return readFileSync(join(dir, "admin.token"), "utf8").trim();
}

/** MLflow's own server on SQLite and a folder. */
export async function referenceServer(): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), "mlflow-reference-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const store = ["--backend-store-uri", `sqlite:///${dir}/mlflow.db`, "--artifacts-destination", `${dir}/files`];
  const server = start(
    python,
    ["-m", "mlflow", "server", ...store, "--host", "127.0.0.1", "--port", `${port}`, "--workers", "1"],
    { cwd: dir },
  );
  const stop = async () => {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  const isUp = async () => (await fetch(`${url}/health`).catch(() => undefined))?.ok === true;
  await until("MLflow's own server", isUp, 180_000).catch(async (error) => {
    await stop();
    throw error;
  });
  return { url, stop };
}
