/**
 * What the programs of ours have in common as programs: how they explain themselves, and how they end that cannot start.
 * @module
 */
import { writeFileSync } from "node:fs";
import { AppError } from "@mintmark/errors";
import { SettingError } from "./settings.ts";

/** Prints how the program is used and ends, if that is what it was asked. */
export function explainIfAsked(usage: string): void {
  if (!process.argv.some((arg) => arg === "--help" || arg === "-h")) return;
  try {
    // All of it, also to a disk that takes only a part at once.
    writeFileSync(1, `${usage}\n`);
  } catch (error) {
    process.stderr.write(`mintmark: cannot write the output: ${(error as Error).message}\n`);
    process.exit(2);
  }
  process.exit(0);
}

/** What the supervisor tells a program that it started ahead of its turn. */
export interface Release {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** With this variable a program waits for its release, once its code is loaded. */
export const heldVariable = "MINTMARK_HELD";

/**
 * Where a supervisor started this program ahead of its turn, to have its code loaded meanwhile: waits for the settings that
 * were not known yet. The supervisor's end is this program's end.
 */
export async function untilReleased(): Promise<void> {
  if (process.env[heldVariable] === undefined) return;
  // It ended while the code was loaded.
  if (!process.connected) process.exit(0);
  const gone = () => process.exit(0);
  process.once("disconnect", gone);
  const { args, env } = await new Promise<Release>((done) => process.once("message", done as (told: unknown) => void));
  process.off("disconnect", gone);
  process.argv = [...process.argv, ...args];
  delete process.env[heldVariable];
  Object.assign(process.env, env);
}

/**
 * Tells the supervisor, if there is one, that the program can be used.
 * @param ports on which it listens
 */
export function tellReady(
  ports: { readonly port?: number; readonly grpcPort?: number; readonly innerPort?: number | undefined } = {},
): void {
  // A supervisor that is gone is heard of by the end of the channel, not by this.
  if (process.connected) process.send?.({ ready: true, ...ports }, () => {});
}

/** What the operator can mend gets one line and exit code 2; anything else is ours, with where it comes from, and 3. */
export function badStart(program: string, error: unknown): never {
  const { code = "" } = error as NodeJS.ErrnoException;
  // As every command of `mintmark` says it.
  if (code.startsWith("ERR_PARSE_ARGS")) {
    const [line = ""] = (error as Error).message.split(/\n|\. |$/, 1);
    process.stderr.write(`mintmark: ${line[0]?.toLowerCase()}${line.slice(1)}; see 'mintmark ${program} --help'\n`);
    process.exit(2);
  }
  const line = operatorsLine(error);
  process.stderr.write(`${program}: ${line ?? (error as Error).stack ?? error}\n`);
  process.exit(line === undefined ? 3 : 2);
}

/** `undefined` for what no setting causes. */
function operatorsLine(error: unknown): string | undefined {
  const { code = "", message, syscall, port, hostname } = error as SystemError;
  if (code === "ENOTFOUND") return `the host '${hostname}' is not known`;
  const cause = syscall === "listen" || port !== undefined ? cannotListen[code] : undefined;
  if (cause !== undefined) return `${port === undefined ? "the port" : `port ${port}`} cannot be used: ${cause}`;
  return error instanceof SettingError || error instanceof AppError ? message.split("\n", 1)[0] : undefined;
}

type SystemError = NodeJS.ErrnoException & { readonly port?: number; readonly hostname?: string };

/** By the system's code. */
const cannotListen: Readonly<Record<string, string>> = {
  EADDRINUSE: "it is taken",
  EACCES: "this account may not",
  EADDRNOTAVAIL: "--host is no address of this machine",
};
