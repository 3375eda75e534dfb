import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLog } from "./log.ts";
import { ProcessIds } from "./process-id.ts";
import { type Program, type Supervised, supervise } from "./program.ts";

let dir: string;
let lines: string[];
let running: Supervised | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mintmark-program-"));
  lines = [];
});
afterEach(async () => {
  await running?.stop(500);
  running = undefined;
  rmSync(dir, { recursive: true, force: true });
});

function script(code: string): Program {
  return {
    name: "sample",
    command: process.execPath,
    args: () => ["-e", code],
    env: {},
    stopSignal: "SIGTERM",
    channel: true,
  };
}

async function start(program: Program, signal = new AbortController().signal): Promise<void> {
  const log = openLog(dir, false, (line) => lines.push(line));
  running = await supervise(program, log, new ProcessIds(dir), signal);
}

const serve = "process.send({ ready: true }); setInterval(() => {}, 1000);";
const pid = () => Number(readFileSync(join(dir, "sample.pid"), "utf8"));
const isAlive = (id: number) => {
  try {
    return process.kill(id, 0);
  } catch {
    return false;
  }
};

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(20))
    try {
      if (condition()) return;
    } catch {}
  throw new Error(`not reached: ${condition}`);
}

describe("supervise", () => {
  it("is ready when the program says so, and has its process id in a file", async () => {
    await start(script(serve));
    expect(isAlive(pid())).toBe(true);
  });

  it("starts a killed program again and keeps the file up to date", async () => {
    await start(script(serve));
    const first = pid();
    process.kill(first, "SIGKILL");
    await until(() => pid() !== first && isAlive(pid()));
    expect(lines.join("")).toContain("sample ended by SIGKILL; starting it again in 100 ms");
  });

  it("waits longer after each death", async () => {
    await start(script(serve));
    for (const expected of ["100 ms", "200 ms", "400 ms"]) {
      const before = pid();
      process.kill(before, "SIGKILL");
      await until(() => pid() !== before && lines.at(-1)?.includes("sample is back") === true);
      expect(lines.at(-2)).toContain(expected);
    }
  });

  it("fails with the program's last words if it ends before it is ready", async () => {
    const dying = script("console.error('port 1 is in use'); process.exit(2)");
    await expect(start(dying)).rejects.toThrow("sample did not start: port 1 is in use");
  });

  it("gives the message of a crash, not the frames of its stack", async () => {
    await expect(start(script("throw new Error('broken')"))).rejects.toThrow("broken");
  });

  it("stops by signal, and kills what does not end in time", async () => {
    await start(script(`process.on("SIGTERM", () => {}); ${serve}`));
    const stubborn = pid();
    const begin = performance.now();
    await running?.stop(300);
    expect(performance.now() - begin).toBeGreaterThan(250);
    expect(isAlive(stubborn)).toBe(false);
  });

  it("does not start a program again that was stopped", async () => {
    await start(script(serve));
    const only = pid();
    await running?.stop(2_000);
    await sleep(400);
    expect(isAlive(only)).toBe(false);
    expect(() => pid()).toThrow("ENOENT");
  });

  it("breaks a start off when it is told to", async () => {
    const controller = new AbortController();
    const starting = start(script("setInterval(() => {}, 1000)"), controller.signal);
    await until(() => isAlive(pid()));
    const child = pid();
    controller.abort();
    await expect(starting).rejects.toThrow("abort");
    expect(isAlive(child)).toBe(false);
  });
});

describe("ProcessIds", () => {
  it("kills what an earlier supervisor left behind and does not end by itself", async () => {
    await start(script(serve));
    const left = pid();
    await new ProcessIds(dir).outlive(100);
    await until(() => !isAlive(left) || pid() !== left);
  });

  it("leaves a process alone that was given the same id later", async () => {
    const ids = new ProcessIds(dir);
    ids.set("other", process.pid);
    const record = join(dir, "children.json");
    const text = readFileSync(record, "utf8");
    const { writeFileSync } = await import("node:fs");
    writeFileSync(record, text.replace(/"started":"\d+"/, '"started":"1"'));
    await new ProcessIds(dir).outlive(50);
    expect(isAlive(process.pid)).toBe(true);
  });
});
