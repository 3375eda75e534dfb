/**
 * The peer of MLflow's API: `mlflow server` with its defaults, on a database of its own in the Postgres server of a stack.
 * @module
 */
import { join } from "node:path";
import { start } from "@mintmark/e2e/process";
import { until } from "@mintmark/e2e/stack";
import { freePort } from "@mintmark/testing/free-port";
import { python } from "@mintmark/testing/needs";
import { Client } from "pg";
import { family } from "./memory-use.ts";

export interface MlflowServer {
  readonly url: string;
  /** The process that started the others. */
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

const database = "mlflow_reference";

/**
 * @param superuserUrl of the Postgres server
 * @param dir where its artifacts go
 */
export async function startMlflowServer(superuserUrl: string, dir: string): Promise<MlflowServer> {
  const client = new Client({ connectionString: superuserUrl });
  await client.connect();
  await client.query(`create database ${database}`);
  await client.end();
  const store = new URL(superuserUrl);
  store.protocol = "postgresql+psycopg2:";
  store.pathname = `/${database}`;
  const port = await freePort();
  const args = [
    ...["--backend-store-uri", store.href, "--artifacts-destination", join(dir, "artifacts")],
    ...["--host", "127.0.0.1", "--port", `${port}`],
    // On a busy machine its workers would be ended for starting too slowly, again and again.
    ...["--uvicorn-opts", "--timeout-worker-healthcheck 120"],
  ];
  const program = start(python, ["-m", "mlflow", "server", ...args], { cwd: dir });
  const pid = program.process.pid!;
  const stop = async () => {
    const all = family(pid);
    await program.stop();
    // Its workers and job runners do not always end with it.
    for (const member of all)
      try {
        process.kill(member, "SIGKILL");
      } catch {
        // It had ended.
      }
  };
  const url = `http://127.0.0.1:${port}`;
  const healthy = async () => {
    if (program.process.exitCode !== null) throw new Error(`it ended with ${program.process.exitCode}`);
    return fetch(`${url}/health`).then(
      (answer) => answer.ok,
      () => false,
    );
  };
  try {
    await until("mlflow server", healthy, 300_000);
  } catch (error) {
    await stop();
    throw new Error(`mlflow server did not start: ${program.output.stderr}`, { cause: error });
  }
  return { url, pid, stop };
}
