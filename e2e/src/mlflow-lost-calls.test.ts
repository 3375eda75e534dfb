/**
 * What MLflow's clients create while the registry, or its database, dies under their calls.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { embeddedStack, type Stack, until } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await embeddedStack();
}, 90_000);
afterAll(() => stack?.stop());

/** A call of MLflow's REST API, once: its clients repeat what fails, and would hide what is made twice. */
async function call<T>(path: string, body: object): Promise<T> {
  const answer = await fetch(`${stack.url}/api/2.0/mlflow/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as T;
}

interface Run {
  readonly run: { readonly info: { readonly run_id: string } };
}
interface LoggedModel {
  readonly model: { readonly info: { readonly model_id: string } };
}
interface Version {
  readonly model_version: { readonly version: string };
}

it("makes each thing once and acknowledges it, however often the registry or its database is killed under eight writers", async () => {
  const { experiment_id } = await call<{ experiment_id: string }>("experiments/create", { name: "lost" });
  await call("registered-models/create", { name: "lost" });
  const made = { runs: [] as string[], models: [] as string[], versions: [] as string[] };
  let goOn = true;
  const writer = async (writer: number) => {
    for (let n = 0; goOn; n++) {
      const name = `lost-${writer}-${n}`;
      const { run } = await call<Run>("runs/create", { experiment_id, start_time: Date.now() });
      const { run_id } = run.info;
      made.runs.push(run_id);
      await call("runs/log-batch", { run_id, metrics: [{ key: "loss", value: n, timestamp: 1, step: n }] });
      const { model } = await call<LoggedModel>("logged-models", { experiment_id, name, source_run_id: run_id });
      made.models.push(model.info.model_id);
      await call("experiments/create", { name });
      await call("registered-models/create", { name });
      const { model_version } = await call<Version>("model-versions/create", {
        name: "lost",
        source: "s3://elsewhere/model",
        run_id,
      });
      made.versions.push(model_version.version);
    }
  };
  const writers = Promise.all(Array.from({ length: 8 }, (_, number) => writer(number)));
  const kill = async () => {
    for (const victim of ["registry", "postgres", "registry", "postgres", "registry"]) {
      const before = made.versions.length;
      await until("work of the writers", async () => made.versions.length >= before + 16);
      process.kill(stack.pid(victim), "SIGKILL");
    }
  };
  await Promise.race([kill(), writers]).finally(() => {
    goOn = false;
  });
  await writers;

  expect(await found("runs/search", "runs", ({ info }: Run["run"]) => info.run_id)).toEqual(made.runs.sort());
  expect(await found("logged-models/search", "models", ({ info }: LoggedModel["model"]) => info.model_id)).toEqual(
    made.models.sort(),
  );
  const versions = await stack.json<{ version: number }[]>("versions", "list", "lost");
  expect(versions.map(({ version }) => String(version)).sort()).toEqual(made.versions.sort());

  /** What there is of the experiment, by identity. */
  async function found<T>(path: string, field: string, identify: (one: T) => string): Promise<string[]> {
    const all: string[] = [];
    let page_token = "";
    do {
      const page = await call<Record<string, T[]> & { next_page_token?: string }>(path, {
        experiment_ids: [experiment_id],
        max_results: 1000,
        page_token,
      });
      all.push(...(page[field] ?? []).map(identify));
      page_token = page.next_page_token ?? "";
    } while (page_token !== "");
    return all.sort();
  }
}, 120_000);
