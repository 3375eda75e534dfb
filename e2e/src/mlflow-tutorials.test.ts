import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mlflowIsThere, referenceServer, runScript } from "./mlflow.ts";
import { checkout } from "./process.ts";
import { embeddedStack, type Stack } from "./stack.ts";

/** What the script sees there is what it has to see here. */
const tutorials: readonly [script: string, ...args: string[]][] = [
  ["quickstart"],
  ["registry"],
  ["lightgbm_pipeline", `${checkout}examples/titanic.csv`],
  ["three_levels"],
  ["tracking"],
  ["evaluate"],
  ["prompts_and_traces"],
  ["artifacts"],
];

describe.runIf(mlflowIsThere())("an unmodified Python client sees of this server what it sees of MLflow's own", () => {
  let stack: Stack;
  let reference: Awaited<ReturnType<typeof referenceServer>>;
  beforeAll(async () => {
    const starting = referenceServer();
    stack = await embeddedStack();
    reference = await starting;
  });
  afterAll(async () => {
    await Promise.all([stack?.stop(), reference?.stop()]);
  });

  it.each(tutorials)("in %s.py", { timeout: 300_000 }, async (script, ...args) => {
    const [here, there] = await Promise.all(
      [stack.url, reference.url].map((MLFLOW_TRACKING_URI) => runScript(script, { MLFLOW_TRACKING_URI }, ...args)),
    );
    expect(here).toEqual(onPurpose(script, there!));
  });
});

/** Where this server answers otherwise, as docs/mlflow.md says. */
function onPurpose(script: string, seen: Record<string, unknown>): Record<string, unknown> {
  if (script !== "tracking") return seen;
  // An infinite metric comes back infinite, not as the greatest double.
  return { ...seen, metrics: { ...(seen["metrics"] as object), endless: "inf" } };
}
