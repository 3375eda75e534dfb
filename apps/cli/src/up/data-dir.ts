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
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AppError } from "@mintmark/errors";
import { makeFolder, removeEmptyFolders } from "@mintmark/scratch/make-folder";
import { inWords } from "../file-failure.ts";

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

/**
 * Where things are below a root on which Mintmark has been started before.
 * @throws AppError DATA_DIR_NOT_STARTED if it is none of ours
 */
export function startedDataDir(root: string): DataDir {
  const dir = dataDir(root);
  if (statSync(dir.run, { throwIfNoEntry: false }) === undefined)
    throw new AppError("DATA_DIR_NOT_STARTED", { dir: dir.root });
  return dir;
}

/**
 * Creates what is missing. Passing through is open to others, because Postgres may run as another user.
 * @returns takes back a directory that was new, with all that is in it: for a start that failed
 * @throws AppError DATA_DIR_NOT_USABLE, DATA_DIR_FOREIGN; nothing is left then
 */
export function prepareDataDir(dir: DataDir): () => void {
  let takeBack = () => {};
  try {
    takeBack = makeRoot(dir);
    for (const path of [dir.run, dir.logs, dir.blobs, dir.keys]) makeFolder(path, 0o700);
  } catch (error) {
    takeBack();
    throw error instanceof AppError ? error : notUsable(dir, error);
  }
  return takeBack;
}

function makeRoot(dir: DataDir): () => void {
  const { root } = dir;
  const made = makeFolder(root, 0o711);
  if (made !== undefined) {
    // Passable, unless whoever starts it keeps everything to themselves.
    if ((process.umask() & 0o077) !== 0o077) chmodSync(root, 0o711);
    return () => removeFolder(root, made);
  }
  if (readdirSync(root).length > 0) {
    requireOurs(dir);
    return () => {};
  }
  return () => {
    for (const name of readdirSync(root)) rmSync(join(root, name), { recursive: true, force: true });
  };
}

/**
 * A folder of somebody's own is not filled up with ours by an oversight.
 * @throws AppError DATA_DIR_FOREIGN
 */
function requireOurs(dir: DataDir): void {
  const marks = [join(dir.run, "lock"), join(dir.keys, "trusted"), join(dir.keys, "signing"), dir.passwordFile];
  if (marks.some((path) => existsSync(path))) return;
  const { root, ...places } = dir;
  // A start that was killed leaves empty folders; a new file system has one of its own.
  const known = new Set([...Object.values(places).map((path) => basename(path)), "lost+found"]);
  const name = readdirSync(root).find((each) => !known.has(each));
  if (name !== undefined) throw new AppError("DATA_DIR_FOREIGN", { dir: root, name });
}

/** With all that is in it; and of the folders above it up to `topmost` those that hold nothing else. */
function removeFolder(root: string, topmost: string): void {
  rmSync(root, { recursive: true, force: true });
  if (root !== topmost) removeEmptyFolders(dirname(root), topmost);
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
  let lock: DatabaseSync;
  try {
    lock = openLock(dir);
  } catch (error) {
    if (!isBusy(error)) throw notUsable(dir, error);
    throw new AppError("DATA_DIR_IN_USE", { dir: dir.root, pid: readIfThere(pidFile) ?? "unknown" });
  }
  writeFileSync(pidFile, `${process.pid}\n`);
  return {
    release: () => {
      rmSync(pidFile, { force: true });
      lock.close();
    },
  };
}

/**
 * Takes the directory; where that cannot be done, what `prepareDataDir` made goes, unless another process is in it.
 * @throws AppError DATA_DIR_IN_USE, DATA_DIR_NOT_USABLE
 */
export function lockedOrTakenBack(dir: DataDir, takeBack: () => void): { release: () => void } {
  try {
    return lockDataDir(dir);
  } catch (error) {
    if (!(error instanceof AppError && error.reason === "DATA_DIR_IN_USE")) takeBack();
    throw error;
  }
}

/** Whether a process has taken the directory. */
export function isLocked(dir: DataDir): boolean {
  try {
    statSync(join(dir.run, "lock"));
    openLock(dir).close();
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw notUsable(dir, error);
  }
}

/** Who asks whether the directory is taken, takes it for a moment. */
const askingMs = 200;

function openLock(dir: DataDir): DatabaseSync {
  const lock = new DatabaseSync(join(dir.run, "lock"), { timeout: askingMs });
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    throw error;
  }
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
  return new AppError("DATA_DIR_NOT_USABLE", { dir: dir.root, cause: inWords(error) }, { cause: error });
}
