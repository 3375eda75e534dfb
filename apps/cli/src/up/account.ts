/**
 * The account that Postgres runs as: it refuses to be root, so where root starts the system it is another one.
 * @module
 */
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
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
 * Starts a program as an account, which has to reach `paths`.
 *
 * Root's own folders are closed to others as a rule, and a checkout or data directory may lie in one. Then the program
 * keeps one capability of root's, to pass through folders, and is an ordinary process otherwise.
 * @throws AppError PATH_CLOSED if there is no way
 */
export function asAccount(
  account: Account | undefined,
  launch: Omit<Launch, "user">,
  paths: readonly string[],
): Launch {
  if (account === undefined) return launch;
  const closed = paths.flatMap((path) => closedAncestor(path, account) ?? [])[0];
  if (closed === undefined) return { ...launch, user: account };
  const { uid, gid } = account;
  for (const capability of ["dac_read_search", "dac_override"]) {
    const keep = [`--inh-caps=+${capability}`, `--ambient-caps=+${capability}`];
    const options = [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", ...keep];
    if (reaches(options, paths)) return { command: "setpriv", args: [...options, launch.command, ...launch.args] };
  }
  throw new AppError("PATH_CLOSED", { path: closed, uid });
}

/** The topmost folder on the way to `path` that the account may not pass. */
function closedAncestor(path: string, { uid, gid }: Account): string | undefined {
  const parent = dirname(path);
  if (parent === path) return undefined;
  const above = closedAncestor(parent, { uid, gid });
  if (above !== undefined) return above;
  const { mode, uid: owner, gid: group } = statSync(parent);
  const pass = owner === uid ? 0o100 : group === gid ? 0o010 : 0o001;
  return (mode & pass) === 0 ? parent : undefined;
}

function reaches(options: readonly string[], paths: readonly string[]): boolean {
  const script = 'for path; do test -e "$path" || exit 1; done';
  const { status } = spawnSync("setpriv", [...options, "/bin/sh", "-c", script, "sh", ...paths], { stdio: "ignore" });
  return status === 0;
}
