import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needs } from "@mintmark/testing/needs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkout } from "./process.ts";
import { embeddedStack, type Stack, separateStack } from "./stack.ts";

interface Trained {
  readonly run: string;
  readonly model: string;
  readonly version: number;
  readonly semver: string;
  readonly digest: string;
  readonly metrics: Record<string, number>;
}
interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

const titanic = `${checkout}examples/titanic.yaml`;
const name = "main.default.titanic";
const redis = needs("Redis", "redis-server", ["--version"], "apt-get install redis-server");

const digests: string[] = [];
const shapes: [string, () => Promise<Stack>][] = [
  ["everything in one, with the Postgres queue", () => embeddedStack()],
];
if (redis) shapes.push(["separate processes, with Redis", () => separateStack()]);

describe.each(shapes)("the main job on %s", (_, begin) => {
  let stack: Stack;
  let trained: Trained;
  const out = mkdtempSync(join(tmpdir(), "mintmark-pull-"));
  beforeAll(async () => {
    stack = await begin();
  });
  afterAll(async () => {
    await stack?.stop();
    rmSync(out, { recursive: true, force: true });
  });

  it("trains, signs, pushes and registers a version with its metrics", async () => {
    trained = await stack.json<Trained>("train", titanic);
    expect(trained).toMatchObject({
      model: name,
      version: 1,
      semver: "1.0.0",
      digest: expect.stringMatching(/^blake3:[0-9a-f]{64}$/),
    });
    expect(trained.metrics["accuracy"]).toBeGreaterThan(0.75);
    for (const step of ["load", "fit", "evaluate", "package", "push"])
      expect(trained.metrics[`step/${step}_seconds`], step).toBeGreaterThanOrEqual(0);
    expect(trained.metrics["step/peak_memory_mb"]).toBeGreaterThan(10);
    digests.push(trained.digest);
  });

  it("gives the same digest again, as a version of its own", async () => {
    const again = await stack.json<Trained>("train", titanic);
    expect(again).toMatchObject({ version: 2, digest: trained.digest });
  });

  it("tells the state of the job", async () => {
    expect(await stack.json("jobs", "show", trained.run)).toMatchObject({ run: trained.run, status: "finished" });
  });

  it("moves an alias, and resolves it from the next request on", async () => {
    await stack.json("alias", "set", name, "champion", "1", "--reason", "the first");
    const resolve = async () => (await fetch(`${stack.url}/v1/resolve?uri=models:/titanic@champion`)).json();
    expect(await resolve()).toMatchObject({
      name,
      version: 1,
      semver: "1.0.0",
      alias: "champion",
      digest: trained.digest,
    });
    await stack.json("alias", "set", name, "champion", "2");
    expect(await resolve()).toMatchObject({ version: 2 });
    expect(await stack.json("alias", "history", name, "champion")).toHaveLength(2);
  });

  it("predicts with names and labels as the training file says, unknown categories included", async () => {
    const body = {
      dataframe_records: [
        { class: "1st", sex: "female", age: "adult" },
        { class: "9th", sex: "male", age: "adult" },
      ],
    };
    const answer = await fetch(`${stack.url}/serve/titanic@champion/invocations`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(200);
    const { predictions } = (await answer.json()) as { predictions: Record<string, unknown>[] };
    expect(predictions).toHaveLength(2);
    expect(predictions[0]).toMatchObject({ "Survival prediction": "alive", probability_alive: expect.any(Number) });
    expect(["alive", "dead"]).toContain(predictions[1]!["Survival prediction"]);
  });

  it("says what its columns are to who gives a text, and that a finished job cannot be cancelled", async () => {
    expect(await stack.cli("predict", "titanic@champion", "a text")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^mintmark: 'titanic@champion' takes rows of columns \(.+\), not texts; .*--data FILE\n$/,
      ),
    });
    expect(await stack.cli("jobs", "cancel", trained.run)).toMatchObject({
      code: 1,
      stderr: `mintmark: job ${trained.run} has finished; nothing to cancel\n`,
    });
    expect((await stack.cli("jobs", "list")).stdout).toMatch(/ finished +main\.default\.titanic +2 /);
    const [listed] = await stack.json<{ metric: object }[]>("versions", "list", name);
    expect(listed!.metric).toEqual({ name: "accuracy", value: trained.metrics["accuracy"] });
  });

  it("shows where the version came from", async () => {
    const text = JSON.stringify(await stack.json("lineage", `${name}/1`));
    expect(text).toContain(trained.run);
    expect(text).toContain("titanic.csv");
  });

  it("pulls what verifies, and refuses it after one byte has changed", async () => {
    const dir = join(out, "titanic");
    await stack.json("pull", `${name}@champion`, "--out", dir);
    const verified = await stack.json<{ ok: boolean; checks: Check[] }>("verify", dir);
    expect(verified.checks.filter((check) => !check.ok)).toEqual([]);
    expect(verified.ok).toBe(true);
    appendFileSync(join(dir, "model.onnx"), "x");
    const tampered = await stack.cli("verify", dir, "--json");
    expect(tampered.code).toBe(1);
    expect(JSON.parse(tampered.stdout)).toMatchObject({ ok: false });
    expect(tampered.stdout).toContain("model.onnx");
  });

  it("verifies a version at the registry by its URI", async () => {
    expect(await stack.json("verify", `${name}/1`)).toMatchObject({ ok: true });
  });
});

it("gives the same digest on every stack and data directory", () => {
  expect(new Set(digests).size).toBe(1);
});
