/**
 * Where the keys of this machine lie: told by `MINTMARK_KEY_DIR`, or remembered from the `mintmark up` that runs here.
 *
 * The note is in the user's own state directory, because whoever can write it chooses whom the user trusts.
 * @module
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { isLoopback } from "@mintmark/http-edge/loopback";
import { makeFolder } from "@mintmark/scratch/make-folder";

type Environment = Readonly<Record<string, string | undefined>>;

/** The key directory for a command that speaks with `server`. */
export function keyDirectory(env: Environment, server: string, cwd: string): string {
  return env["MINTMARK_KEY_DIR"] || (known(env)[portOf(server) ?? ""] ?? resolve(cwd, "mintmark-data", "keys"));
}

/** Notes that the system behind `url`, on this machine, keeps its keys in `keyDir`. */
export function rememberServer(env: Environment, url: string, keyDir: string): void {
  const port = portOf(url);
  if (port !== undefined) save(env, { ...known(env), [port]: keyDir });
}

export function forgetServer(env: Environment, url: string): void {
  const { [portOf(url) ?? ""]: _, ...others } = known(env);
  save(env, others);
}

/** Only a system on this machine is known by its port. */
function portOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { hostname, port } = new URL(url);
  return isLoopback(hostname) || hostname === "0.0.0.0" ? port : undefined;
}

function stateFile(env: Environment): string {
  return join(env["XDG_STATE_HOME"] ?? join(env["HOME"] ?? homedir(), ".local", "state"), "mintmark", "servers.json");
}

function known(env: Environment): Record<string, string> {
  try {
    return JSON.parse(readFileSync(stateFile(env), "utf8")) as Record<string, string>;
  } catch {
    return {};
  }
}

/** Best effort: without the note, `MINTMARK_KEY_DIR` still says where the keys are. */
function save(env: Environment, servers: Record<string, string>): void {
  const file = stateFile(env);
  try {
    makeFolder(dirname(file), 0o700);
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(servers), { mode: 0o600 });
    renameSync(`${file}.${process.pid}`, file);
  } catch {}
}
