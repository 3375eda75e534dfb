import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));
const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = fork(main, [...args], {
    env: { PATH: process.env["PATH"], ...env },
    execArgv: [],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  started.push(child);
  const output = { stdout: "", stderr: "" };
  child.stdout!.on("data", (text) => {
    output.stdout += text;
  });
  child.stderr!.on("data", (text) => {
    output.stderr += text;
  });
  const ended = once(child, "close").then(([code]) => ({ code: code as number, ...output }));
  return { child, ended };
}

const freePorts = ["--port", "0", "--grpc-port", "0"];
async function ready(env: NodeJS.ProcessEnv = {}) {
  const program = start(freePorts, env);
  const [message] = (await once(program.child, "message")) as [{ ready: true; port: number; grpcPort: number }];
  return { ...program, ...message };
}

describe("mintmark gateway", () => {
  it("prints its usage", async () => {
    const { code, stdout } = await start(["--help"]).ended;
    expect(code).toBe(0);
    expect(stdout).toContain("mintmark gateway");
    expect(stdout).toContain("--mintmark-registry-url");
  });

  it.each([
    ["a flag that there is not", ["--prot", "1"], {}, "--prot"],
    ["a port that is none", ["--port", "web"], {}, "--port expected a port, 0 to 65535, got 'web'"],
    ["a port beyond all", ["--grpc-port", "65536"], {}, "--grpc-port expected a port"],
    [
      "a registry without an address",
      ["--mintmark-registry-url", "here"],
      {},
      "MINTMARK_REGISTRY_URL expected http://HOST:PORT, got 'here'",
    ],
    ["no authentication for others", ["--host", "0.0.0.0"], { MINTMARK_AUTH: "off" }, "--insecure"],
    ["no authentication for others, said by flag", ["--host", "0.0.0.0", "--auth", "off"], {}, "--insecure"],
    ["clear text for others", ["--host", "0.0.0.0"], {}, "--behind-proxy"],
    [
      "a certificate that is not there",
      [],
      { MINTMARK_TLS_CERT: "/none", MINTMARK_TLS_KEY: "/none" },
      "/none cannot be read",
    ],
    ["a proxy that is not said clearly", [], { MINTMARK_BEHIND_PROXY: "1" }, "MINTMARK_BEHIND_PROXY expected 'on'"],
    ["half an authentication", [], { MINTMARK_AUTH: "maybe" }, "MINTMARK_AUTH expected 'on' or 'off'"],
    ["a bound that is no time", [], { MINTMARK_STALE_AFTER: "soon" }, "MINTMARK_STALE_AFTER expected seconds"],
    ["a public name that is no URL", [], { MINTMARK_PUBLIC_URL: "x" }, "MINTMARK_PUBLIC_URL expected"],
    ["a level that there is not", [], { MINTMARK_LOG_LEVEL: "loud" }, "MINTMARK_LOG_LEVEL expected one of"],
    [
      "a host of another machine",
      ["--host", "192.0.2.1", "--behind-proxy"],
      { MINTMARK_LOG_LEVEL: "fatal" },
      "no address of this machine",
    ],
  ])("ends with 2 and one line on %s", async (_, args, env, line) => {
    const { code, stdout, stderr } = await start([...freePorts, ...args], env).ended;
    expect(stderr).toContain(line);
    expect([code, stdout, stderr.trimEnd().split("\n").length]).toEqual([2, "", 1]);
  });

  it.each(["--port", "--grpc-port"])("ends with 2 and one line when %s is taken", async (flag) => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await start([...freePorts, flag, `${port}`], { MINTMARK_LOG_LEVEL: "fatal" }).ended;
    other.close();
    expect(stderr).toBe(`gateway: port ${port} cannot be used: it is taken\n`);
    expect(code).toBe(2);
  });

  it.each(["SIGTERM", "SIGINT"] as const)("ends with 0 on %s", async (signal) => {
    const { child, ended, port } = await ready();
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    child.kill(signal);
    expect((await ended).code).toBe(0);
  });

  it("ends with whoever started it", async () => {
    const { child } = await ready();
    child.disconnect();
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it("ends even if whoever started it went before it was ready", async () => {
    const { child } = start(freePorts);
    child.disconnect();
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it("says once that the registry is away", async () => {
    const { child, ended } = await ready({ MINTMARK_REGISTRY_URL: "http://127.0.0.1:9" });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    child.kill("SIGTERM");
    expect((await ended).stderr.match(/connecting again/g)).toHaveLength(1);
  });
});
