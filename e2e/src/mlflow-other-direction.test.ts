import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { needsPython, python } from "@mintmark/testing/needs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runScript } from "./mlflow.ts";
import { checkout, mintmarkBin, run } from "./process.ts";
import { embeddedStack, type Stack } from "./stack.ts";

const isThere = needsPython(["mlflow", "onnxruntime", "pandas", "sklearn", "matplotlib"]);

interface Seen {
  readonly tags: Record<string, string>;
  readonly run: [name: string, user: string, status: string, found: boolean];
  readonly metrics: Record<string, number>;
  readonly params: Record<string, string>;
  readonly loss: [step: number, value: number][];
  readonly plots: string[];
  readonly svg: string;
  readonly input: [name: string, digest: string, rows: number];
  readonly columns: string[];
  readonly data: string;
  readonly file: string;
  readonly rows: object[];
  readonly predictions: Record<string, unknown>[];
  readonly differ: string[];
  readonly evaluated: [kind: string, model: number, table: number];
  readonly onnx: string[];
}

const models = [
  { name: "titanic", target: "survival", file: "titanic.yaml", data: "titanic.csv" },
  { name: "diabetes", target: "progression", file: "diabetes.yaml", data: "diabetes.csv" },
  { name: "sections", target: "section", file: "debian_sections.yaml", data: "debian_sections.csv" },
] as const;

type Client = (admin: string) => NodeJS.ProcessEnv;
const shapes: readonly [string, "on" | "off", readonly [string, Client][]][] = [
  ["without authentication", "off", [["as it is", () => ({})]]],
  [
    "with authentication",
    "on",
    [
      ["with a token", (admin) => ({ MLFLOW_TRACKING_TOKEN: admin })],
      ["with a password", (admin) => ({ MLFLOW_TRACKING_USERNAME: "me", MLFLOW_TRACKING_PASSWORD: admin })],
    ],
  ],
];

