import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkout } from "./process.ts";
import { embeddedStack, hasEnded, type Stack, until } from "./stack.ts";

interface Job {
  readonly run: string;
  readonly status: string;
  readonly worker?: string;
  readonly progress?: { readonly step?: string };
  readonly error?: { readonly message: string };
}

let stack: Stack;
beforeAll(async () => {
  stack = await embeddedStack();
});
afterAll(() => stack?.stop());

/** A job of some seconds, so that there is something to interrupt. */
function slowTrainingFile(model: string, trees = 500): string {
  const path = join(stack.dir, `${model}.yaml`);
  writeFileSync(
    path,
    `model: ${model}
data: { source: ${checkout}examples/digits.csv, target: digit }
algorithm: { name: gradient-boosting, params: { n_estimators: ${trees}, learning_rate: 0.01 }, seed: 1 }
`,
  );
  return path;
}

async function fitting(on: Stack, run: string): Promise<void> {
  await until(`${run} fitting`, async () => {
    const job = await on.json<Job>("jobs", "show", run);
    if (job.status === "failed") throw new Error(job.error?.message);
    return job.status === "running" && job.progress?.step === "fit";
  });
}

async function finished(on: Stack, run: string): Promise<void> {
  await until(
    `${run} finished`,
    async () => {
      const answer = await on.cli("jobs", "show", run, "--json");
      if (answer.code !== 0) return false;
      const job = JSON.parse(answer.stdout) as Job;
      if (job.status === "failed" || job.status === "cancelled")
        throw new Error(`${job.status}: ${job.error?.message}`);
      return job.status === "finished";
    },
    150_000,
  );
}

/** The processes that it started. */
function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return children.trim().split(" ").filter(Boolean).map(Number);
}

describe("a job survives", () => {
  it.each([["worker-1"], ["registry"], ["postgres"], ["gateway"]])(
    "kill -9 of %s, with exactly one version registered",
    async (victim) => {
      const model = `survivor-${victim}`;
      const { run } = await stack.json<Job>("train", slowTrainingFile(model), "--detach");
      await fitting(stack, run);
      const pid = stack.pid(victim);
      process.kill(pid, "SIGKILL");
      await until(`${victim} again`, async () => hasEnded(pid) && ![0, pid].includes(stack.pid(victim)));
      await finished(stack, run);
      expect(await stack.json<unknown[]>("versions", "list", model)).toHaveLength(1);
    },
    240_000,
  );
});

it("loses nothing that was acknowledged when every process is killed at once", async () => {
  const before = await stack.json<unknown[]>("versions", "list", "survivor-registry");
  for (const name of ["postgres", "registry", "gateway", "worker-1"]) process.kill(stack.pid(name), "SIGKILL");
  const answer = async () => (await stack.cli("versions", "list", "survivor-registry", "--json")).code === 0;
  await until("an answer", answer, 60_000);
  expect(await stack.json("versions", "list", "survivor-registry")).toEqual(before);
}, 90_000);

it("a worker that was stopped until another took its job over registers nothing when it goes on", async () => {
  const pair = await embeddedStack({ args: ["--workers", "2"] });
  try {
    const { run } = await pair.json<Job>("train", slowTrainingFile("stopped", 1_000), "--detach");
    await fitting(pair, run);
    const first = await pair.json<Job>("jobs", "show", run);
    const stopped = ["worker-1", "worker-2"].map(pair.pid).find((pid) => first.worker?.includes(String(pid)))!;
    const family = [stopped, ...childrenOf(stopped)];
    for (const pid of family) process.kill(pid, "SIGSTOP");
    try {
      const takenOver = async () => (await pair.json<Job>("jobs", "show", run)).worker !== first.worker;
      await until("another worker", takenOver, 120_000);
    } finally {
      for (const pid of family) process.kill(pid, "SIGCONT");
    }
    await finished(pair, run);
    // The one that was stopped has its fit still to end; what it then sends must change nothing.
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(await pair.json<unknown[]>("versions", "list", "stopped")).toHaveLength(1);
    expect((await pair.json<Job>("jobs", "show", run)).status).toBe("finished");
  } finally {
    await pair.stop();
  }
}, 300_000);
