/**
 * What strangers and clumsy clients send, four at a time, with a token and without one: each is answered, nothing ends, and a
 * refusal says what the limit is.
 */

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Attack, attacks } from "./attack-kinds.ts";
import { checkout } from "./process.ts";
import { embeddedStack, type Stack, until } from "./stack.ts";

let stack: Stack;
let token: string;
let pids: readonly number[];
const programs = ["registry", "gateway", "worker-1", "postgres"];
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  stack = await embeddedStack({ args: ["--auth", "on"] });
  token = readFileSync(join(stack.dir, "admin.token"), "utf8").trim();
  await stack.json("train", `${checkout}examples/titanic.yaml`, "--token", token);
  await stack.json("alias", "set", "titanic", "champion", "1", "--token", token);
  pids = programs.map(stack.pid);
});
afterAll(async () => {
  agent.destroy();
  await stack?.stop();
});

describe("nothing ends, and everybody is answered, when four send", () => {
  it.each(attacks)("$what", async (attack) => {
    const body = attack.body();
    for (const given of [undefined, token]) {
      const answers = await Promise.all(Array.from({ length: 4 }, () => sent(attack, body, given)));
      for (const { status, text } of answers) {
        expect(given === undefined ? [401] : attack.status, text).toContain(status);
        if (status === 413 || status === 429) expect(text).toMatch(/\d/);
      }
    }
    const resolved = await fetch(`${stack.url}/v1/resolve?uri=titanic@champion`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(resolved.status).toBe(200);
    expect((await fetch(`${stack.url}/health`)).status).toBe(200);
    expect(programs.map(stack.pid)).toEqual(pids);
  });
});

describe("nothing ends when clients go in the middle of what they sent", () => {
  const call = "/mintmark.access.v1.TokenService/GetCaller";
  it.each([
    ["registry", call],
    ["gateway", call],
    ["gateway", "/api/2.0/mlflow/experiments/search"],
    ["gateway", "/serve/titanic@champion/invocations"],
  ] as const)("hundreds of requests on one connection of the %s, to %s", async (to, path) => {
    const url = new URL(to === "gateway" ? stack.url : stack.registryUrl);
    for (const given of ["mm_0123456789abcdef_unknown", token]) {
      const one = `POST ${path} HTTP/1.1\r\nhost: ${url.host}\r\ncontent-type: application/json\r\nauthorization: Bearer ${given}\r\ncontent-length: 2\r\n\r\n{}`;
      await Promise.all(
        Array.from({ length: 20 }, async () => {
          const socket = connect(Number(url.port), url.hostname);
          socket.on("error", () => {}).write(one.repeat(200));
          // Some answers have come, most have not; or the server has cut it off.
          await Promise.race([once(socket, "data"), once(socket, "close")]);
          socket.destroy();
        }),
      );
    }
    expect((await fetch(`${stack.url}/health`)).status).toBe(200);
    await until("the registry answers", async () => (await fetch(`${stack.registryUrl}/`)).status === 404);
    expect(programs.map(stack.pid)).toEqual(pids);
  });
});

function sent(
  { to, path, headers }: Attack,
  body: Buffer,
  given: string | undefined,
): Promise<{ status: number; text: string }> {
  const url = new URL(to === "gateway" ? stack.url : stack.registryUrl);
  return new Promise((resolve, reject) => {
    const asked = request({
      agent,
      host: url.hostname,
      port: url.port,
      method: "POST",
      path,
      headers: {
        "content-type": "application/json",
        "content-length": body.length,
        ...headers,
        ...(given === undefined ? {} : { authorization: `Bearer ${given}` }),
      },
    });
    asked.on("response", async (answer) => resolve({ status: answer.statusCode!, text: await textOf(answer) }));
    asked.on("error", reject);
    asked.end(body);
  });
}

async function textOf(answer: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8", 0, 2_000);
}
