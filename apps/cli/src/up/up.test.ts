/**
 * `mintmark up` as a process, with everything in it.
 */

import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { processStat } from "@mintmark/scratch/process-mark";
import { makeCertificate, needsOpenssl } from "@mintmark/testing/certificate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anyPorts, bench, isAlive, pidOf, type Up, until } from "../testing/bench.ts";
import { dataDir, lockDataDir } from "./data-dir.ts";

const bin = bench();
const { scratch, launch, up, run, clear } = bin;
afterAll(clear);

const isHealthy = async (url: string) => (await fetch(`${url}/health`)).status === 200;
const names = ["postgres", "registry", "gateway", "worker-1"] as const;
const command = (url: string, ...args: string[]) => run(...args, "--server", url);

function childrenOf(parent: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => processStat(pid)?.parent === parent);
}

describe("mintmark up", () => {
  const dir = join(scratch, "data");
  let system: Up;
  beforeAll(async () => {
    system = await up(dir);
  });
  afterAll(async () => {
    system.child.kill("SIGTERM");
    await system.ended;
  });

  it("answers, and has the process id of each program in a file", async () => {
    expect(await (await fetch(`${system.url}/health`)).text()).toBe("OK");
    for (const name of names) expect(isAlive(pidOf(dir, name)), name).toBe(true);
  });

  it("says what to do next", async () => {
    await until(() => system.err().includes("stop "));
    expect(system.err()).toMatch(/^ {2}data {4}.*\/data$/m);
    expect(system.err()).toContain(`mintmark --server ${system.url} train `);
    expect(system.err()).toContain(`MLFLOW_TRACKING_URI=${system.url}`);
  });

  it("is described by status, with every program", async () => {
    const { code, out } = await run("status", "--data-dir", dir, "--json");
    const status = JSON.parse(out);
    expect([code, status.ready, status.url]).toEqual([0, true, system.url]);
    expect(status.programs.map(({ name, pid }: { name: string; pid: number }) => [name, pid])).toEqual(
      expect.arrayContaining(["up", ...names].map((name) => [name, pidOf(dir, name)])),
    );
    expect((await run("status", "--data-dir", dir)).out).toContain(`${system.url} is ready`);
  });

  it("is found well by doctor, which knows its ports as its own", async () => {
    const { code, out } = await run("doctor", "--data-dir", dir, "--json");
    const { ok, findings } = JSON.parse(out);
    expect([code, ok]).toEqual([0, true]);
    const states = Object.fromEntries(
      findings.map(({ name, state }: { name: string; state: string }) => [name, state]),
    );
    expect(states).toEqual({
      node: "ok",
      data: "ok",
      disk: "ok",
      temporary: "ok",
      postgres: "ok",
      ports: "ok",
      keys: "ok",
      clock: "ok",
      server: "ok",
    });
  });

  it("refuses a second one on the same directory", async () => {
    const second = launch("up", "--data-dir", dir, ...anyPorts);
    expect(await second.ended).toBe(2);
    expect(second.err()).toMatch(/^mintmark: data directory .* is in use by another 'mintmark up' \(process \d+\)/);
    expect(second.err().trim().split("\n")).toHaveLength(1);
  });

  it.each(names)("starts %s again when it is killed", async (name) => {
    const before = pidOf(dir, name);
    process.kill(before, "SIGKILL");
    await until(() => pidOf(dir, name) !== before && isAlive(pidOf(dir, name)));
    await until(() => isHealthy(system.url));
    await until(async () => (await command(system.url, "models", "list", "--json")).code === 0);
  });

  it("lets the command line find the trusted keys of the machine", async () => {
    const { out, code } = await command(system.url, "keys", "list", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out).map((key: { name: string }) => key.name)).toEqual(["local-ed25519", "local-p256"]);
  });

  it("keeps secrets from others", () => {
    for (const path of ["postgres.password", "keys/signing/ed25519.pem", "keys/signing/p256.pem"])
      expect(statSync(join(dir, path)).mode & 0o077, path).toBe(0);
  });

  it("leaves nothing behind when it is killed, and goes on where it was", async () => {
    await command(system.url, "models", "create", "kept");
    const pids = names.map((name) => pidOf(dir, name));
    process.kill(pidOf(dir, "up"), "SIGKILL");
    expect(await system.ended).toBe(137);
    system = await up(dir);
    for (const pid of pids) expect(isAlive(pid)).toBe(false);
    const { out } = await command(system.url, "models", "show", "kept", "--json");
    expect(JSON.parse(out)).toMatchObject({ name: "kept", latest_version: 0 });
  });

  it("leaves nothing behind when it is killed while it starts", async () => {
    const young = join(scratch, "young");
    const starting = launch("up", "--data-dir", young, ...anyPorts);
    // Programs that were started ahead of their turn are there before Postgres is.
    await until(() => childrenOf(pidOf(young, "up")).length >= 3);
    const children = childrenOf(pidOf(young, "up"));
    process.kill(pidOf(young, "up"), "SIGKILL");
    await starting.ended;
    await until(() => children.every((pid) => !isAlive(pid)));
  });

  it("ends within 10 s of SIGTERM, with exit code 0 and nothing left", async () => {
    const pids = names.map((name) => pidOf(dir, name));
    const begin = performance.now();
    system.child.kill("SIGTERM");
    expect(await system.ended).toBe(0);
    expect(performance.now() - begin).toBeLessThan(10_000);
    for (const pid of pids) expect(isAlive(pid)).toBe(false);
    for (const name of names) expect(existsSync(join(dir, "run", `${name}.pid`)), name).toBe(false);
    system = await up(dir);
  });
});