describe.runIf(isThere).each(shapes)("what the worker trained, %s", (_, auth, clients) => {
  let stack: Stack;
  let admin = "";
  const seen = new Map<string, Record<string, Seen>>();

  beforeAll(async () => {
    stack = await embeddedStack({ args: ["--auth", auth] });
    if (auth === "on") admin = readFileSync(join(stack.dir, "admin.token"), "utf8").trim();
    for (const { name, file } of models) {
      const trained = await cli<{ version: number }>("train", `${checkout}examples/${file}`);
      await cli("alias", "set", name, "champion", String(trained.version));
    }
  }, 240_000);
  afterAll(() => stack?.stop());

  async function cli<T>(...args: string[]): Promise<T> {
    const env = { MINTMARK_URL: stack.url, ...(admin === "" ? {} : { MINTMARK_TOKEN: admin }) };
    const { code, stdout, stderr } = await run(mintmarkBin, [...args, "--json"], { env });
    if (code !== 0) throw new Error(`mintmark ${args.join(" ")} ended with ${code}: ${stdout}${stderr}`);
    return JSON.parse(stdout) as T;
  }

  it.each(clients)(
    "is seen and loaded by MLflow's client, %s",
    async (form, credentials) => {
      const env = { MLFLOW_TRACKING_URI: stack.url, ...credentials(admin) };
      const named = models.map(({ name, target }) => `${name}:${target}`);
      const found = await runScript<Record<string, Seen>>("other_direction", env, `${checkout}examples`, ...named);
      seen.set(form, found);
      for (const { name, file, data } of models) {
        const of = found[name]!;
        expect(of.run.slice(1), name).toEqual(["admin", "FINISHED", true]);
        expect(of.tags, name).toMatchObject({
          "mlflow.user": "admin",
          "mlflow.source.name": file,
          "mlflow.source.type": "JOB",
          "mlflow.runName": of.run[0],
        });
        const bytes = readFileSync(`${checkout}examples/${data}`);
        expect([of.file, of.data], name).toEqual([data, createHash("sha256").update(bytes).digest("hex")]);
        expect(of.input[0], name).toBe(data);
        expect(of.svg, name).toBe("<svg ");
        expect(of.differ, name).toEqual([]);
        expect(of.predictions, name).toHaveLength(20);
      }
    },
    240_000,
  );

  it("has the metrics of each iteration, the parameters, the columns and the plots", () => {
    const { titanic, diabetes, sections } = seen.get(clients[0]![0])!;
    expect(titanic!.loss).toHaveLength(100);
    expect(titanic!.loss.map(([step]) => step)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(titanic!.loss.at(-1)![1]).toBeLessThan(titanic!.loss[0]![1]);
    expect(titanic!.metrics["accuracy"]).toBeGreaterThan(0.75);
    expect(titanic!.params).toMatchObject({ algorithm: "gradient-boosting", seed: "42" });
    expect([titanic!.input[2], titanic!.columns]).toEqual([2201, ["class", "sex", "age", "survival"]]);
    const names = (of: Seen) => of.plots.filter((path) => path.endsWith(".svg")).map((path) => path.slice(6, -4));
    expect(names(titanic!)).toEqual([
      "confusion-matrix",
      "feature-importance",
      "loss-curve",
      "precision-recall-curve",
      "roc-curve",
    ]);
    expect(names(diabetes!)).toEqual(["feature-importance", "loss-curve", "predicted-vs-actual", "residuals"]);
    expect(names(sections!)).toContain("confusion-matrix");
    expect(titanic!.onnx[0]).toBe("Survival prediction");
  });

  it("is evaluated by MLflow as the table of its predictions is", () => {
    const found = seen.get(clients[0]![0])!;
    const kinds = models.map(({ name }) => found[name]!.evaluated[0]);
    expect(kinds).toEqual(["classifier", "regressor", "classifier"]);
    for (const { name } of models) {
      const [, ofModel, ofTable] = found[name]!.evaluated;
      expect(ofModel, name).toBe(ofTable);
    }
    expect(found["titanic"]!.evaluated[1]).toBeGreaterThan(0.7);
  });

  it.each(models)("still verifies on disk after Python has loaded $name from there", async ({ name }) => {
    const pulled = join(stack.dir, `pulled-${name}`);
    await cli("pull", `${name}@champion`, "--out", pulled);
    const script = "import mlflow, sys; mlflow.pyfunc.load_model(sys.argv[1])";
    const env = { PYTHONDONTWRITEBYTECODE: "", PYTHONPYCACHEPREFIX: "" };
    const { code, stderr } = await run(python, ["-c", script, pulled], { env, timeoutMs: 120_000 });
    expect(code, stderr).toBe(0);
    expect(await cli("verify", pulled)).toMatchObject({ ok: true });
  });

  it.each(models)("predicts $name as the gateway does", async ({ name }) => {
    const { rows, predictions } = seen.get(clients[0]![0])![name]!;
    const answer = await fetch(`${stack.url}/serve/${name}@champion/invocations`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(admin === "" ? {} : { authorization: `Bearer ${admin}` }) },
      body: JSON.stringify({ dataframe_records: rows }),
    });
    const served = ((await answer.json()) as { predictions: Record<string, unknown>[] }).predictions;
    expect(served.map(rounded)).toEqual(predictions.map(rounded));
  });

  it.each(models)("is the same artifact when $name is registered anew from the run", async ({ name }) => {
    const digests = async (model: string) =>
      (await cli<{ digest: string }[]>("versions", "list", model)).map(({ digest }) => digest);
    const [trained] = await digests(name);
    expect(await digests(`${name}-again`)).toEqual(clients.map(() => trained));
  });

  it("gives its data to whoever has the link, and to nobody who made one up", async () => {
    const headers = { ...(admin === "" ? {} : { authorization: `Bearer ${admin}` }) };
    const [version] = await cli<{ run: string }[]>("versions", "list", "titanic");
    const answer = await fetch(`${stack.url}/api/2.0/mlflow/runs/get?run_id=${version!.run}`, { headers });
    const { run } = (await answer.json()) as {
      run: { inputs: { dataset_inputs: { dataset: { source: string } }[] } };
    };
    const { url } = JSON.parse(run.inputs.dataset_inputs[0]!.dataset.source) as { url: string };
    const open = await fetch(url);
    expect([open.status, open.headers.get("content-disposition")]).toEqual([200, "attachment; filename=titanic.csv"]);
    const altered = await fetch(url.replace(/titanic\.csv$/, "other.csv"));
    expect(altered.status).toBe(403);
    expect(await altered.json()).toMatchObject({ error: { reason: "DATA_LINK_INVALID" } });
    expect((await fetch(`${stack.url}/v1/data/`)).status).toBe(403);
  });
});

/** Two runtimes add in their own order; the last digits are noise. */
function rounded(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === "number" ? Number(value.toPrecision(9)) : value,
    ]),
  );
}
