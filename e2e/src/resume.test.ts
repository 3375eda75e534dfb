import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { checkout } from "./process.ts";
import { embeddedStack, type Stack, until } from "./stack.ts";

interface Job {
  readonly run: string;
  readonly status: string;
}
interface Version {
  readonly digest: string;
}

it("a fit goes on from its last checkpoint after kill -9 of its worker, to the digest of an undisturbed run", async () => {
  const stack = await embeddedStack();
  try {
    const { run } = await stack.json<Job>("train", slowTrainingFile(stack), "--detach");
    const logs = async () => (await stack.cli("jobs", "logs", run)).stdout;
    await until("a checkpoint", async () => /kept a checkpoint at iteration [1-9]/.test(await logs()), 60_000);
    process.kill(stack.pid("worker-1"), "SIGKILL");
    await until("the end", async () => (await stack.json<Job>("jobs", "show", run)).status === "finished", 150_000);
    expect(await logs()).toMatch(/resumed at iteration [1-9]/);

    await stack.json("train", slowTrainingFile(stack));
    const versions = await stack.json<Version[]>("versions", "list", "resumed");
    expect(versions.map(({ digest }) => digest)).toEqual([versions[0]!.digest, versions[0]!.digest]);
  } finally {
    await stack.stop();
  }
}, 300_000);

/** Fits for ten seconds and more. */
function slowTrainingFile(stack: Stack): string {
  const path = join(stack.dir, "resumed.yaml");
  writeFileSync(
    path,
    `model: resumed
data: { source: ${checkout}examples/digits.csv, target: digit }
algorithm: { name: gradient-boosting, params: { n_estimators: 1200, learning_rate: 0.005 }, seed: 1 }
evaluate: { folds: 0 }
`,
  );
  return path;
}
