/**
 * Programs as users run them: started, read line by line, and always ended.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The folder of the checkout. */
export const checkout = fileURLToPath(new URL("../..", import.meta.url));
/** The `mintmark` that `npm ci` puts on the path of npm scripts and npx. */
export const mintmarkBin = `${checkout}node_modules/.bin/mintmark`;

export interface Program {
  readonly process: ChildProcess;
  /** What it wrote so far. */
  readonly output: { stdout: string; stderr: string };
  /** The first line of stdout that matches. Fails with what was written if the program ends, or the time is up, before. */
  readonly line: (pattern: RegExp, timeoutMs: number) => Promise<RegExpMatchArray>;
  /** Its exit code, 128 + n for signal n, once it has ended. */
  readonly ended: Promise<number>;
  /** Sends SIGTERM, then SIGKILL after 15 s; returns the exit code. */
  readonly stop: () => Promise<number>;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

export function start(
  command: string,
  args: readonly string[],
  { env = {}, cwd = checkout }: RunOptions = {},
): Program {
  const process_ = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  process_.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: process_.stdout }).on("line", (text) => {
    output.stdout += `${text}\n`;
    lines.push(text);
    for (const look of waiting) look();
  });
  const ended = once(process_, "close").then(
    ([code, signal]) => (code as number | null) ?? signalCode(signal as string),
  );
  return {
    process: process_,
    output,
    ended,
    line: (pattern, timeoutMs) =>
      new Promise((resolve, reject) => {
        const told = () => `${command} ${args.join(" ")}\n${output.stdout}${output.stderr}`;
        const done = (finish: () => void) => {
          clearTimeout(timer);
          waiting.delete(look);
          finish();
        };
        const look = () => {
          const match = lines.map((text) => text.match(pattern)).find((found) => found !== null);
          if (match) done(() => resolve(match));
        };
        const timer = setTimeout(
          () => done(() => reject(new Error(`no ${pattern} within ${timeoutMs} ms of ${told()}`))),
          timeoutMs,
        );
        waiting.add(look);
        look();
        ended.then((code) => done(() => reject(new Error(`ended with ${code}: ${told()}`))));
      }),
    stop: async () => {
      if (process_.exitCode !== null || process_.signalCode !== null) return ended;
      process_.kill("SIGTERM");
      const timer = setTimeout(() => process_.kill("SIGKILL"), 15_000);
      const code = await ended;
      clearTimeout(timer);
      return code;
    },
  };
}

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions & { timeoutMs?: number } = {},
): Promise<Result> {
  const program = start(command, args, options);
  const timer = setTimeout(() => program.process.kill("SIGKILL"), options.timeoutMs ?? 120_000);
  const code = await program.ended;
  clearTimeout(timer);
  return { code, ...program.output };
}

function signalCode(signal: string): number {
  return 128 + ({ SIGKILL: 9, SIGTERM: 15, SIGINT: 2 }[signal] ?? 0);
}
