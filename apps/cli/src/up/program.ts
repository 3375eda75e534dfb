/**
 * One program under supervision: started, started again with a growing pause when it dies, and stopped.
 *
 * Each runs in a session of its own, so that Ctrl-C in a terminal reaches the supervisor alone, and the programs end in
 * the right order.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "@mintmark/errors";
import { heldVariable, type Release } from "@mintmark/http-edge/program";
import { type Log, logEntry } from "./log.ts";
import type { ProcessIds } from "./process-id.ts";

export interface Program {
  /** As in `NAME.pid`. */
  readonly name: string;
  readonly command: string;
  /** Asked for at each start: a port that was given at the first start is asked for by number at the next. */
  readonly args: () => readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** The signal that asks it to end. */
  readonly stopSignal: NodeJS.Signals;
  /** Whether it tells by `{ ready: true }` on its channel that it can be used; else `whenReady` finds out. */
  readonly channel: boolean;
  /** Called with what the program says of itself when it is ready. */
  readonly onReady?: (message: ReadyMessage) => void;
  readonly whenReady?: (signal: AbortSignal) => Promise<void>;
  /** Called for each process, at once after it was started. */
  readonly onSpawn?: (child: ChildProcess) => void;
}

/** `port`, `grpcPort` and `innerPort` are where it listens, if it does. */
export interface ReadyMessage {
  readonly ready?: boolean;
  readonly port?: number;
  readonly grpcPort?: number;
  readonly innerPort?: number;
}

export interface Supervised {
  /** Asks the program to end, kills it after `patience` milliseconds, and never starts it again. */
  readonly stop: (patience: number) => Promise<void>;
}

/** A program that has run for this long is taken to be well; its next pause is the first again. */
const wellAfterMs = 30_000;
const firstPauseMs = 100;
const longestPauseMs = 5_000;
const startPatienceMs = 60_000;

