/**
 * An S3 of its own for tests: moto, in Python, which answers over HTTP.
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";
import { needsPython, python } from "./needs.ts";

export interface S3Server {
  /** What its clients need in their environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
}

export function needsS3(): boolean {
  return needsPython(["moto.server"], "'moto[s3,server]'");
}

/** With one bucket, which is empty. */
export async function startS3(bucket: string): Promise<S3Server> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = spawn(python, ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
  const stop = async () => {
    server.kill();
    if (server.exitCode === null) await once(server, "exit");
  };
  const deadline = Date.now() + 90_000;
  while ((await fetch(`${url}/${bucket}`, { method: "PUT" }).catch(() => undefined))?.ok !== true) {
    if (Date.now() > deadline) {
      await stop();
      throw new Error(`${url} did not answer within 90 s`);
    }
    await sleep(200);
  }
  return { env: { AWS_ENDPOINT_URL_S3: url, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" }, stop };
}
