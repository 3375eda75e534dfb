#!/usr/bin/env node
/**
 * `mintmark`: runs the command line under the Node that was installed with it.
 *
 * Any Node from 20 on can run this file; the program itself needs a newer one, which npm installed as a package. Signals
 * are passed on, the exit code is the program's (128 + n if a signal ended it), and the end of npm or npx, which pass no
 * signal on when they are killed, counts as SIGTERM.
 *
 * Compiled code is kept: with it a process starts in half the time and, in the checkout, where the compiler of TypeScript is
 * not loaded then, takes 20 MiB less memory.
 */
import { spawn } from "node:child_process";
import { constants as access, accessSync, existsSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
import module, { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const entry = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const system = `${process.platform}-${process.arch}`;
const node = findNode();
if (node === undefined) {
  process.stderr.write(
    `mintmark: its own Node for ${system} is not installed here; run 'npm ci' in a checkout, elsewhere 'npm install' with` +
      " optional packages included\n",
  );
  process.exit(2);
}

// For every process that this one starts as well.
process.env.NODE_COMPILE_CACHE ??= cacheFolder(join(dirname(node), "..", ".."));

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

/**
 * The checkout has the package `node`, whose install script fetches that of the system. What `npm run pack` writes has the
 * latter itself (on one system by another name): npm 12 runs no install scripts unasked.
 */
function findNode() {
  const { resolve } = createRequire(import.meta.url);
  for (const name of [`node-${system}`, `node-bin-${system}`, "node"])
    try {
      const found = join(dirname(resolve(`${name}/package.json`)), "bin", "node");
      if (existsSync(found)) return found;
    } catch {
      // Not installed; the next may be.
    }
  return undefined;
}

/**
 * Beside the packages, to go when they go; the user's own where the packages are somebody else's, as in a global folder.
 * What cannot be written there is compiled each time.
 */
function cacheFolder(packages) {
  const beside = join(packages, ".cache", "mintmark");
  try {
    mkdirSync(beside, { recursive: true });
    accessSync(beside, access.W_OK);
    return beside;
  } catch {
    const { XDG_CACHE_HOME: caches, HOME: home } = process.env;
    return caches || home ? join(caches || join(home, ".cache"), "mintmark") : beside;
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
