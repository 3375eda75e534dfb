/**
 * The programs of one data directory, in the groups in which they are stopped.
 * @module
 */
import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { AppError, type Reason } from "@mintmark/errors";
import { type PostgresBinaries, postgresBinaries } from "@mintmark/local-postgres/binaries";
import type { DataDir } from "./data-dir.ts";
import type { Log } from "./log.ts";
import { claimPort } from "./ports.ts";
import { type PostgresAccess, postgresProgram, prepareCluster, prepareDatabase } from "./postgres.ts";
import type { ProcessIds } from "./process-id.ts";
import { type Program, type Supervised, startAhead, supervise } from "./program.ts";

/** How long each group may take to end, in milliseconds; together under 10 s. */
const patience = { workers: 7_000, services: 1_200, postgres: 1_200 } as const;

export class Stack {
  readonly ids: ProcessIds;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  readonly #signal: AbortSignal;
  readonly #starting = new Set<Promise<unknown>>();
  readonly #groups = {
    workers: new Set<Supervised>(),
    services: new Set<Supervised>(),
    postgres: new Set<Supervised>(),
  };

  readonly #ahead = new Map<string, ChildProcess>();

  constructor(log: Log, ids: ProcessIds, signal: AbortSignal) {
    this.#log = log;
    this.ids = ids;
    this.#signal = AbortSignal.any([signal, this.#stopping.signal]);
  }

  /** Loads the code of a program of ours while what it needs is being started; `add` lets it go on. */
  startAhead(name: string, entry: string, env: Readonly<Record<string, string>>): void {
    this.#ahead.set(name, startAhead(process.execPath, [entryPath(entry)], env));
  }

  async add(group: keyof typeof patience, program: Program): Promise<void> {
    this.#signal.throwIfAborted();
    const ahead = this.#ahead.get(program.name);
    this.#ahead.delete(program.name);
    const starting = supervise(program, this.#log, this.ids, this.#signal, ahead);
    this.#starting.add(starting);
    this.#groups[group].add(await starting);
  }

  async stop(): Promise<void> {
    // What is still starting is broken off, and ends by itself.
    this.#stopping.abort();
    for (const child of this.#ahead.values()) child.kill("SIGKILL");
    await Promise.allSettled(this.#starting);
    for (const group of ["workers", "services", "postgres"] as const)
      await Promise.all([...this.#groups[group]].map((program) => program.stop(patience[group])));
  }
}

/** Where a program listens; 0 becomes the port that it was given. */
export interface Ports {
  port: number;
  grpcPort?: number;
  innerPort?: number;
}

export interface NodeProgram {
  readonly name: string;
  /** What its package exports it as. */
  readonly entry: string;
  readonly args: () => readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly ports?: Ports;
}

/** One of our own programs, which tells by its channel that it is ready. */
export function nodeProgram({ name, entry, args, env, ports }: NodeProgram): Program {
  return {
    name,
    command: process.execPath,
    args: () => [entryPath(entry), ...args()],
    env: defined(env),
    stopSignal: "SIGTERM",
    channel: true,
    onReady: ({ port, grpcPort, innerPort }) => {
      if (ports === undefined) return;
      if (port !== undefined) ports.port = port;
      if (grpcPort !== undefined) ports.grpcPort = grpcPort;
      if (innerPort !== undefined) ports.innerPort = innerPort;
    },
  };
}

function entryPath(entry: string): string {
  return fileURLToPath(import.meta.resolve(entry));
}

/** An environment without the names that have no value. */
export function defined(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined));
}

/** Starts Postgres on a directory; `stack` keeps it and stops it. */
export async function startPostgres(
  directory: DataDir,
  stack: Stack,
  installed?: PostgresBinaries,
): Promise<PostgresAccess> {
  const binaries = installed ?? (await postgresBinaries());
  await prepareCluster(directory, binaries);
  for (let attempt = 1; ; attempt++) {
    const port = await claimPort("127.0.0.1", 0, "");
    try {
      await stack.add("postgres", postgresProgram(directory, binaries, port));
      return await prepareDatabase(directory, port);
    } catch (error) {
      // The free port was taken meanwhile, or an earlier postmaster is not quite gone.
      if (attempt === startAttempts || !isAppError(error, "PROGRAM_NOT_STARTED")) throw error;
      await sleep(200 * attempt);
    }
  }
}

const startAttempts = 5;

function isAppError(error: unknown, reason: Reason): boolean {
  return error instanceof AppError && error.reason === reason;
}
