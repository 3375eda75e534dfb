import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkout, mintmarkBin, run } from "./process.ts";
import { embeddedStack, type Stack } from "./stack.ts";

describe("with authentication", () => {
  let stack: Stack;
  let admin: string;
  beforeAll(async () => {
    stack = await embeddedStack({ args: ["--auth", "on"] });
    admin = readFileSync(join(stack.dir, "admin.token"), "utf8").trim();
  });
  afterAll(() => stack?.stop());

  const caller = (authorization?: string) =>
    fetch(`${stack.url}/mintmark.access.v1.TokenService/GetCaller`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(authorization === undefined ? {} : { authorization }) },
      body: "{}",
    });

  it("writes an admin token that only the owner may read", () => {
    expect(admin).toMatch(/^mm_[^_]+_.+$/);
    expect(statSync(join(stack.dir, "admin.token")).mode & 0o777).toBe(0o600);
  });

  it.each([[undefined], ["Bearer mm_x_y"], ["Bearer "], ["Basic eDp5"]])(
    "refuses %s with 401",
    async (authorization) => {
      expect((await caller(authorization)).status).toBe(401);
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      expect((await fetch(`${stack.url}/v1/resolve?uri=x`, { headers })).status).toBe(401);
      expect((await fetch(`${stack.url}/serve/x/ping`, { headers })).status).toBe(401);
      expect((await fetch(`${stack.url}/v1/blobs/${"0".repeat(64)}`, { headers })).status).toBe(401);
      expect((await fetch(`${stack.registryUrl}/v1/blobs/${"0".repeat(64)}`, { headers })).status).toBe(401);
    },
  );

  it("takes the token as a bearer and as the password of Basic authentication", async () => {
    expect((await caller(`Bearer ${admin}`)).status).toBe(200);
    const basic = `Basic ${Buffer.from(`anyone:${admin}`).toString("base64")}`;
    expect(await (await caller(basic)).json()).toMatchObject({ caller: { role: "admin" } });
  });

  it("answers for its life without a token, and with nothing else", async () => {
    for (const path of ["/health", "/ready", "/version"]) expect((await fetch(stack.url + path)).status).toBe(200);
    expect((await fetch(`${stack.url}/metrics`)).status).toBe(401);
  });

  it("trains under a token, which then ceases to work when it is revoked", async () => {
    const env = { MINTMARK_URL: stack.url, MINTMARK_TOKEN: admin };
    const created = await run(mintmarkBin, ["token", "create", "ci", "--json"], { env });
    expect(created.code, created.stdout).toBe(0);
    const { id, secret } = JSON.parse(created.stdout) as { id: string; secret: string };
    const mine = { ...env, MINTMARK_TOKEN: secret };
    const trained = await run(mintmarkBin, ["train", `${checkout}examples/iris_tree.yaml`, "--json"], {
      env: mine,
    });
    expect(trained.code, trained.stdout).toBe(0);
    expect((await caller(`Bearer ${secret}`)).status).toBe(200);
    expect((await run(mintmarkBin, ["token", "revoke", id], { env })).code).toBe(0);
    expect((await caller(`Bearer ${secret}`)).status).toBe(401);
    expect((await run(mintmarkBin, ["models", "list"], { env: mine })).code).toBe(2);
  });
});

describe("without authentication", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await embeddedStack();
  });
  afterAll(() => stack?.stop());

  it("makes no token", () => expect(existsSync(join(stack.dir, "admin.token"))).toBe(false));

  it.each([["Origin"], ["Host"]])("refuses a foreign %s at the gateway and at the registry", async (header) => {
    for (const base of [stack.url, stack.registryUrl]) {
      const { status } = await raw(base, { [header]: header === "Host" ? "evil.example" : "https://evil.example" });
      expect(status, base).toBe(403);
      // A page of another program on this machine.
      expect((await raw(base, { Origin: "http://127.0.0.1:3000" })).status, base).toBe(403);
    }
  });
});

it("is not switched off for a server that others can reach", async () => {
  const answer = await run(mintmarkBin, [
    "up",
    "--host",
    "0.0.0.0",
    "--auth",
    "off",
    "--port",
    "0",
    "--data-dir",
    "/tmp/never-made",
  ]);
  expect(answer.code).toBe(2);
  expect(answer.stderr).toContain("--insecure");
  expect(existsSync("/tmp/never-made")).toBe(false);
});

/** `fetch` sets Host itself. */
async function raw(base: string, headers: Record<string, string>): Promise<{ status: number }> {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    request(
      `${base}/mintmark.registry.v1.ModelService/ListModels`,
      { method: "POST", headers: { "content-type": "application/json", ...headers } },
      (answer) => {
        answer.resume();
        resolve({ status: answer.statusCode! });
      },
    )
      .on("error", reject)
      .end("{}");
  });
}
