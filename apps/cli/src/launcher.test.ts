import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  constants as constantsOfFs,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";

const bin = fileURLToPath(new URL("../bin/mintmark.mjs", import.meta.url));
const modules = fileURLToPath(new URL("../../../node_modules", import.meta.url));

/** A checkout whose command line is the given program. */
let checkout: string;
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "mintmark-launcher-"));
  for (const dir of ["bin", "src", "node_modules"]) mkdirSync(join(checkout, dir));
  cpSync(bin, join(checkout, "bin", "mintmark.mjs"));
});
afterEach(() => rmSync(checkout, { recursive: true, force: true }));

function launch(node: string, program: string, env: NodeJS.ProcessEnv = {}): ChildProcess {
  writeFileSync(join(checkout, "src", "main.ts"), program);
  return spawn(node, [join(checkout, "bin", "mintmark.mjs"), "one", "two"], {
    env: { ...process.env, npm_execpath: undefined, NODE_COMPILE_CACHE: undefined, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function withNode(): void {
  symlinkSync(join(modules, "node"), join(checkout, "node_modules", "node"));
}

/** The package of one system, which lies in `node_modules` itself. */
function withNodeOfSystem(): void {
  const folder = join(checkout, "node_modules", `node-${process.platform}-${process.arch}`);
  mkdirSync(join(folder, "bin"), { recursive: true });
  writeFileSync(join(folder, "package.json"), "{}");
  symlinkSync(process.execPath, join(folder, "bin", "node"));
}

async function ended(child: ChildProcess): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  child.stdout?.on("data", (chunk) => (out += chunk));
  child.stderr?.on("data", (chunk) => (err += chunk));
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { code: code ?? 128 + constants.signals[signal!], out, err };
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [chunk] = await once(child.stdout!, "data");
  return String(chunk).trim();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function goneWithin(pid: number, ms: number): Promise<boolean> {
  for (const deadline = Date.now() + ms; Date.now() < deadline; await sleep(25)) if (!isAlive(pid)) return true;
  return false;
}

const stayUntilSigterm = `
  process.on("SIGTERM", () => process.exit(7));
  process.on("disconnect", () => process.exit(8));
  console.log(process.pid);
  setInterval(() => {}, 1000);`;

/** The same program under another path, so that it does not count as the checkout's. */
const elsewhere = mkdtempSync(join(tmpdir(), "mintmark-node-"));
const anotherNode = join(elsewhere, "node");
copyFileSync(process.execPath, anotherNode, constantsOfFs.COPYFILE_FICLONE);
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

describe.each([
  ["another Node", anotherNode],
  ["the checkout's Node", process.execPath],
])("mintmark.mjs, started by %s,", (_, node) => {
  it("runs the entry with its arguments under the checkout's Node, and ends with its exit code", async () => {
    withNode();
    const program = "console.log(process.argv.slice(2).join(' '), process.version); process.exit(3)";
    const { code, out } = await ended(launch(node, program));
    expect(out).toMatch(/^one two v26\./);
    expect(code).toBe(3);
  });

  it("keeps compiled code beside the packages, also of what the program starts", async () => {
    withNode();
    const program = `import { getCompileCacheDir } from "node:module";
      console.log(getCompileCacheDir().includes("/node_modules/.cache/mintmark/"), process.env.NODE_COMPILE_CACHE)`;
    expect((await ended(launch(node, program))).out).toMatch(/^true \S+\/node_modules\/\.cache\/mintmark$/m);
  });

  it("says what to do where there is no such package", async () => {
    const { code, err } = await ended(launch(node, ""));
    expect(code).toBe(2);
    expect(err).toContain("npm ci");
  });

  it("ends with 128 + n after a signal ended the program", async () => {
    withNode();
    expect((await ended(launch(node, "process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000)"))).code).toBe(
      137,
    );
  });

  it("passes SIGTERM on and waits for the program", async () => {
    withNode();
    const child = launch(node, stayUntilSigterm);
    const pid = Number(await firstLine(child));
    child.kill("SIGTERM");
    expect((await ended(child)).code).toBe(7);
    expect(isAlive(pid)).toBe(false);
  });

  it("lets the program know of its own death", async () => {
    withNode();
    const child = launch(node, stayUntilSigterm);
    const pid = Number(await firstLine(child));
    child.kill("SIGKILL");
    expect(await goneWithin(pid, 3_000)).toBe(true);
  });

  it("stops the program when npm was killed", async () => {
    withNode();
    writeFileSync(join(checkout, "src", "main.ts"), stayUntilSigterm);
    // In the place of npm: a parent that starts a shell that starts the launcher.
    const script = `require("node:child_process").spawn("/bin/sh", ["-c", "${node} bin/mintmark.mjs; true"], { stdio: "inherit" })`;
    const npm = spawn(process.execPath, ["-e", script], {
      cwd: checkout,
      env: { ...process.env, npm_execpath: "npm" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const pid = Number(await firstLine(npm));
    npm.kill("SIGKILL");
    expect(await goneWithin(pid, 5_000)).toBe(true);
  });
});

describe("mintmark.mjs without the package 'node'", () => {
  const program = "console.log(process.version, process.env.NODE_COMPILE_CACHE)";

  it("runs the entry under the Node of its system", async () => {
    withNodeOfSystem();
    const { out } = await ended(launch(anotherNode, program));
    expect(out).toMatch(/^v26\./);
    expect(out.trim().split(" ")[1]).toBe(join(checkout, "node_modules", ".cache", "mintmark"));
  });

  it("keeps compiled code in the user's cache where it cannot write beside the packages", async () => {
    withNodeOfSystem();
    writeFileSync(join(checkout, "node_modules", ".cache"), "");
    const caches = join(checkout, "caches");
    const { out } = await ended(launch(anotherNode, program, { XDG_CACHE_HOME: caches }));
    expect(out.trim().split(" ")[1]).toBe(join(caches, "mintmark"));
  });
});