describe("mintmark status, down and doctor", () => {
  it("say where there is nothing", async () => {
    const nowhere = join(scratch, "nowhere");
    for (const command of ["status", "down"])
      expect(await run(command, "--data-dir", nowhere)).toMatchObject({
        code: 1,
        err: expect.stringContaining(`no data of Mintmark in ${nowhere}`),
      });
    expect(existsSync(nowhere)).toBe(false);
  });

  it("stop it, and say that it is stopped", async () => {
    const dir = join(scratch, "stopped");
    const system = await up(dir);
    const { code, out } = await run("down", "--data-dir", dir, "--json");
    expect([code, JSON.parse(out)]).toEqual([0, { data_dir: dir, stopped: true }]);
    expect(await system.ended).toBe(0);
    expect(await run("status", "--data-dir", dir)).toMatchObject({
      code: 1,
      out: expect.stringContaining("nothing runs"),
    });
    expect(await run("down", "--data-dir", dir)).toMatchObject({
      code: 0,
      out: expect.stringContaining("nothing runs"),
    });
  });

  it("leave alone what is none of theirs", async () => {
    // The directory is taken, and no 'up' of this machine says that it is its own; a number alone says nothing.
    const dir = join(scratch, "foreign");
    mkdirSync(join(dir, "run"), { recursive: true });
    for (const name of ["logs", "blobs", "keys"]) mkdirSync(join(dir, name));
    const victim = spawn("sleep", ["60"]);
    const lock = lockDataDir(dataDir(dir));
    writeFileSync(join(dir, "run", "up.pid"), `${victim.pid}\n`);
    for (const command of ["down", "status"])
      expect(await run(command, "--data-dir", dir)).toMatchObject({
        code: 1,
        err: expect.stringContaining("no 'mintmark up' of this machine"),
      });
    expect((await run("doctor", "--data-dir", dir)).out).toMatch(/^failed +system /m);
    expect(isAlive(victim.pid!)).toBe(true);
    victim.kill();
    lock.release();
  });

  it("find what cannot be looked at", async () => {
    writeFileSync(join(scratch, "a-file"), "");
    const { code, out, err } = await run("doctor", "--data-dir", join(scratch, "a-file"));
    expect([code, err]).toEqual([1, ""]);
    expect(out).toMatch(/^failed +data/m);
  });

  it("find keys that others can read, and a clock that was set back", async () => {
    const dir = join(scratch, "unwell");
    for (const name of ["run", "logs", "keys/signing"]) mkdirSync(join(dir, name), { recursive: true });
    writeFileSync(join(dir, "keys/signing/ed25519.pem"), "");
    // Whatever the umask is.
    chmodSync(join(dir, "keys/signing/ed25519.pem"), 0o644);
    writeFileSync(join(dir, "logs/up.log"), "");
    const tomorrow = new Date(Date.now() + 86_400_000);
    utimesSync(join(dir, "logs/up.log"), tomorrow, tomorrow);
    const { code, out } = await run("doctor", "--data-dir", dir);
    expect(code).toBe(1);
    expect(out).toMatch(/^failed +keys .*ed25519\.pem[\s\S]*?→ chmod 600/m);
    expect(out).toMatch(/^failed +clock .*later[\s\S]*?→ set the clock/m);
  });
});

