/**
 * The account that Postgres runs as: it refuses to be root, so where root starts the system it is another one.
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { AppError } from "@mintmark/errors";

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** How to start a program. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly user?: Account;
}

/** `postgres`, or `nobody` where there is no such account; undefined if this process is an ordinary user's already. */
export function chooseAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  const accounts = lines.map((line) => line.split(":"));
  const account = accounts.find(([name]) => name === "postgres") ?? accounts.find(([name]) => name === "nobody");
  return { uid: Number(account?.[2] ?? 65_534), gid: Number(account?.[3] ?? 65_534) };
}

/** The account that a directory belongs to; it was chosen when the directory was made. */
export function ownerOf(path: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const { uid, gid } = statSync(path);
  return { uid, gid };
}

/**
 * Starts a program as an account, which has to reach `paths`, and to run `program` where that is another one.
 *
 * Root's own folders are closed to others as a rule, and a checkout or data directory may lie in one; with a umask of
 * 077 the program itself is closed too. Then the program keeps one capability of root's, the least that will do, and is
 * an ordinary process otherwise. Nobody else is let in.
 * @throws AppError PATH_CLOSED if there is no way
 */
export function asAccount(
  account: Account | undefined,
  launch: Omit<Launch, "user">,
  paths: readonly string[],
  program = launch.command,
): Launch {
  if (account === undefined) return launch;
  const closed = closedTo(account, program, paths.map(whereItLies));
  if (closed === undefined) return { ...launch, user: account };
  const { uid, gid } = account;
  for (const capability of ["dac_read_search", "dac_override"]) {
    const keep = [`--inh-caps=+${capability}`, `--ambient-caps=+${capability}`];
    // initdb and postgres ask access(2) about themselves, which passes over the capabilities of any user but root unless
    // this bit is set (capabilities(7), SECBIT_NO_SETUID_FIXUP).
    const options = [
      `--reuid=${uid}`,
      `--regid=${gid}`,
      "--clear-groups",
      ...keep,
      "--securebits=+no_setuid_fixup",
      "--no-new-privs",
    ];
    if (reaches(options, program, paths))
      return { command: "setpriv", args: [...options, launch.command, ...launch.args] };
  }
  throw new AppError("PATH_CLOSED", { path: closed, uid });
}

/** A link may lead into a folder that is closed. */
function whereItLies(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

/** The first thing that the account may not pass on the way to the paths, or may not run. */
function closedTo(account: Account, program: string, paths: readonly string[]): string | undefined {
  const folder = [program, ...paths].flatMap((path) => closedAncestor(path, account) ?? [])[0];
  return folder ?? (mayPass(program, account) ? undefined : program);
}

/** The topmost folder on the way to `path` that the account may not pass. */
function closedAncestor(path: string, account: Account): string | undefined {
  const parent = dirname(path);
  if (parent === path) return undefined;
  return closedAncestor(parent, account) ?? (mayPass(parent, account) ? undefined : parent);
}

/** Whether the account may enter a folder, or run a program. */
function mayPass(path: string, { uid, gid }: Account): boolean {
  const { mode, uid: owner, gid: group } = statSync(path);
  const pass = owner === uid ? 0o100 : group === gid ? 0o010 : 0o001;
  return (mode & pass) !== 0;
}

function reaches(options: readonly string[], program: string, paths: readonly string[]): boolean {
  const script = 'test -x "$0" && for path; do test -e "$path" || exit 1; done';
  const args = [...options, "/bin/sh", "-c", script, program, ...paths];
  return spawnSync("setpriv", args, { stdio: "ignore" }).status === 0;
}
