import { readFileSync } from "node:fs";
import { modelFiles } from "@mintmark/model-package/package-directory";
import { loadPredictor } from "@mintmark/model-package/predictor";
import { allCases } from "@mintmark/model-package/testing/cases";
import { afterAll, describe, expect, it } from "vitest";
import { defaultRuntimeLimits, openModelRuntime, quickBytes } from "./model-runtime.ts";
import { score } from "./scoring/score.ts";

const { model } = allCases().find(({ name }) => name === "mixed: trees, probabilities of texts")!;
const files = modelFiles({ model, example: null, training: {} });
const predictor = loadPredictor(files.get("model.onnx")!, files.get("MLmodel")!);
const source = (key: string, isOurs: boolean) => ({
  key,
  isOurs,
  files: async () => ({ onnx: [files.get("model.onnx")!.slice()], mlmodel: files.get("MLmodel")! }),
});
const row = Object.fromEntries(model.inputs.map(({ name, type }) => [name, type === "number" ? 1 : "x"]));
const rows = (count: number) => ({
  pieces: [Buffer.from(JSON.stringify({ dataframe_records: new Array(count).fill(row) }))],
  type: "json" as const,
});
const joined = (pieces: readonly Uint8Array[]) => Buffer.concat(pieces).toString();
const large = Math.ceil((3 * quickBytes) / JSON.stringify(row).length);
const runtimes: { close: () => void }[] = [];
const open = (limits = defaultRuntimeLimits) => {
  const runtime = openModelRuntime(limits);
  runtimes.push(runtime);
  return runtime;
};
afterAll(() => {
  for (const { close } of runtimes) close();
});

describe("openModelRuntime", () => {
  it.each([
    ["ours", true],
    ["written by others", false],
  ])("answers small and large bodies of a model that is %s as its predictor does", async (_, isOurs) => {
    const loaded = await open().load(source("a/1", isOurs));
    expect(loaded.signature).toEqual({
      inputs: predictor.inputs,
      outputs: predictor.outputs,
      schema: predictor.schema,
    });
    for (const count of [1, 200, large])
      expect(joined(await loaded.score(rows(count)))).toBe(joined(score(predictor, rows(count), 1e9)));
  });

  it("tells failures as they are made: of the body, of the values, of the model", async () => {
    const runtime = open({ ...defaultRuntimeLimits, values: 1_000 });
    const broken = {
      ...source("b/1", false),
      files: async () => ({ onnx: [Buffer.from("x")], mlmodel: Buffer.from("") }),
    };
    await expect(runtime.load(broken)).rejects.toMatchObject({ reason: "MODEL_FILE_INVALID" });
    for (const isOurs of [true, false]) {
      const loaded = await runtime.load(source(`a/${isOurs}`, isOurs));
      const body = (text: string) => ({ pieces: [Buffer.from(text)], type: "json" as const });
      await expect(loaded.score(body("{"))).rejects.toMatchObject({ code: "BAD_REQUEST" });
      await expect(loaded.score(body('{"inputs":{}}'))).rejects.toMatchObject({ reason: "MODEL_INPUTS_MISSING" });
      await expect(loaded.score(rows(large))).rejects.toMatchObject({ reason: "SCORING_VALUES_TOO_MANY" });
    }
  });

  it("ends the process that a body fills, says so, and answers the next one", async () => {
    const runtime = open({ ...defaultRuntimeLimits, memoryBytes: 200 * 2 ** 20, values: 1e9 });
    const loaded = await runtime.load(source("a/1", true));
    const filling = { pieces: new Array(64).fill(Buffer.from("{},".repeat(2 ** 18))), type: "json" as const };
    filling.pieces.unshift(Buffer.from('{"dataframe_records":['));
    filling.pieces.push(Buffer.from("{}]}"));
    await expect(loaded.score(filling)).rejects.toMatchObject({
      reason: "MODEL_RUN_TOO_LARGE",
      detail: { mebibytes: 200 },
    });
    expect(joined(await loaded.score(rows(large)))).toBe(joined(score(predictor, rows(large), 1e9)));
  });

  it("has no more processes than it may, and lets the one go that was used least recently", async () => {
    const runtime = open({ ...defaultRuntimeLimits, foreignProcesses: 2 });
    const models = [];
    for (const key of ["a/1", "b/1", "c/1"]) models.push(await runtime.load(source(key, false)));
    await until(() => childProcesses() <= 2);
    for (const each of models) expect(joined(await each.score(rows(1)))).toContain("predictions");
    await until(() => childProcesses() <= 2);
    runtime.close();
    await until(() => childProcesses() === 0);
  });
});

/** Of this process, those of model runs that are not of earlier tests. */
function childProcesses(): number {
  for (const runtime of runtimes.slice(0, -1)) runtime.close();
  const ids = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").split(" ").filter(Boolean);
  return ids.filter((id) => commandLine(id).includes("child/process.")).length;
}

function commandLine(id: string): string {
  try {
    return readFileSync(`/proc/${id}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 10));
}
