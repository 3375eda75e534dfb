/**
 * How long a user waits: for the system, for a job to begin, and for the demo.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkout, mintmarkBin, run } from "@mintmark/e2e/process";
import { embeddedStack } from "@mintmark/e2e/stack";
import { connectRegistry } from "@mintmark/registry-client";
import { median, type Row, spread } from "./table.ts";

const rounds = 3;
const jobs = 10;

export async function starting(): Promise<readonly Row[]> {
  const fromNothing: number[] = [];
  const again: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const dir = mkdtempSync(join(tmpdir(), "mintmark-bench-"));
    for (const times of [fromNothing, again]) {
      const began = performance.now();
      const stack = await embeddedStack({ dir });
      times.push((performance.now() - began) / 1000);
      await stack.stop();
    }
    rmSync(dir, { recursive: true, force: true });
  }
  const firstStep = await submitToFirstStep();
  const command = await commandToBareStarts();
  const began = performance.now();
  const demo = await run("npm", ["run", "--silent", "demo"], { timeoutMs: 180_000 });
  const demoSeconds = (performance.now() - began) / 1000;
  if (demo.code !== 0) throw new Error(`the demo ended with ${demo.code}: ${demo.stdout}${demo.stderr}`);
  return [
    {
      what: "up from nothing to ready, s",
      measured: spread(fromNothing),
      goal: "< 2.5",
      met: median(fromNothing) < 2.5,
    },
    { what: "up again on the same data, s", measured: spread(again), goal: "< 1.2", met: median(again) < 1.2 },
    command,
    {
      what: "submit to first step, idle worker, ms",
      measured: spread(firstStep, 0),
      goal: "< 300",
      met: median(firstStep) < 300,
    },
    { what: "demo, s", measured: demoSeconds.toFixed(1), goal: "< 60", met: demoSeconds < 60 },
  ];
}

/** A command that asks one question, against the bare starts of the two Nodes that it runs under: npm's and the one that we bring. */
async function commandToBareStarts(): Promise<Row> {
  const stack = await embeddedStack();
  const timed = async (work: () => Promise<unknown>) => {
    const began = performance.now();
    await work();
    return performance.now() - began;
  };
  // Without the folders that npm put before: the Node of whoever types the command.
  const path = (process.env["PATH"] ?? "").split(":").filter((folder) => !folder.includes("node_modules"));
  const env = { PATH: path.join(":") };
  try {
    await stack.json("models", "create", "asked");
    const ratios: number[] = [];
    const times: number[] = [];
    for (let round = 0; round < 15; round++) {
      const bare =
        (await timed(() => run("node", ["-e", "0"], { env }))) +
        (await timed(() => run(process.execPath, ["-e", "0"])));
      times.push(await timed(() => run(mintmarkBin, ["alias", "list", "asked", "--server", stack.url], { env })));
      ratios.push(times.at(-1)! / bare);
    }
    return {
      what: "`mintmark alias list` / two bare starts of Node",
      measured: `${spread(ratios)} (${Math.round(median(times))} ms)`,
      goal: "≤ 3",
      met: median(ratios) <= 3,
    };
  } finally {
    await stack.stop();
  }
}

/** From the call of SubmitJob to the first progress of the job's first step, as WatchJob shows it. */
async function submitToFirstStep(): Promise<number[]> {
  const stack = await embeddedStack();
  const registry = connectRegistry({ baseUrl: stack.registryUrl, token: undefined, httpVersion: "2" });
  try {
    const { run: first } = await stack.json<{ run: string }>("train", `${checkout}examples/iris_tree.yaml`);
    const { job } = await registry.jobs.getJob({ id: first });
    const times: number[] = [];
    for (let n = 0; n < jobs; n++) {
      // The worker's next child is warm by then.
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      const began = performance.now();
      const submitted = await registry.jobs.submitJob({ configJson: job!.configJson, snapshots: job!.snapshots });
      for await (const update of registry.jobs.watchJob({ id: submitted.job!.run!.id }))
        if (update.job!.progress !== undefined) {
          times.push(performance.now() - began);
          break;
        }
    }
    return times;
  } finally {
    registry.close();
    await stack.stop();
  }
}
