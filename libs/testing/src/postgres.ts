/**
 * Real Postgres for tests: one embedded server per test process, started by the first call; one database per test file,
 * cloned from a template that is prepared once.
 *
 * The server keeps nothing (fsync off, a directory that is removed) and ends with the process in every way the process
 * can end, SIGKILL included: it hangs on a pipe that closes.
 * @module
 */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Account, asAccount, chooseAccount } from "@mintmark/local-postgres/account";
import { type PostgresBinaries, postgresBinaries } from "@mintmark/local-postgres/binaries";
import pg from "pg";
import { freePort } from "./free-port.ts";

export interface TestDatabase {
  /** Connects as the owner of the database, a superuser. */
  readonly url: string;
  /** A pool of that user. */
  readonly pool: pg.Pool;
  /** Closes the pool and drops the database, whoever is still connected. */
  readonly drop: () => Promise<void>;
}

/** A database that many tests begin with. */
export interface Template {
  /** Names the template; one that was prepared in this process is not prepared again. */
  readonly name: string;
  readonly prepare: (url: string) => Promise<void>;
}

/** A new database, empty or a copy of the template. */
export async function testDatabase(template?: Template): Promise<TestDatabase> {
  const server = await startedServer();
  const from = template === undefined ? "template0" : await prepared(server, template);
  return createDatabase(server, from);
}

interface Server {
  readonly port: number;
  readonly admin: pg.Pool;
}

let running: Promise<Server> | undefined;
const templates = new Map<string, Promise<string>>();

function startedServer(): Promise<Server> {
  running ??= startServer();
  return running;
}

function prepared(server: Server, { name, prepare }: Template): Promise<string> {
  let database = templates.get(name);
  if (database === undefined) {
    database = prepareTemplate(server, name, prepare);
    templates.set(name, database);
  }
  return database;
}

async function prepareTemplate(server: Server, name: string, prepare: Template["prepare"]): Promise<string> {
  const database = `template_${name}`;
  await server.admin.query(`create database ${database} template template0`);
  await prepare(urlOf(server, database));
  return database;
}

async function createDatabase(server: Server, from: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  await server.admin.query(`create database ${name} template ${from}`);
  const url = urlOf(server, name);
  const pool = quietPool(url, 4);
  const drop = async () => {
    await pool.end();
    await server.admin.query(`drop database ${name} with (force)`);
  };
  return { url, pool, drop };
}

async function startServer(): Promise<Server> {
  const directory = mkdtempSync(join(tmpdir(), "mintmark-postgres-"));
  const account = chooseAccount();
  const binaries = await postgresBinaries();
  const data = join(directory, "data");
  mkdirSync(data, { mode: 0o700 });
  if (account !== undefined) for (const path of [directory, data]) chownSync(path, account.uid, account.gid);
  initialize(data, account, binaries);

  const port = await freePort();
  const child = spawnServer(directory, port, account, binaries);
  const server = { port, admin: quietPool(`postgres://postgres@127.0.0.1:${port}/postgres`, 1) };
  await accepting(server, child);
  return server;
}

function initialize(data: string, account: Account | undefined, { initdb }: PostgresBinaries): void {
  const args = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"];
  const locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  const launch = asAccount(account, { command: initdb, args: [...args, ...locale] }, [data]);
  const result = spawnSync(launch.command, launch.args, { ...launch.user, cwd: data, encoding: "utf8" });
  if (result.status !== 0) throw new Error(`initdb failed: ${result.error?.message ?? result.stderr}`);
}

/** The shell waits for the end of its input, a pipe from this process; then it ends the server and removes its files. */
function spawnServer(
  directory: string,
  port: number,
  account: Account | undefined,
  { postgres }: PostgresBinaries,
): ChildProcess {
  const data = join(directory, "data");
  const settings = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
    shared_buffers: "32MB",
    max_connections: 150,
    io_method: "sync",
  };
  const flags = Object.entries(settings).map(([name, value]) => `-c ${name}='${value}'`);
  const script = `exec 3<&0
    '${postgres}' -D '${data}' ${flags.join(" ")} </dev/null >'${data}/log' 2>&1 3<&- & server=$!
    cat <&3 >/dev/null
    kill -QUIT $server; wait $server; cd /; rm -rf '${directory}'`;
  const { command, args, user } = asAccount(account, { command: "/bin/sh", args: ["-c", script] }, [data], postgres);
  const child = spawn(command, args, { ...user, cwd: data, stdio: ["pipe", "ignore", "ignore"] });
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return child;
}

async function accepting(server: Server, child: ChildProcess): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await server.admin.query("select 1");
      return;
    } catch (error) {
      if (attempt > 400 || child.exitCode !== null) throw new Error("Postgres does not start", { cause: error });
      await sleep(25);
    }
  }
}

function urlOf(server: Server, database: string): string {
  return `postgres://postgres@127.0.0.1:${server.port}/${database}`;
}

/** Its connections do not keep the process alive, and one that is cut does not end it. */
function quietPool(url: string, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max, allowExitOnIdle: true });
  pool.on("error", () => {});
  return pool;
}
