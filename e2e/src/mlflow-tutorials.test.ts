import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { credentials, mlflowIsThere, newToken, referenceServer, runScript } from "./mlflow.ts";
import { checkout } from "./process.ts";
import { embeddedStack, type Stack } from "./stack.ts";

/** What the script sees there is what it has to see here. */
const tutorials: readonly [script: string, ...args: string[]][] = [
  ["quickstart"],
  ["registry"],
  ["lightgbm_pipeline", `${checkout}examples/titanic.csv`],
  ["three_levels"],
  ["flavors"],
  ["tracking"],
  ["evaluate"],
  ["prompts_and_traces"],
  ["artifacts"],
];

describe.runIf(mlflowIsThere())("an unmodified Python client sees of this server what it sees of MLflow's own", () => {
  let open: Stack;
  let guarded: Stack;
  let reference: Awaited<ReturnType<typeof referenceServer>>;
  let token: string;
  beforeAll(async () => {
    const starting = referenceServer();
    open = await embeddedStack();
    guarded = await embeddedStack({ args: ["--workers", "0", "--auth", "on"] });
    token = await newToken(guarded);
    reference = await starting;
  });
  afterAll(async () => {
    await Promise.all([open?.stop(), guarded?.stop(), reference?.stop()]);
  });

  it.each(tutorials)("in %s.py, without authentication and with it", { timeout: 400_000 }, async (script, ...args) => {
    const { bearer, basic } = credentials(token);
    const proof = tutorials.findIndex(([name]) => name === script) % 2 === 0 ? bearer : basic;
    const [here, withToken, there] = await Promise.all([
      runScript(script, { MLFLOW_TRACKING_URI: open.url }, ...args),
      runScript(script, { MLFLOW_TRACKING_URI: guarded.url, ...proof }, ...args),
      runScript(script, { MLFLOW_TRACKING_URI: reference.url }, ...args),
    ]);
    expect(here).toEqual(onPurpose(script, there));
    expect(withToken).toEqual(here);
  });
});

/** Where this server answers otherwise, as docs/mlflow.md says. */
function onPurpose(script: string, seen: Record<string, unknown>): Record<string, unknown> {
  if (script !== "tracking") return seen;
  // An infinite metric comes back infinite, not as the greatest double.
  return { ...seen, metrics: { ...(seen["metrics"] as object), endless: "inf" } };
}