describe("mintmark up refuses to start", () => {
  async function refusal(...args: string[]): Promise<string> {
    const program = launch("up", "--data-dir", join(scratch, "refused"), ...anyPorts, ...args);
    expect(await program.ended).toBe(2);
    expect(program.out()).toBe("");
    expect(program.err().trim().split("\n")).toHaveLength(1);
    expect(existsSync(join(scratch, "refused"))).toBe(false);
    return program.err();
  }

  it("and takes away only what it made: a neighbour in the same new folder stays", async () => {
    const folder = join(scratch, "both");
    const failing = launch("up", "--data-dir", join(folder, "a"), ...anyPorts, "--queue-url", "redis://127.0.0.1:1");
    await until(() => existsSync(join(folder, "a", "run")));
    mkdirSync(join(folder, "b"));
    expect(await failing.ended).toBe(2);
    expect(readdirSync(folder)).toEqual(["b"]);
  });

  it("on a port that is in use, naming the option", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await until(() => server.listening);
    const { port } = server.address() as { port: number };
    expect(await refusal("--registry-port", String(port))).toContain(`port ${port} of 127.0.0.1 is in use`);
    server.close();
  });

  it("on an address that is not this machine's", async () => {
    expect(await refusal("--host", "192.0.2.1", "--behind-proxy")).toContain(
      "'192.0.2.1' is not an address of this machine",
    );
  });

  it("without authentication where others can reach it", async () => {
    expect(await refusal("--host", "0.0.0.0", "--auth", "off")).toContain("--insecure");
  });

  it("in clear text where others can reach it, and with half of a certificate", async () => {
    expect(await refusal("--host", "0.0.0.0")).toMatch(/--tls-cert FILE and --tls-key FILE, or add --behind-proxy/);
    expect(await refusal("--tls-key", "key.pem")).toContain("--tls-key is given without --tls-cert");
  });

  it("on a database that is not reachable", async () => {
    expect(await refusal("--database-url", "postgres://nobody@127.0.0.1:1/none")).toContain("registry did not start");
  });

  it.each(["/dev/null/data", "/proc/nope"])("in %s, which cannot be made", async (path) => {
    expect(await refusal("--data-dir", path)).toContain(`${path} cannot be used`);
  });

  it("on a queue that is not there, in one line", async () => {
    expect(await refusal("--queue-url", "redis://127.0.0.1:1")).toContain("redis://127.0.0.1:1");
  });

  it("on a misspelt option, with a suggestion", async () => {
    expect((await refusalLines("--prot", "1")).join(" ")).toContain("Did you mean --port?");
  });

  async function refusalLines(...args: string[]): Promise<string[]> {
    const program = launch("up", ...args);
    expect(await program.ended).toBe(2);
    return program.err().trim().split("\n");
  }
});

