/**
 * `mintmark registry`, `worker`, `gateway`: one program of the system alone, as in production.
 * @module
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";

const apps = {
  registry: {
    entry: "@mintmark/registry-svc/main",
    description: "start the registry alone",
  },
  worker: {
    entry: "@mintmark/trainer-worker/main",
    description: "start a worker alone",
  },
  gateway: { entry: "@mintmark/gateway/main", description: "start the gateway alone" },
} as const;

/** Options and environment are the program's own, so its `--help` explains them. */
export function addAppCommands(program: Command): void {
  for (const name of Object.keys(apps) as (keyof typeof apps)[])
    program.command(name).description(apps[name].description).argument("[options...]", "its own").helpOption(false);
}

/** The program that these arguments ask for, or ask about, if it is one of the system alone. */
export function appOf(args: readonly string[]): { entry: string; args: readonly string[] } | undefined {
  const [name = "", ...rest] = args[0] === "help" ? [...args.slice(1, 2), "--help"] : args;
  return Object.hasOwn(apps, name) ? { entry: apps[name as keyof typeof apps].entry, args: rest } : undefined;
}

/** Runs the program in the place of this one: same streams, same end. Settles with the exit code. */
export function runApp(entry: string, args: readonly string[], signal: AbortSignal): Promise<number> {
  // The channel tells the program when this process ends, however it ends.
  const child = spawn(process.execPath, [fileURLToPath(import.meta.resolve(entry)), ...args], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  signal.addEventListener("abort", () => child.kill("SIGTERM"), { once: true });
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("exit", (code, ended) => done(code ?? 128 + constants.signals[ended ?? "SIGKILL"]));
  });
}
