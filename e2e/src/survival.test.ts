import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkout } from "./process.ts";
import { embeddedStack, hasEnded, type Stack, until } from "./stack.ts";

interface Job {
  readonly run: string;
  readonly status: string;
  readonly error?: { message: string };
}

let stack: Stack;
beforeAll(async () => {
  stack = await embeddedStack();
});
afterAll(() => stack?.stop());

/** A job of some seconds, so that there is something to interrupt. */
function slowTrainingFile(model: string): string {
  const path = join(stack.dir, `${model}.yaml`);
  writeFileSync(
    path,
    `model: ${model}
data: { source: ${checkout}examples/digits.csv, target: digit }
algorithm: { name: gradient-boosting, params: { n_estimators: 60 }, seed: 1 }
evaluate: { folds: 3 }
`,
  );
  return path;
}

async function running(run: string): Promise<void> {
  await until(`${run} running`, async () => {
    const job = await stack.json<Job & { progress?: { step?: string } }>("jobs", "show", run);
    if (job.status === "failed") throw new Error(job.error?.message);
    return job.status === "running" && job.progress?.step === "fit";
  });
}

async function finished(run: string): Promise<void> {
  await until(
    `${run} finished`,
    async () => {
      const answer = await stack.cli("jobs", "show", run, "--json");
      if (answer.code !== 0) return false;
      const job = JSON.parse(answer.stdout) as Job;
      if (job.status === "failed" || job.status === "cancelled")
        throw new Error(`${job.status}: ${job.error?.message}`);
      return job.status === "finished";
    },
    150_000,
  );
}

describe("a job survives", () => {
  it.each([["worker-1"], ["registry"], ["postgres"], ["gateway"]])(
    "kill -9 of %s, with exactly one version registered",
    async (victim) => {
      const model = `survivor-${victim}`;
      const { run } = await stack.json<Job>("train", slowTrainingFile(model), "--detach");
      await running(run);
      const pid = stack.pid(victim);
      process.kill(pid, "SIGKILL");
      await until(`${victim} again`, async () => hasEnded(pid) && ![0, pid].includes(stack.pid(victim)));
      await finished(run);
      expect(await stack.json<unknown[]>("versions", "list", model)).toHaveLength(1);
    },
    240_000,
  );

  it("SIGSTOP of its worker until another has taken over, and the stopped one's return", async () => {
    const model = "survivor-stopped";
    const { run } = await stack.json<Job>("train", slowTrainingFile(model), "--detach");
    await running(run);
    const pid = stack.pid("worker-1");
    process.kill(pid, "SIGSTOP");
    try {
      await new Promise((resolve) => setTimeout(resolve, 3_000));
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await finished(run);
    expect(await stack.json<unknown[]>("versions", "list", model)).toHaveLength(1);
  }, 200_000);
});

it("loses nothing that was acknowledged when every process is killed at once", async () => {
  const before = await stack.json<unknown[]>("versions", "list", "survivor-registry");
  for (const name of ["postgres", "registry", "gateway", "worker-1"]) process.kill(stack.pid(name), "SIGKILL");
  await until(
    "an answer",
    async () => (await stack.cli("versions", "list", "survivor-registry", "--json")).code === 0,
    60_000,
  );
  expect(await stack.json("versions", "list", "survivor-registry")).toEqual(before);
});