/** Starts a program of ours ahead of its turn: its code is loaded while what it needs is not there yet. */
export function startAhead(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildProcess {
  const child = spawn(command, args, {
    env: { ...env, [heldVariable]: "1" },
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  // It is started again in its turn.
  child.on("error", () => {});
  return child;
}

/**
 * Starts a program and waits until it can be used; from then on it is kept running.
 * @throws AppError PROGRAM_NOT_STARTED with the last line that it wrote, if it ends before that
 */
export async function supervise(
  program: Program,
  log: Log,
  ids: ProcessIds,
  signal: AbortSignal,
  ahead?: ChildProcess,
): Promise<Supervised> {
  const state: State = { stopping: false, running: undefined, ahead };
  const stop = (patience: number) => end(state, program, patience);
  try {
    await start(state, program, log, ids, signal);
  } catch (error) {
    await stop(2_000);
    throw error;
  }
  void keepRunning(state, program, log, ids);
  return { stop };
}

interface State {
  stopping: boolean;
  running: Running | undefined;
  /** For the first start. */
  ahead: ChildProcess | undefined;
}

interface Running {
  readonly child: ChildProcess;
  readonly since: number;
  /** Settles with a sentence about how it ended. */
  readonly ended: Promise<string>;
  readonly lastLine: () => string | undefined;
}

async function start(state: State, program: Program, log: Log, ids: ProcessIds, signal?: AbortSignal): Promise<void> {
  const running = launch(program, log, ids, state.ahead);
  state.ahead = undefined;
  state.running = running;
  const failed = running.ended.then((how) => {
    throw new AppError("PROGRAM_NOT_STARTED", { program: program.name, cause: running.lastLine() ?? how });
  });
  const patience = new AbortController();
  const late = sleep(startPatienceMs, undefined, { signal: patience.signal, ref: false }).then(() => {
    throw new AppError("PROGRAM_NOT_STARTED", {
      program: program.name,
      cause: `not ready after ${startPatienceMs} ms`,
    });
  });
  try {
    await Promise.race([
      ready(program, running.child, patience.signal),
      failed,
      late,
      ...(signal ? [aborted(signal)] : []),
    ]);
  } finally {
    patience.abort();
    failed.catch(() => {});
    late.catch(() => {});
  }
}

function launch(program: Program, log: Log, ids: ProcessIds, ahead: ChildProcess | undefined): Running {
  const child = released(program, ahead) ?? spawned(program);
  const ended = new Promise<string>((done) => {
    child.once("error", (error) => done(error.message));
    child.once("exit", (code, signal) => {
      const how = signal === null ? `ended with code ${code}` : `ended by ${signal}`;
      // "close" means that its last line was read; but a process that it left behind may hold the pipe much longer.
      const late = setTimeout(done, 300, how);
      child.once("close", () => {
        clearTimeout(late);
        done(how);
      });
    });
  });
  if (child.pid !== undefined) ids.set(program.name, child.pid);
  void ended.then(() => ids.clear(program.name));
  let lastLine: string | undefined;
  for (const stream of [child.stdout, child.stderr]) if (stream) log.follow(program.name, stream);
  child.stderr?.on("data", (chunk: Buffer) => {
    lastLine = chunk.toString().split("\n").filter(saysSomething).map(message).at(-1) ?? lastLine;
  });
  program.onSpawn?.(child);
  return { child, since: Date.now(), ended, lastLine: () => lastLine };
}

function spawned(program: Program): ChildProcess {
  return spawn(program.command, program.args(), {
    cwd: program.cwd,
    env: program.env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe", ...(program.channel ? (["ipc"] as const) : [])],
    ...program.user,
  });
}

/** The process that was started ahead, told to go on; undefined if there is none, or it has ended. */
function released(program: Program, ahead: ChildProcess | undefined): ChildProcess | undefined {
  if (ahead?.connected !== true || ahead.exitCode !== null || ahead.signalCode !== null) return undefined;
  const [, ...args] = program.args();
  ahead.send({ args, env: program.env } satisfies Release);
  return ahead;
}

/** Not empty, and not the frame of a stack or the line with which Node ends a crash. */
function saysSomething(line: string): boolean {
  return line.trim() !== "" && !/^\s+at |^Node\.js v/.test(line);
}

/** The text of a log line, or the line itself. */
function message(line: string): string {
  return String(logEntry(line)?.["msg"] ?? line.trim());
}

function ready(program: Program, child: ChildProcess, signal: AbortSignal): Promise<void> {
  if (program.whenReady !== undefined) return program.whenReady(signal);
  return new Promise((done) => {
    child.on("message", (message: ReadyMessage) => {
      if (message.ready !== true) return;
      program.onReady?.(message);
      done();
    });
  });
}

async function keepRunning(state: State, program: Program, log: Log, ids: ProcessIds): Promise<void> {
  let pause = firstPauseMs;
  while (!state.stopping && state.running !== undefined) {
    const how = await state.running.ended;
    if (state.stopping) return;
    if (Date.now() - state.running.since > wellAfterMs) pause = firstPauseMs;
    log.note("warn", `${program.name} ${how}; starting it again in ${pause} ms`);
    await sleep(pause);
    pause = Math.min(pause * 2, longestPauseMs);
    if (state.stopping) return;
    await start(state, program, log, ids).then(
      () => log.note("info", `${program.name} is back`),
      (error: Error) => {
        log.note("warn", error.message);
        state.running?.child.kill("SIGKILL");
      },
    );
  }
}

async function end(state: State, program: Program, patience: number): Promise<void> {
  state.stopping = true;
  const running = state.running;
  if (running === undefined) return;
  running.child.kill(program.stopSignal);
  const kill = setTimeout(() => running.child.kill("SIGKILL"), patience);
  await running.ended;
  clearTimeout(kill);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, fail) => {
    if (signal.aborted) return fail(signal.reason);
    signal.addEventListener("abort", () => fail(signal.reason), { once: true });
  });
}
