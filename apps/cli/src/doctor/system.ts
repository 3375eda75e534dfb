/**
 * Whether the system that is there is well: its keys, its clock, its server.
 * @module
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { listTrustedKeys } from "../keys/key-dir.ts";
import { askReady, type ReadyAnswer } from "../up/ask-ready.ts";
import { type Finding, failed, ok, warning } from "./finding.ts";

/** Whether the signing keys are there, secret, readable, and trusted. */
export async function keys(keyDir: string): Promise<Finding> {
  const signing = join(keyDir, "signing");
  if (!existsSync(signing)) return ok("keys", `none in ${keyDir} yet; 'mintmark up' makes them`);
  const open = readdirSync(signing).filter((name) => (statSync(join(signing, name)).mode & 0o077) !== 0);
  if (open.length > 0)
    return failed("keys", `${open.join(", ")} in ${signing} can be read by others`, `chmod 600 ${signing}/*`);
  try {
    const trusted = await listTrustedKeys(keyDir);
    if (!trusted.some((key) => key.own))
      return failed("keys", `none of the signing keys in ${signing} is trusted`, "mintmark keys trust FILE.pem");
    return ok("keys", `${trusted.length} trusted in ${keyDir}`);
  } catch (error) {
    return failed("keys", (error as Error).message, "put back the key files from a backup");
  }
}

/**
 * Whether this machine's clock goes with what the data directory has seen, and with the server's.
 * @param seen when something was last written, in ms since 1970; undefined if nothing was
 * @param served what the server's clock says; undefined if it does not answer
 */
export function clock(now: number, seen: number | undefined, served: number | undefined): Finding {
  const text = new Date(now).toISOString();
  if (seen !== undefined && seen - now > toleratedMs)
    return failed(
      "clock",
      `${text}; data was written at ${new Date(seen).toISOString()}, which is later`,
      "set the clock: times of versions and alias moves are taken from it",
    );
  if (served !== undefined && Math.abs(served - now) > toleratedMs)
    return warning(
      "clock",
      `${text}; the server's is ${Math.round((served - now) / 1_000)} s apart`,
      "set both clocks, by NTP for example",
    );
  return ok("clock", text);
}

const toleratedMs = 5_000;

/** When the logs of a directory were last written. */
export function lastWritten(logs: string): number | undefined {
  if (!existsSync(logs)) return undefined;
  const times = readdirSync(logs).map((name) => statSync(join(logs, name)).mtimeMs);
  return times.length === 0 ? undefined : Math.max(...times);
}

export interface ServerFinding {
  readonly finding: Finding;
  /** Its clock, in ms since 1970, to the second. */
  readonly time?: number | undefined;
}

/** @param isOwn whether it is the system of the data directory, or else what `--server` names */
export async function server(url: string, isOwn: boolean, signal: AbortSignal): Promise<ServerFinding> {
  try {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(5_000)]);
    const { isReady, text, date } = await (isOwn ? askReady(url, patience) : askServer(url, patience));
    const served = Date.parse(date ?? "");
    const time = Number.isNaN(served) ? undefined : served;
    if (isReady) return { finding: ok("server", `${url} is ready`), time };
    const said = text.slice(0, 200);
    return { finding: failed("server", `${url} is not ready: ${said}`, "see the logs of its registry"), time };
  } catch (error) {
    signal.throwIfAborted();
    const cause = ((error as Error).cause as Error | undefined)?.message ?? (error as Error).message;
    return {
      finding: warning(
        "server",
        `nothing answers at ${url} (${cause})`,
        "start it with 'mintmark up', or name another one with --server",
      ),
    };
  }
}

async function askServer(url: string, signal: AbortSignal): Promise<ReadyAnswer> {
  const response = await fetch(`${url.replace(/\/$/, "")}/ready`, { signal });
  return { isReady: response.ok, text: await response.text(), date: response.headers.get("date") ?? undefined };
}
