/**
 * The command line as processes, for tests: each in an environment without the settings of whoever runs them.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export interface Launched {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  /** The exit code, 128 + n after signal n, once everything was read. */
  readonly ended: Promise<number>;
}

export interface Up extends Launched {
  readonly url: string;
}

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Bench {
  /** A directory of its own, removed by `clear`. */
  readonly scratch: string;
  /** The command itself, and the environment in which it runs here. */
  readonly bin: string;
  readonly env: NodeJS.ProcessEnv;
  readonly launch: (...args: string[]) => Launched;
  /** `mintmark up` with one worker on free ports, once it is ready. */
  readonly up: (dir: string, ...args: string[]) => Promise<Up>;
  /** Runs `mintmark ARGS` to its end. */
  readonly run: (...args: string[]) => Promise<Ended>;
  /** Ends what still runs, and removes the directory. */
  readonly clear: () => Promise<void>;
}

export const anyPorts = ["--port", "0", "--grpc-port", "0", "--registry-port", "0", "--workers", "1"];

const bin = fileURLToPath(new URL("../../bin/mintmark.mjs", import.meta.url));
const foreign = /^(MINTMARK_|DATABASE_URL$|QUEUE_URL$|npm_)/;

export function bench(): Bench {
  const scratch = mkdtempSync(join(tmpdir(), "mintmark-cli-test-"));
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
  const env = { ...clean, XDG_STATE_HOME: join(scratch, "state") };
  const started = new Set<Launched>();

  function launch(...args: string[]): Launched {
    const child = spawn(bin, args, { env, cwd: scratch, stdio: ["ignore", "pipe", "pipe"] });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    child.stderr.on("data", (chunk) => {
      err += chunk;
    });
    const ended = new Promise<number>((done) =>
      child.once("close", (code, signal) => done(code ?? 128 + constants.signals[signal!])),
    );
    const launched = { child, out: () => out, err: () => err, ended };
    started.add(launched);
    void ended.then(() => started.delete(launched));
    return launched;
  }

  return {
    scratch,
    bin,
    env,
    launch,
    up: async (dir, ...args) => {
      const program = launch("up", "--data-dir", dir, ...anyPorts, ...args);
      await until(() => program.out().includes("ready ") || program.child.exitCode !== null, 60_000);
      const url = /^ready (https?:\S+) grpc=\d+ registry=\d+$/m.exec(program.out())?.[1];
      if (url === undefined) throw new Error(`not ready: ${program.out()}${program.err()}`);
      return { ...program, url };
    },
    run: async (...args) => {
      const program = launch(...args);
      return { code: await program.ended, out: program.out(), err: program.err() };
    },
    clear: async () => {
      const running = [...started];
      for (const { child } of running) child.kill("SIGTERM");
      await Promise.all(running.map(({ ended }) => ended));
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

/** Asks until the answer is yes; an error counts as no. */
export async function until(condition: () => unknown, timeoutMs = 20_000): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await sleep(25))
    try {
      if (await condition()) return;
    } catch {}
  throw new Error(`not reached in ${timeoutMs} ms: ${condition}`);
}

/** What `DIR/run/NAME.pid` says. */
export function pidOf(dir: string, name: string): number {
  return Number(readFileSync(join(dir, "run", `${name}.pid`), "utf8"));
}

/** Whether a process is there and has not ended. */
export function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}
