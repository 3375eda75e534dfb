/**
 * The data directory of `mintmark up`: where everything lies, and who has it.
 *
 * ```
 * DIR/postgres/            the database cluster, owned by the user that Postgres runs as
 * DIR/postgres.password    from which the passwords of the database roles are derived
 * DIR/blobs/               bytes of artifacts and snapshots
 * DIR/keys/                signing/ and trusted/
 * DIR/logs/                what the programs wrote
 * DIR/run/                 process ids, and the lock
 * DIR/admin.token          the first token, where authentication is on
 * ```
 * @module
 */
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AppError } from "@mintmark/errors";

export interface DataDir {
  readonly root: string;
  readonly postgres: string;
  readonly passwordFile: string;
  readonly blobs: string;
  readonly keys: string;
  readonly logs: string;
  readonly run: string;
  readonly adminToken: string;
}

/** Where things are below `root`; nothing is touched. */
export function dataDir(root: string): DataDir {
  const absolute = resolve(root);
  const at = (name: string) => join(absolute, name);
  return {
    root: absolute,
    postgres: at("postgres"),
    passwordFile: at("postgres.password"),
    blobs: at("blobs"),
    keys: at("keys"),
    logs: at("logs"),
    run: at("run"),
    adminToken: at("admin.token"),
  };
}

/** Creates what is missing. Passing through is open to others, because Postgres may run as another user. */
export function prepareDataDir(dir: DataDir): void {
  try {
    if (!existsSync(dir.root)) {
      mkdirSync(dir.root, { recursive: true });
      chmodSync(dir.root, 0o711);
    }
    for (const path of [dir.run, dir.logs, dir.blobs, dir.keys]) mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw notUsable(dir, error);
  }
}

/**
 * Takes the directory for this process until it ends, however it ends.
 *
 * The lock is SQLite's on an empty file: the one lock of the operating system that Node reaches, and it needs no cleaning
 * up after a kill.
 * @throws AppError DATA_DIR_IN_USE if another process has it
 */
export function lockDataDir(dir: DataDir): { release: () => void } {
  const pidFile = join(dir.run, "up.pid");
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(join(dir.run, "lock"), { timeout: 0 });
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock?.close();
    if (!isBusy(error)) throw notUsable(dir, error);
    throw new AppError("DATA_DIR_IN_USE", { dir: dir.root, pid: readIfThere(pidFile) ?? "unknown" });
  }
  writeFileSync(pidFile, `${process.pid}\n`);
  return { release: () => lock.close() };
}

/** The secret of the directory's database, made at the first call. */
export function databaseSecret(dir: DataDir): string {
  const known = readIfThere(dir.passwordFile);
  if (known !== undefined) return known;
  const secret = randomBytes(24).toString("hex");
  writeFileSync(dir.passwordFile, `${secret}\n`, { mode: 0o600, flag: "wx" });
  return secret;
}

/** The trimmed text of a small file, or undefined if there is none. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function isBusy(error: unknown): boolean {
  const sqliteBusy = 5;
  return (error as { errcode?: number }).errcode === sqliteBusy;
}

function notUsable(dir: DataDir, error: unknown): AppError {
  return new AppError("DATA_DIR_NOT_USABLE", { dir: dir.root, cause: (error as Error).message }, { cause: error });
}
