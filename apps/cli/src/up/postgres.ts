/**
 * The embedded Postgres: a cluster in the data directory, on a free port of loopback.
 *
 * Three roles: the superuser, whom nobody but this module uses; the owner of the registry's database, who may create the
 * roles that the registry's migrations want; and the queue's own, which cannot touch the registry's tables.
 * @module
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { chownSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { AppError } from "@mintmark/errors";
import { asAccount, chooseAccount, ownerOf } from "@mintmark/local-postgres/account";
import type { PostgresBinaries } from "@mintmark/local-postgres/binaries";
import pg from "pg";
import { type DataDir, databaseSecret, readIfThere } from "./data-dir.ts";
import type { Program } from "./program.ts";

export interface PostgresAccess {
  /** The registry's database, as its owner. */
  readonly databaseUrl: string;
  /** The same database, as the role of the queue. */
  readonly queueUrl: string;
  /** The same database, as superuser: for backups and for setting up. */
  readonly superuserUrl: string;
}

const database = "mintmark";
const ownerRole = "mintmark";
const queueRole = "mintmark_queue";

/** Measured at a million versions on a laptop: 40 MiB idle, back within seconds of a kill. No replicas, so a minimal log. */
const settings = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  shared_buffers: "128MB",
  io_method: "sync",
  max_connections: "100",
  work_mem: "16MB",
  random_page_cost: "1.1",
  wal_level: "minimal",
  max_wal_senders: "0",
  max_wal_size: "1GB",
  checkpoint_timeout: "10min",
  default_statistics_target: "200",
  autovacuum_vacuum_insert_scale_factor: "0.01",
  password_encryption: "scram-sha-256",
  lc_messages: "C",
  timezone: "UTC",
} as const;

/**
 * Creates the cluster if there is none.
 * @throws AppError POSTGRES_MAJOR_DIFFERS if another major version wrote it
 */
export async function prepareCluster(dir: DataDir, binaries: PostgresBinaries): Promise<void> {
  const found = readIfThere(join(dir.postgres, "PG_VERSION"));
  if (found === binaries.major) return;
  if (found !== undefined)
    throw new AppError("POSTGRES_MAJOR_DIFFERS", { dir: dir.postgres, found, expected: binaries.major });
  await createCluster(dir, binaries);
}

/** The program to supervise: the postmaster on `port`. */
export function postgresProgram(dir: DataDir, binaries: PostgresBinaries, port: number): Program {
  const options = Object.entries({ ...settings, port: String(port) }).flatMap(([key, value]) => [
    "-c",
    `${key}=${value}`,
  ]);
  const { superuserUrl } = postgresAccess(dir, port);
  const launch = { command: binaries.postgres, args: ["-D", dir.postgres, ...options] };
  const { command, args, user } = asAccount(ownerOf(dir.postgres), launch, [dir.postgres]);
  return {
    name: "postgres",
    command,
    args: () => args,
    ...(user === undefined ? {} : { user }),
    env: { PATH: process.env["PATH"] ?? "", TZ: "UTC", LC_ALL: "C" },
    cwd: dir.postgres,
    // Fast shutdown: ends sessions, keeps everything that was committed.
    stopSignal: "SIGINT",
    channel: false,
    whenReady: (signal) => connectable(maintenance(superuserUrl), signal),
    onSpawn: guard,
  };
}

/** Creates the roles and the database if they are missing; every start does, so a kill in the middle is made good. */
export async function prepareDatabase(dir: DataDir, port: number): Promise<PostgresAccess> {
  const access = postgresAccess(dir, port);
  await withClient(maintenance(access.superuserUrl), async (client) => {
    await client.query(`
      do $$ begin
        if not exists (select from pg_roles where rolname = '${ownerRole}') then create role ${ownerRole}; end if;
        if not exists (select from pg_roles where rolname = '${queueRole}') then create role ${queueRole}; end if;
      end $$`);
    await client.query(`alter role ${ownerRole} login createrole password '${passwordOf(dir, ownerRole)}'`);
    // What the owner creates it may also become and hand on, as the migrations do with the roles of the service.
    await client.query(`alter role ${ownerRole} set createrole_self_grant = 'set, inherit'`);
    await client.query(`alter role ${queueRole} login password '${passwordOf(dir, queueRole)}'`);
    await client.query(`grant ${queueRole} to ${ownerRole} with admin option`);
    const { rowCount } = await client.query("select from pg_database where datname = $1", [database]);
    if (rowCount === 0) await client.query(`create database ${database} owner ${ownerRole}`);
  });
  return access;
}

