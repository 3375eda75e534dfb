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

describe.runIf(mlflowIsThere())("an import from an MLflow server", () => {
  let stack: Stack;
  let source: Awaited<ReturnType<typeof referenceServer>>;
  beforeAll(async () => {
    const starting = referenceServer();
    stack = await embeddedStack();
    // So that experiments get other ids here than there.
    for (const [call, body] of [
      ["create", { name: "in the way" }],
      ["delete", { experiment_id: "1" }],
    ] as const) {
      const url = `${stack.url}/api/2.0/mlflow/experiments/${call}`;
      const headers = { "content-type": "application/json" };
      expect((await fetch(url, { method: "POST", headers, body: JSON.stringify(body) })).status).toBe(200);
    }
    source = await starting;
    await runScript("fill_server", { MLFLOW_TRACKING_URI: source.url });
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
