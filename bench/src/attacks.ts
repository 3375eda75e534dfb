/**
 * How long resolves wait while eight clients of each kind of attack send what they can, with a token and without one.
 *
 * The gateway has one core, and shares it with whoever asks for resolves and with its own processes of models; the attackers
 * have the others.
 * @module
 */
import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { attacks } from "@mintmark/e2e/attack-kinds";
import { checkout } from "@mintmark/e2e/process";
import { embeddedStack } from "@mintmark/e2e/stack";
import type { Row } from "./table.ts";

const seconds = 5;
/** Between two resolves. */
const pauseMs = 5;

export async function attacked(): Promise<readonly Row[]> {
  const stack = await embeddedStack({ args: ["--auth", "on"] });
  try {
    const token = readFileSync(join(stack.dir, "admin.token"), "utf8").trim();
    await stack.json("train", `${checkout}examples/titanic.yaml`, "--token", token);
    await stack.json("alias", "set", "titanic", "champion", "1", "--token", token);
    pin(stack.pid("gateway"), "0");
    pin(process.pid, "0");
    const quiet = await resolves(stack.url, token, seconds);
    const rows: Row[] = [row("nobody else", [quiet])];
    for (const [index, { what }] of attacks.entries()) {
      const times: Times[] = [];
      for (const given of [token, ""]) {
        const child = fork(new URL("./attack-child.ts", import.meta.url), [
          `${index}`,
          stack.url,
          stack.registryUrl,
          given,
        ]);
        if (child.pid !== undefined) pin(child.pid, otherCores());
        await once(child, "message");
        const statuses = new Map<number, number>();
        child.on("message", (status: number) => statuses.set(status, (statuses.get(status) ?? 0) + 1));
        const waited = await resolves(stack.url, token, seconds);
        child.kill("SIGKILL");
        await once(child, "exit");
        times.push({ ...waited, statuses });
        // What was sent last is not to count for the next kind.
        await sleep(500);
      }
      rows.push(row(what, times));
    }
    return rows;
  } finally {
    await stack.stop();
  }
}

interface Times {
  readonly p99: number;
  readonly most: number;
  /** How many answers of each status the attackers had. */
  readonly statuses?: ReadonlyMap<number, number>;
}

function row(what: string, times: readonly Times[]): Row {
  const measured = times.map(({ p99, most, statuses = new Map() }, at) => {
    const answers = [...statuses].map(([status, count]) => `${count} × ${status || "cut"}`).join(", ");
    return `${at === 0 ? "" : "without token "}${p99.toFixed(1)} (${most.toFixed(0)})${answers && `; ${answers}`}`;
  });
  const met = times.every(({ p99, most }) => p99 < 20 && most < 100);
  return { what, measured: measured.join("; "), goal: "p99 < 20 ms (most < 100)", met };
}

/** One after the other on a connection that is kept. */
async function resolves(base: string, token: string, forSeconds: number): Promise<Times> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const url = `${base}/v1/resolve?uri=titanic@champion`;
  const times: number[] = [];
  for (const end = performance.now() + forSeconds * 1_000; performance.now() < end; ) {
    const began = performance.now();
    await new Promise<void>((resolve, reject) => {
      const asked = request(url, { agent, headers: { authorization: `Bearer ${token}` } }, (answer) => {
        answer.resume();
        answer.on("end", () =>
          answer.statusCode === 200 ? resolve() : reject(new Error(`resolve: ${answer.statusCode}`)),
        );
      });
      asked.on("error", reject);
      asked.end();
    });
    times.push(performance.now() - began);
    await sleep(pauseMs);
  }
  agent.destroy();
  times.sort((a, b) => a - b);
  return { p99: times[Math.floor(times.length * 0.99)]!, most: times.at(-1)! };
}

/** Every thread of the process, and what it starts from now on. */
function pin(pid: number, cores: string): void {
  if (allCores > 1) execFileSync("taskset", ["-a", "-p", "-c", cores, `${pid}`], { stdio: "ignore" });
}

function otherCores(): string {
  return `1-${allCores - 1}`;
}

/** Before this process was pinned. */
const allCores = availableParallelism();
