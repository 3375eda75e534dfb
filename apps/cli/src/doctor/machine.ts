/**
 * Whether this machine can run the system: Node, Postgres, disk, ports.
 * @module
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { AppError } from "@mintmark/errors";
import { asAccount, chooseAccount, ownerOf } from "@mintmark/local-postgres/account";
import { postgresBinaries } from "@mintmark/local-postgres/binaries";
import type { DataDir } from "../up/data-dir.ts";
import { readIfThere } from "../up/data-dir.ts";
import { claimPort } from "../up/ports.ts";
import type { RunState } from "../up/run-state.ts";
import { type Finding, failed, ok, warning } from "./finding.ts";

export function node(): Finding {
  return ok("node", `${process.version} on ${process.platform} ${process.arch}`);
}

/** Whether Postgres can be started here, as the account that it would run as, on this directory. */
export async function postgres(dir: DataDir, databaseUrl: string | undefined): Promise<Finding> {
  if (databaseUrl !== undefined) return ok("postgres", "DATABASE_URL is given; the embedded one is not used");
  try {
    const binaries = await postgresBinaries();
    const found = readIfThere(`${dir.postgres}/PG_VERSION`);
    if (found !== undefined && found !== binaries.major)
      throw new AppError("POSTGRES_MAJOR_DIFFERS", { dir: dir.postgres, found, expected: binaries.major });
    const account = found === undefined ? chooseAccount() : ownerOf(dir.postgres);
    const paths = [nearestFolder(dir.postgres)];
    const { command, args, user } = asAccount(account, { command: binaries.postgres, args: ["--version"] }, paths);
    const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", ...user });
    if (status !== 0) return failed("postgres", error?.message ?? stderr.trim(), "give DATABASE_URL");
    const as = account === undefined ? "" : `, as user ${account.uid}`;
    return ok("postgres", `${stdout.trim()}, embedded${as}`);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return failed("postgres", error.message, "or give DATABASE_URL, a Postgres of yours");
  }
}

/** Whether the data directory can be written, or made. */
export function dataDirectory(dir: DataDir): Finding {
  const folder = nearestFolder(dir.root);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    return failed("data", (error as Error).message, "choose another --data-dir");
  }
  return ok("data", existsSync(dir.run) ? dir.root : `${dir.root}, which 'mintmark up' will make`);
}

/** Space where data is kept, and where training puts what it needs for a while. */
export function disk(dir: DataDir): Finding[] {
  return [["disk", nearestFolder(dir.root)] as const, ["temporary", tmpdir()] as const].map(([name, path]) => {
    const { bavail, bsize } = statfsSync(path);
    const free = bavail * bsize;
    const detail = `${(free / 2 ** 30).toFixed(1)} GiB free at ${path}`;
    if (free < leastBytes) return failed(name, detail, "make room: uploads and Postgres will stop");
    if (free < lowBytes) return warning(name, detail, "make room soon");
    return ok(name, detail);
  });
}

const leastBytes = 200 * 2 ** 20;
const lowBytes = 2 * 2 ** 30;

/** Whether the ports of `up` are free, or this system's own. */
export async function ports(state: RunState | undefined): Promise<Finding[]> {
  if (state !== undefined)
    return [ok("ports", `${new URL(state.url).port}, ${state.grpc_port} and ${state.registry_port} are this system's`)];
  return Promise.all(
    standardPorts.map(async ([option, port]) => {
      try {
        await claimPort("127.0.0.1", port, option);
        return ok("ports", `${port} is free (${option})`);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        return failed("ports", `${port} is in use by another program`, `mintmark up ${option} PORT; 0 for a free one`);
      }
    }),
  );
}

const standardPorts = [
  ["--port", 8080],
  ["--grpc-port", 8081],
  ["--registry-port", 8082],
] as const;

/** The folder itself, or the nearest above it that is there. */
function nearestFolder(path: string): string {
  return existsSync(path) ? path : nearestFolder(dirname(path));
}
