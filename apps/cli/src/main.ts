/**
 * The process: arguments in, streams and exit code out. Commands know nothing of either.
 * @module
 */
import { readFileSync } from "node:fs";
import { AppError } from "@mintmark/errors";
import { CommanderError } from "commander";
import { textOf } from "./answer.ts";
import { appOf, runApp } from "./commands/app.ts";
import { failureOf } from "./failure.ts";
import { inWords } from "./file-failure.ts";
import { flushed, lostOutput, print } from "./output.ts";
import { buildProgram, globalOptions } from "./program.ts";
import type { Run } from "./run.ts";
import { openSession } from "./session.ts";
import { confirm, terminalProgress } from "./terminal.ts";
import { printable, viewOf } from "./view.ts";

const args = process.argv.slice(2);
const signal = stopSignal();
const json = args.includes("--json");
const debug = args.includes("--debug");
let server = process.env["MINTMARK_URL"] ?? "http://127.0.0.1:8080";
process.stderr.on("error", () => {});

process.exitCode = await main();
// A connection that is kept open would hold the process; and a pipe takes what was written when its reader has time.
await flushed(process.stdout);
const lost = lostOutput();
if (lost !== undefined) process.exitCode = tell(new AppError("OUTPUT_LOST", { cause: inWords(lost) }), false);
await flushed(process.stderr);
process.exit();

async function main(): Promise<number> {
  // Beside other global options at most: `predict --version` is another thing.
  const words = args.filter((word) => word !== "--json" && word !== "--debug");
  if (words.length === 1 && (words[0] === "--version" || words[0] === "-V")) {
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    print(json ? `${JSON.stringify({ version })}\n` : `mintmark ${version}\n`);
    return 0;
  }
  const app = appOf(args);
  if (app !== undefined) return runApp(app.entry, app.args, signal);
  let exitCode = 0;
  const run: Run = async (command, work) => {
    const options = globalOptions(command);
    server = options.server;
    const progress = terminalProgress(process.stderr, options.json);
    const session = openSession(options, {
      env: process.env,
      cwd: process.cwd(),
      progress,
      confirm: (what) => confirm(what, signal),
      signal,
    });
    try {
      const answer = await work(session);
      progress.status("");
      if (options.json) print(`${JSON.stringify(answer.json)}\n`);
      else {
        const text = textOf(answer, viewOf(process.stdout, options.wide));
        if (text !== "") print(`${text}\n`);
      }
      exitCode = answer.exitCode ?? 0;
    } finally {
      progress.status("");
      session.client.close();
    }
  };
  try {
    const program = await buildProgram(args, { env: process.env, run });
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    return fail(error);
  }
}

function fail(error: unknown): number {
  // Help that was asked for is no failure; help instead of a missing command is.
  if (error instanceof CommanderError && /^commander\.help(Displayed)?$/.test(error.code))
    return error.exitCode === 0 ? 0 : 2;
  const exitCode = tell(signal.aborted ? signal.reason : error, json);
  return args[0] === "up" && exitCode === 1 ? 2 : exitCode;
}

/** Says what went wrong, to a person or as the document that a program reads; the exit code. */
function tell(error: unknown, asJson: boolean): number {
  const { exitCode, ...failure } = failureOf(error, { server, args, cwd: process.cwd() });
  if (asJson) print(`${JSON.stringify({ error: failure })}\n`);
  else process.stderr.write(`mintmark: ${printable(failure.message)}\n`);
  if (debug) process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return exitCode;
}

/** Aborted by the first SIGINT, SIGTERM or SIGHUP, or when the launcher is gone; a later one changes nothing. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => controller.abort();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, stop);
  process.on("disconnect", stop);
  process.channel?.unref();
  return controller.signal;
}