describe("mintmark up --auth on", () => {
  const dir = join(scratch, "auth");
  let system: Up;
  beforeAll(async () => {
    system = await up(dir, "--auth", "on");
  });
  afterAll(async () => {
    system.child.kill("SIGTERM");
    await system.ended;
  });

  it("says where the admin's token is", async () => {
    await until(() => system.err().includes(`token   ${join(dir, "admin.token")}`));
  });

  it("answers nobody without a token, and the admin token's holder", async () => {
    const token = readFileSync(join(dir, "admin.token"), "utf8").trim();
    expect(statSync(join(dir, "admin.token")).mode & 0o777).toBe(0o600);
    expect((await command(system.url, "models", "list", "--json")).out).toContain('"reason":"TOKEN_MISSING"');
    expect((await command(system.url, "models", "list", "--token", "mm_a_b")).code).toBe(2);
    expect((await command(system.url, "models", "list", "--token", token)).code).toBe(0);
  });

  it("makes, lists and revokes tokens", async () => {
    const admin = ["--token", readFileSync(join(dir, "admin.token"), "utf8").trim()];
    const made = JSON.parse((await command(system.url, "token", "create", "ci", "--json", ...admin)).out);
    expect(made).toMatchObject({ name: "ci", secret: expect.stringMatching(/^mm_/) });
    expect((await command(system.url, "models", "list", "--token", made.secret)).code).toBe(0);
    expect((await command(system.url, "token", "revoke", made.id, ...admin)).code).toBe(0);
    await until(async () => (await command(system.url, "models", "list", "--token", made.secret)).code === 2);
  });

  it("lets gateway and workers in again after the registry was killed", async () => {
    const before = pidOf(dir, "registry");
    process.kill(before, "SIGKILL");
    await until(() => pidOf(dir, "registry") !== before);
    const admin = ["--token", readFileSync(join(dir, "admin.token"), "utf8").trim()];
    await until(async () => (await command(system.url, "models", "list", ...admin)).code === 0);
  });
});

describe.runIf(needsOpenssl())("mintmark up with a certificate", () => {
  it("speaks TLS where others can reach it, and its programs find each other", async () => {
    const certificate = makeCertificate("IP:127.0.0.1");
    const dir = join(scratch, "tls");
    const files = ["--tls-cert", certificate.certFile, "--tls-key", certificate.keyFile];
    const system = await up(dir, "--host", "0.0.0.0", ...files);
    const url = system.url.replace("0.0.0.0", "127.0.0.1");
    expect(url).toMatch(/^https:/);
    const token = readFileSync(join(dir, "admin.token"), "utf8").trim();
    bin.env["NODE_EXTRA_CA_CERTS"] = certificate.certFile;
    expect(await command(url, "models", "create", "here", "--token", token)).toMatchObject({ code: 0 });
    expect((await command(url, "models", "list", "--token", token)).out).toContain("here");
    const file = fileURLToPath(new URL("../../../../examples/titanic.yaml", import.meta.url));
    expect((await command(url, "train", file, "--token", token, "--json")).out).toContain('"version":1');
    const before = pidOf(dir, "registry");
    process.kill(before, "SIGKILL");
    await until(() => pidOf(dir, "registry") !== before);
    await until(async () => (await command(url, "models", "list", "--token", token)).code === 0);
    delete bin.env["NODE_EXTRA_CA_CERTS"];
    expect((await command(url, "models", "list", "--token", token)).err).toMatch(/self-signed|certificate/);
    await expect(fetch(url.replace("https", "http"))).rejects.toThrow();
    // By the address at which it listens, which no certificate names.
    const status = await run("status", "--data-dir", dir, "--json");
    expect(JSON.parse(status.out)).toMatchObject({ ready: true, url: system.url });
    system.child.kill("SIGTERM");
    expect(await system.ended).toBe(0);
    certificate.remove();
  });
});

// Elsewhere loopback has no second address until somebody adds it.
it.runIf(process.platform === "linux")(
  "mintmark up takes every address of loopback without authentication",
  async () => {
    const system = await up(join(scratch, "second address"), "--host", "127.0.0.2");
    expect(new URL(system.url).hostname).toBe("127.0.0.2");
    expect(await command(system.url, "models", "create", "here")).toMatchObject({ code: 0 });
    expect((await command(system.url, "models", "list")).out).toContain("here");
    system.child.kill("SIGTERM");
    expect(await system.ended).toBe(0);
  },
);
