#!/usr/bin/env node
/**
 * `mintmark`: runs the command line under the Node that the checkout brought.
 *
 * Any Node from 20 on can run this file; the program itself needs a newer one, which `npm ci` installed as the package
 * `node`. Signals are passed on, the exit code is the program's (128 + n if a signal ended it), and the end of npm or
 * npx, which pass no signal on when they are killed, counts as SIGTERM.
 *
 * Compiled code is kept beside the packages: with it a process starts in half the time and, as the compiler of TypeScript
 * is not loaded, takes 20 MiB less memory.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import module, { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const entry = join(dirname(fileURLToPath(import.meta.url)), "..", "src", "main.ts");
const node = findNode();
if (node === undefined) {
  process.stderr.write("mintmark: the package 'node' is not installed here; run 'npm ci' in the checkout\n");
  process.exit(2);
}

// For every process that this one starts as well. What cannot be written there is compiled each time.
process.env.NODE_COMPILE_CACHE ??= join(dirname(node), "..", "..", ".cache", "mintmark");

const gone = process.env.npm_execpath === undefined ? () => {} : onAncestorGone;
// Inside npm scripts and npx this is that Node already, and one process does.
if (realpathSync(process.execPath) === realpathSync(node)) {
  gone(() => process.kill(process.pid, "SIGTERM"));
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
  await import(pathToFileURL(entry).href);
} else {
  runBeside(node);
}

function runBeside(program) {
  // The channel tells the program when this process ends, however it ends.
  const child = spawn(program, [entry, ...process.argv.slice(2)], { stdio: ["inherit", "inherit", "inherit", "ipc"] });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  gone(() => child.kill("SIGTERM"));
  child.on("error", (error) => {
    process.stderr.write(`mintmark: ${program} cannot be run: ${error.message}\n`);
    process.exit(2);
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

function findNode() {
  try {
    const found = join(dirname(createRequire(import.meta.url).resolve("node/package.json")), "bin", "node");
    return existsSync(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** Calls once when the parent ends, or when its own parent does: npm starts a shell, and the shell may stay behind. */
function onAncestorGone(gone) {
  const parent = process.ppid;
  const grandparent = parentOf(parent);
  const timer = setInterval(() => {
    if (process.ppid === parent && parentOf(parent) === grandparent) return;
    clearInterval(timer);
    gone();
  }, 500);
  timer.unref();
}

/** The parent of a process where `/proc` tells it, else undefined. */
function parentOf(pid) {
  try {
    // The name in parentheses may hold spaces; the state and the parent follow the last parenthesis.
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ")[1];
  } catch {
    return undefined;
  }
}
