/**
 * A data directory without the system: its Postgres alone, for as long as a piece of work takes.
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { AppError } from "@mintmark/errors";
import { ensureSigningKeys } from "../keys/key-dir.ts";
import { type DataDir, isLocked, lockedOrTakenBack, prepareDataDir } from "./data-dir.ts";
import { openLog } from "./log.ts";
import { type PostgresAccess, postgresAccess, runningPort } from "./postgres.ts";
import { ProcessIds } from "./process-id.ts";
import { nodeProgram, Stack, startPostgres } from "./stack.ts";

/** Whether a system was ever started on the directory. */
export function hasDatabase(dir: DataDir): boolean {
  return existsSync(join(dir.postgres, "PG_VERSION"));
}

/**
 * Works with a registry that is started for it, on a directory that nobody uses.
 * @param work is given the registry's URL
 */
export async function withRegistry<T>(
  dir: DataDir,
  signal: AbortSignal,
  work: (url: string) => Promise<T>,
): Promise<T> {
  return withOwnDatabase(dir, signal, (access) => runRegistry(dir, access, signal, work));
}

/**
 * Works on the database of a directory: that of the system which runs there, or one that is started for it.
 * @throws AppError DATA_DIR_NOT_STARTED if there is none
 */
export async function withDatabase<T>(dir: DataDir, signal: AbortSignal, work: (access: PostgresAccess) => Promise<T>) {
  if (!hasDatabase(dir)) throw new AppError("DATA_DIR_NOT_STARTED", { dir: dir.root });
  const port = runningPort(dir);
  if (port !== undefined && isLocked(dir)) return work(postgresAccess(dir, port));
  return withOwnDatabase(dir, signal, (access): Promise<T> => work(access));
}

/** Starts a database in a directory that nobody uses, and stops it after the work. A new directory goes if that fails. */
export async function withOwnDatabase<T>(
  dir: DataDir,
  signal: AbortSignal,
  work: (access: PostgresAccess, stack: Stack) => Promise<T>,
): Promise<T> {
  const takeBack = prepareDataDir(dir);
  const lock = lockedOrTakenBack(dir, takeBack);
  const stack = new Stack(
    openLog(dir.logs, false, () => {}),
    new ProcessIds(dir.run),
    signal,
  );
  try {
    await stack.ids.outlive(earlierPatienceMs);
    const done = await work(await startPostgres(dir, stack), stack);
    await stack.stop();
    lock.release();
    return done;
  } catch (error) {
    await stack.stop();
    takeBack();
    lock.release();
    throw error;
  }
}

/** Lets the registry bring the database to its schema. */
export async function migrate(dir: DataDir, access: PostgresAccess, signal: AbortSignal): Promise<void> {
  await runRegistry(dir, access, signal, async () => {});
}

async function runRegistry<T>(
  dir: DataDir,
  { databaseUrl, queueUrl }: PostgresAccess,
  signal: AbortSignal,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const stack = new Stack(
    openLog(dir.logs, false, () => {}),
    new ProcessIds(dir.run),
    signal,
  );
  await ensureSigningKeys(dir.keys);
  const ports = { port: 0 };
  try {
    const registry = nodeProgram({
      name: "registry",
      entry: "@mintmark/registry-svc/main",
      ports,
      args: () => ["--host", "127.0.0.1", "--port", "0"],
      env: {
        ...process.env,
        MINTMARK_AUTH: "off",
        MINTMARK_KEY_DIR: dir.keys,
        DATABASE_URL: databaseUrl,
        QUEUE_URL: queueUrl,
        MINTMARK_ARTIFACT_STORE: pathToFileURL(dir.blobs).href,
      },
    });
    await stack.add("services", registry);
    return await work(`http://127.0.0.1:${ports.port}`);
  } finally {
    await stack.stop();
  }
}

/** Programs of an `up` that was killed end by themselves within this time. */
export const earlierPatienceMs = 9_000;
