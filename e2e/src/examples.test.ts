import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needs, needsPython, python } from "@mintmark/testing/needs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkout, run } from "./process.ts";
import { embeddedStack, type Stack } from "./stack.ts";

interface Trained {
  readonly model: string;
  readonly version: number;
  readonly digest: string;
  readonly metrics: Record<string, number>;
}

const folder = `${checkout}examples`;
const files = readdirSync(folder).filter((file) => file.endsWith(".yaml"));
const withPython = needsPython(["mlflow", "onnxruntime", "pandas"]);
const signingTool = python.replace(/python3?$/, "model_signing");
const withSigning = needs(
  "the model_signing command",
  signingTool,
  ["--version"],
  "python3 -m pip install model-signing pyOpenSSL",
);

/** Loads the directory as any Python user would and predicts the rows of the CSV; prints JSON, floats to the last bit. */
const predictInPython = `
import json, sys, mlflow, pandas
model = mlflow.pyfunc.load_model(sys.argv[1])
frame = pandas.read_csv(sys.argv[2], keep_default_na=False)
for column in model.metadata.get_input_schema().inputs:
    if str(column.type) == "DataType.double": frame[column.name] = frame[column.name].astype("float64")
answer = model.predict(frame)
columns = {name: values.tolist() for name, values in dict(answer).items()}
json.dump(columns, sys.stdout)
`;

let stack: Stack;
const out = mkdtempSync(join(tmpdir(), "mintmark-examples-"));
beforeAll(async () => {
  stack = await embeddedStack();
});
afterAll(async () => {
  await stack?.stop();
  rmSync(out, { recursive: true, force: true });
});

it("there is an example for every algorithm family", () => {
  expect(files.length).toBeGreaterThanOrEqual(6);
  expect(files.some((file) => file.includes("digits"))).toBe(true);
});

describe.each(files)("examples/%s", (file) => {
  const text = readFileSync(`${folder}/${file}`, "utf8");
  const source = text.match(/source: *(\S+\.csv)/)![1]!;
  const dir = join(out, file);
  let trained: Trained;

  it("trains as it is", async () => {
    trained = await stack.json<Trained>("train", `${folder}/${file}`);
    expect(trained.digest).toMatch(/^blake3:/);
    expect(Object.keys(trained.metrics).length).toBeGreaterThan(5);
  });

  it("predicts the rows of its data, from the gateway as from Python", async () => {
    const uri = `${trained.model}/${trained.version}`;
    await stack.json("pull", uri, "--out", dir);
    const csv = readFileSync(`${folder}/${source}`, "utf8").split("\n").slice(0, 201).join("\n");
    const sample = join(out, `${file}.csv`);
    writeFileSync(sample, csv);
    const answer = await fetch(`${stack.url}/serve/${uri}/invocations`, {
      method: "POST",
      headers: { "content-type": "text/csv" },
      body: csv,
    });
    const { predictions } = (await answer.json()) as { predictions: Record<string, unknown>[] };
    expect(predictions?.length).toBe(Math.min(200, csv.trim().split("\n").length - 1));
    if (!withPython) return;
    const inPython = spawnSync(python, ["-c", predictInPython, dir, sample], { encoding: "utf8", maxBuffer: 1 << 26 });
    expect(inPython.status, inPython.stderr).toBe(0);
    const columns = JSON.parse(inPython.stdout) as Record<string, unknown[]>;
    const names = Object.keys(columns);
    expect(Object.keys(predictions[0]!)).toEqual(names);
    const exact = /gradient-boosting|random-forest|decision-|isolation-forest/.test(text);
    for (const name of names)
      for (const [row, value] of columns[name]!.entries()) {
        const ours = predictions[row]![name];
        if (exact || typeof value !== "number") expect(ours, `${name}, row ${row}`).toBe(value);
        else
          expect(
            Math.abs((ours as number) - value) / Math.max(1e-300, Math.abs(value)),
            `${name}, row ${row}`,
          ).toBeLessThanOrEqual(1e-12);
      }
  });

  it.runIf(withSigning)("is verified by the unmodified model_signing command that pull prints", async () => {
    const pulled = await stack.cli("pull", `${trained.model}/${trained.version}`, "--out", `${dir}-again`);
    expect(pulled.code, pulled.stderr).toBe(0);
    const command = pulled.stdout
      .match(/model_signing (verify key .*)$/m)?.[1]
      ?.trim()
      .split(/\s+/);
    expect(command, pulled.stdout).toBeDefined();
    const verified = await run(signingTool, command!);
    expect(verified.code, verified.stdout + verified.stderr).toBe(0);
  });
});