/** How to reach the database of a directory on `port`. */
export function postgresAccess(dir: DataDir, port: number): PostgresAccess {
  const url = (role: string) => `postgres://${role}:${passwordOf(dir, role)}@127.0.0.1:${port}/${database}`;
  return { databaseUrl: url(ownerRole), queueUrl: url(queueRole), superuserUrl: url("postgres") };
}

/** The port on which the postmaster of a directory listens, or undefined if none runs. */
export function runningPort(dir: DataDir): number | undefined {
  // postmaster.pid: process, directory, start, port, … one a line.
  const port = Number(readIfThere(join(dir.postgres, "postmaster.pid"))?.split("\n")[3]);
  return Number.isInteger(port) && port > 0 ? port : undefined;
}

async function createCluster(dir: DataDir, binaries: PostgresBinaries): Promise<void> {
  const passwordFile = join(dir.root, "initdb.password");
  mkdirSync(dir.postgres, { mode: 0o700 });
  writeFileSync(passwordFile, `${passwordOf(dir, "postgres")}\n`, { mode: 0o600 });
  const options = ["--username=postgres", "--auth=scram-sha-256", `--pwfile=${passwordFile}`, "--encoding=UTF8"];
  // The built-in collation is by code point and does not change with the system's libraries.
  const locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions"];
  const account = chooseAccount();
  try {
    const initdb = { command: binaries.initdb, args: [`--pgdata=${dir.postgres}`, ...options, ...locale] };
    const { command, args, user } = asAccount(account, initdb, [dir.postgres, passwordFile]);
    if (account !== undefined)
      for (const path of [dir.postgres, passwordFile]) chownSync(path, account.uid, account.gid);
    const env = { PATH: process.env["PATH"] ?? "", LC_ALL: "C" };
    await promisify(execFile)(command, args, { ...user, cwd: dir.postgres, env });
  } catch (error) {
    // Half a cluster would look like one at the next start.
    rmSync(dir.postgres, { recursive: true, force: true });
    if (error instanceof AppError) throw error;
    if (account !== undefined && (error as NodeJS.ErrnoException).code === "EPERM")
      throw new AppError("ACCOUNT_CLOSED", { uid: account.uid }, { cause: error });
    throw new AppError("PROGRAM_NOT_STARTED", { program: "initdb", cause: lastLine(error) }, { cause: error });
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/**
 * Ends Postgres when this process ends, however it ends: a shell waits on a pipe that only this process holds open, and
 * sends the signal of a fast shutdown when the pipe closes.
 */
function guard(postmaster: ChildProcess): void {
  if (postmaster.pid === undefined) return;
  const shell = spawn("/bin/sh", ["-c", 'read _; kill -INT "$1"', "sh", String(postmaster.pid)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  shell.on("error", () => {});
  shell.stdin?.on("error", () => {});
  shell.unref();
  // An id may be given again; so the guard goes before its postmaster's id can be.
  postmaster.once("exit", () => shell.kill("SIGKILL"));
}

/** The same server's database that is always there. */
function maintenance(url: string): string {
  return url.replace(/\/[^/]*$/, "/postgres");
}

async function connectable(url: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const failure = await withClient(url, async () => undefined).catch((error: { code?: string }) => error);
    if (failure === undefined) return;
    const wrongPassword = "28P01";
    if (failure.code === wrongPassword) throw failure;
    await sleep(30);
  }
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** One secret, and a password a role derived from it. */
function passwordOf(dir: DataDir, role: string): string {
  return createHmac("sha256", databaseSecret(dir)).update(role).digest("hex");
}

function lastLine(error: unknown): string {
  const text = (error as { stderr?: string }).stderr || (error as Error).message;
  return text.trim().split("\n").at(-1) ?? "";
}
