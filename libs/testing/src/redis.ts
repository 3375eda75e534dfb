/**
 * A real Redis for tests: a process of its own on a free port, with nothing on disk.
 * @module
 */

import { spawn } from "node:child_process";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";

export interface TestRedis {
  readonly url: string;
  readonly port: number;
  readonly flush: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startRedis(onPort?: number): Promise<TestRedis> {
  const port = onPort ?? (await freePort());
  const settings = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const server = spawn("redis-server", [...settings, "--maxmemory-policy", "noeviction"], { stdio: "ignore" });
  // A test that is killed must not leave it running; an orderly end stops it by itself.
  const end = () => server.kill("SIGKILL");
  process.once("exit", end);
  const url = `redis://127.0.0.1:${port}`;
  await answering(port);
  return {
    url,
    port,
    flush: async () => void (await command(port, "FLUSHALL")),
    async stop() {
      process.off("exit", end);
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGTERM");
      await ended;
    },
  };
}

async function answering(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const answer = await command(port, "PING").catch(() => "");
    if (answer === "+PONG") return;
    await sleep(50);
  }
  throw new Error("Redis does not start");
}

/** Redis takes a command as a line of text and answers these with a line. */
function command(port: number, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(`${line}\r\n`));
    socket.once("error", reject);
    socket.once("data", (answer) => {
      resolve(answer.toString().trim());
      socket.destroy();
    });
  });
}
