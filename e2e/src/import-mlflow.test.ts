/**
 * `mintmark import mlflow` against MLflow's own server, filled and read by its unmodified client.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mlflowIsThere, referenceServer, runScript } from "./mlflow.ts";
import { mintmarkBin, run, start } from "./process.ts";
import { embeddedStack, type Stack, until } from "./stack.ts";

interface Counts {
  readonly found: number;
  readonly copied: number;
  readonly present: number;
}

type Imported = Readonly<Record<"experiments" | "runs" | "logged_models" | "models" | "versions" | "files", Counts>> & {
  readonly differences: readonly unknown[];
};

/** A call of MLflow's REST API, made as a client makes it. */
async function call<T>(url: string, method: string, path: string, body: object = {}): Promise<T> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${url}/api/2.0/mlflow/${path}`, { method, headers, body: JSON.stringify(body) });
  expect([path, answer.status]).toEqual([path, 200]);
  return (await answer.json()) as T;
}

describe.runIf(mlflowIsThere())("an import from an MLflow server", () => {
  let stack: Stack;
  let source: Awaited<ReturnType<typeof referenceServer>>;
  let loggedModels: readonly string[];
  beforeAll(async () => {
    const starting = referenceServer();
    stack = await embeddedStack();
    // So that experiments get other ids here than there.
    await call(stack.url, "POST", "experiments/create", { name: "in the way" });
    await call(stack.url, "POST", "experiments/delete", { experiment_id: "1" });
    source = await starting;
    ({ models: loggedModels } = await runScript<{ models: string[] }>("fill_server", {
      MLFLOW_TRACKING_URI: source.url,
    }));
  }, 300_000);
  afterAll(async () => {
    await Promise.all([stack?.stop(), source?.stop()]);
  });

  it("is looked at before anything is copied", async () => {
    const looked = await stack.json<Imported>("import", "mlflow", source.url, "--dry-run");
    expect(looked).toMatchObject({ runs: { found: 4, copied: 0, present: 0 }, versions: { found: 7, present: 0 } });
    expect(await stack.json("models", "list")).toEqual([]);
  });

  it("goes on where it was killed, and ends as if it had not been", async () => {
    const killed = start(mintmarkBin, ["import", "mlflow", source.url], { env: { MINTMARK_URL: stack.url } });
    const hasBegun = async () => killed.output.stderr.includes("copying what runs logged");
    await until("the copy of what runs logged", hasBegun, 60_000);
    killed.process.kill("SIGKILL");
    expect(await killed.ended).toBe(137);
    const resumed = await stack.json<Imported>("import", "mlflow", source.url);
    expect(resumed).toMatchObject({
      experiments: { found: 3, present: 3 },
      runs: { found: 4 },
      logged_models: { found: 3, copied: 0, present: 3 },
      models: { found: 4, copied: 4 },
      versions: { found: 7, copied: 7 },
      differences: [],
    });
    expect(resumed.runs.copied).toBeGreaterThan(0);
    expect(resumed.files.copied + resumed.files.present).toBe(resumed.files.found);
  });

  it("leaves an unmodified client with the same of everything: ids, histories, files, versions, answers", async () => {
    const [there, here] = await Promise.all(
      [source.url, stack.url].map((MLFLOW_TRACKING_URI) => runScript("tell_server", { MLFLOW_TRACKING_URI })),
    );
    expect(here).toEqual(there);
  });

  it("is signed by the registry where files came, and has no digest where they did not", async () => {
    const { digest } = await stack.json<{ digest: string }>("versions", "show", "doubler@champion");
    expect(digest).toMatch(/^blake3:/);
    expect(await stack.json("verify", "doubler@champion")).toMatchObject({ ok: true });
    expect(await stack.json("versions", "show", "elsewhere/1")).toMatchObject({ digest: null });
    expect((await stack.cli("versions", "show", "doubler/2")).code).toBe(1);
  });

  it("copies nothing twice, and takes what is deleted only when asked", async () => {
    const again = await stack.json<Imported>("import", "mlflow", source.url, "--check");
    for (const noun of ["experiments", "runs", "logged_models", "models", "versions", "files"] as const)
      expect(again[noun]).toMatchObject({ copied: 0, present: again[noun].found });
    const more = await stack.json<Imported>("import", "mlflow", source.url, "--deleted");
    expect(more.runs).toEqual({ found: 5, copied: 1, present: 4 });
    expect((await stack.json<Imported>("import", "mlflow", source.url, "--deleted")).runs.copied).toBe(0);
  });

  it("says what is another one here, and exits with 1", async () => {
    const other = await embeddedStack();
    try {
      await other.json("push", join(other.dir, "keys", "trusted"), "elsewhere");
      const { code, stdout } = await other.cli("import", "mlflow", source.url, "--model", "elsewhere");
      expect([code, stdout]).toEqual([1, expect.stringContaining("model 'elsewhere': is another one here")]);
    } finally {
      await other.stop();
    }
  });

  it("goes on to another system, from one that wants a token to one that wants another", async () => {
    const auth = { args: ["--auth", "on"] };
    const [first, second] = await Promise.all([embeddedStack(auth), embeddedStack(auth)]);
    const tokenOf = ({ dir }: Stack) => readFileSync(join(dir, "admin.token"), "utf8").trim();
    const copy = async (from: string, to: Stack, env: NodeJS.ProcessEnv) => {
      const target = { MINTMARK_URL: to.url, MINTMARK_TOKEN: tokenOf(to) };
      return run(mintmarkBin, ["import", "mlflow", from, "--model", "doubler"], { env: { ...target, ...env } });
    };
    try {
      expect(await copy(source.url, first, {})).toMatchObject({ code: 0 });
      expect(await copy(first.url, second, {})).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("give MLFLOW_TRACKING_TOKEN"),
      });
      const { code, stdout } = await copy(first.url, second, { MLFLOW_TRACKING_TOKEN: tokenOf(first) });
      expect([code, stdout]).toEqual([0, expect.stringMatching(/^versions +3 +3 +0$/m)]);
    } finally {
      await Promise.all([first.stop(), second.stop()]);
    }
  });

  describe("of what changes in between", () => {
    let other: Stack;
    beforeAll(async () => {
      other = await embeddedStack();
    });
    afterAll(() => other?.stop());

    const importAgain = async (...args: string[]) => {
      const { code, stdout } = await other.cli("import", "mlflow", source.url, "--json", ...args);
      return { code, ...(JSON.parse(stdout) as Imported) };
    };
    const post = <T>(path: string, body: object) => call<T>(source.url, "POST", path, body);
    const createRun = async (url: string, run: object = {}) => {
      const { run: made } = await call<{ run: { info: { run_id: string } } }>(url, "POST", "runs/create", {
        experiment_id: "0",
        ...run,
      });
      return made.info.run_id;
    };

    it("keeps versions whose logged model was deleted, which go on answering, with their aliases and copies", async () => {
      // Of it are doubler/3, which is champion and has a copy, and a value of `accuracy`.
      const doomed = loggedModels[1];
      await post("registered-models/create", { name: "second" });
      await post("model-versions/create", { name: "second", source: `models:/${doomed}`, model_id: doomed });
      await call(source.url, "DELETE", `logged-models/${doomed}`);
      await other.json("push", join(other.dir, "keys", "trusted"), "second");
      expect(await importAgain()).toMatchObject({
        code: 1,
        versions: { found: 8, copied: 7 },
        differences: [{ what: "model 'second'" }],
      });
      await call(other.url, "DELETE", "registered-models/delete", { name: "second" });
      expect(await importAgain()).toMatchObject({ code: 0, versions: { copied: 1, present: 7 }, differences: [] });
      const [there, here] = await Promise.all(
        [source.url, other.url].map((MLFLOW_TRACKING_URI) => runScript("tell_server", { MLFLOW_TRACKING_URI })),
      );
      expect(here).toEqual(there);
      expect(await other.json("verify", "prod.numbers.doubler/1")).toMatchObject({ ok: true });
      expect(await importAgain()).toMatchObject({ code: 0, runs: { copied: 0 }, versions: { copied: 0, present: 8 } });
    });

    it("keeps the source of versions whose files are elsewhere, though their logged model was deleted", async () => {
      const bucket = { name: "bucket", artifact_location: "s3://bucket/of-somebody" };
      const { experiment_id } = await post<{ experiment_id: string }>("experiments/create", bucket);
      const far = await createLoggedModel({ experiment_id });
      await post("registered-models/create", { name: "far" });
      await post("model-versions/create", { name: "far", source: `models:/${far}`, model_id: far });
      await post("registered-models/alias", { name: "far", alias: "it", version: "1" });
      await call(source.url, "DELETE", `logged-models/${far}`);
      for (const copied of [1, 0])
        expect(await importAgain("--model", "far")).toMatchObject({
          code: 1,
          versions: { copied },
          differences: [{ what: "version far/1", problem: "its files are not here" }],
        });
      expect(await other.json("versions", "show", "far@it")).toMatchObject({
        digest: null,
        source: `s3://bucket/of-somebody/models/${far}/artifacts`,
      });
    });

    it("keeps versions of several models of which one was imported after the other", async () => {
      const gone = await createLoggedModel({ experiment_id: "0" });
      const file = `${source.url}/api/2.0/mlflow-artifacts/artifacts/0/models/${gone}/artifacts/MLmodel`;
      expect((await fetch(file, { method: "PUT", body: "flavors: {}" })).status).toBe(200);
      const sources = { left: `models:/${gone}`, right: `mlflow-artifacts:/0/models/${gone}/artifacts` };
      for (const [name, of] of Object.entries(sources)) {
        await post("registered-models/create", { name });
        await post("model-versions/create", { name, source: of, model_id: gone });
      }
      await call(source.url, "DELETE", `logged-models/${gone}`);
      for (const name of ["left", "right"])
        expect(await importAgain("--model", name)).toMatchObject({ code: 0, versions: { copied: 1 }, differences: [] });
      const [left, right] = await Promise.all(
        ["left/1", "right/1"].map((uri) => other.json<{ digest: string }>("versions", "show", uri)),
      );
      expect(right!.digest).toBe(left!.digest);
    });

    it("names again what is still missing, and mends what can be", async () => {
      const data = (of: string) => ({ dataset: { name: "d", digest: "1", source_type: "local", source: of } });
      const run_id = await createRun(source.url, { run_name: "was named so", start_time: 1_700_000_000_000 });
      const lost = await createLoggedModel({ experiment_id: "0", source_run_id: run_id });
      await post("runs/outputs", { run_id, models: [{ model_id: lost, step: 3 }] });
      await post("runs/log-inputs", { run_id, models: [{ model_id: lost }], datasets: [data("there")] });
      const end = { status: "FINISHED", end_time: 1_700_000_060_000 };
      await post("runs/update", { run_id, ...end });
      await call(source.url, "DELETE", `logged-models/${lost}`);
      // A name and a digest mean one thing in an experiment.
      const another = await createRun(other.url);
      await call(other.url, "POST", "runs/log-inputs", { run_id: another, datasets: [data("here")] });

      const missing = {
        code: 1,
        differences: [
          "data set d (1) that it read differs",
          `logged model ${lost} that it read is missing`,
          `logged model ${lost} that it made is missing`,
        ].map((problem) => ({ what: `run ${run_id}`, problem })),
      };
      expect(await importAgain("--experiment", "Default")).toMatchObject(missing);
      const changed = { run_name: "is named otherwise", end_time: 1_800_000_000_000 };
      await call(other.url, "POST", "runs/update", { run_id, ...changed });
      expect(await importAgain("--experiment", "Default")).toMatchObject(missing);
      const told = async () => (await fetch(`${other.url}/api/2.0/mlflow/runs/get?run_id=${run_id}`)).json();
      expect(await told()).toMatchObject({ run: { info: { run_name: "was named so", ...end } } });

      await post("runs/delete", { run_id });
      for (let again = 0; again < 2; again++) {
        expect(await importAgain("--experiment", "Default", "--deleted")).toMatchObject(missing);
        expect(await told()).toMatchObject({ run: { info: { lifecycle_stage: "deleted" } } });
      }
    });

    it("completes histories when it is to check, and always what was measured of logged models", async () => {
      const { experiment_id } = await post<{ experiment_id: string }>("experiments/create", { name: "late" });
      const run_id = await createRun(source.url, { experiment_id });
      const log = (step: number, about = {}) =>
        post("runs/log-metric", { run_id, key: "loss", value: 1, timestamp: 1, step, ...about });
      const model_id = await createLoggedModel({ experiment_id, source_run_id: run_id });
      const steps = async () => {
        const told = await fetch(`${other.url}/api/2.0/mlflow/metrics/get-history?run_id=${run_id}&metric_key=loss`);
        return ((await told.json()) as { metrics: { step: number }[] }).metrics.map(({ step }) => step);
      };
      await log(2);
      await importAgain("--experiment", "late");
      await log(1);
      await log(2, { model_id });
      await importAgain("--experiment", "late");
      expect(await steps()).toEqual([2]);
      const told = await fetch(`${other.url}/api/2.0/mlflow/logged-models/${model_id}`);
      expect(await told.json()).toMatchObject({
        model: { data: { metrics: [{ key: "loss", value: 1, step: 2, run_id }] } },
      });
      const checked = await importAgain("--experiment", "late", "--check");
      expect(checked).toMatchObject({ code: 0, runs: { copied: 0, present: 1 }, differences: [] });
      expect(await steps()).toEqual([1, 2]);
    });

    async function createLoggedModel(body: object): Promise<string> {
      type Created = { readonly model: { readonly info: { readonly model_id: string } } };
      return (await post<Created>("logged-models", body)).model.info.model_id;
    }
  });

  it.each([
    [2, "a folder", "/tmp/mlruns"],
    [2, "nobody", "http://127.0.0.1:9"],
  ])("ends with %d at %s", async (code, _, uri) => {
    expect((await stack.cli("import", "mlflow", uri)).code).toBe(code);
  });

  it("ends with 1 where there is no such model", async () => {
    const { code, stderr } = await stack.cli("import", "mlflow", source.url, "--model", "nowhere");
    expect([code, stderr]).toEqual([1, expect.stringContaining("no registered model 'nowhere'")]);
  });
});
