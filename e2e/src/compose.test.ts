/**
 * Containers cannot be run everywhere; what is in them can: the very commands, environment and health checks of
 * docker-compose.yml as processes, against a Postgres, a Redis and an S3 server of their own.
 * @module
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@mintmark/testing/free-port";
import { needs, needsPython, python } from "@mintmark/testing/needs";
import { testDatabase } from "@mintmark/testing/postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { checkout, mintmarkBin, type Program, run, start } from "./process.ts";
import { until } from "./stack.ts";

interface Service {
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly volumes?: readonly string[];
  readonly image?: string;
}

const composeText = readFileSync(`${checkout}docker-compose.yml`, "utf8");
const services = (parse(composeText, { merge: true }) as { services: Record<string, Service> }).services;
const secrets = {
  POSTGRES_PASSWORD: "unused-here",
  REDIS_PASSWORD: "redis-secret",
  S3_ACCESS_KEY: "access",
  S3_SECRET_KEY: "secret",
  GATEWAY_TOKEN: `mm_${"a".repeat(16)}_${"b".repeat(64)}`,
  WORKER_TOKEN: `mm_${"c".repeat(16)}_${"d".repeat(64)}`,
};

it("has what it should: three stores, the registry, two workers, the gateway; health checks and volumes", () => {
  for (const name of ["postgres", "redis", "s3", "registry", "worker-1", "worker-2", "gateway"])
    expect(services[name]?.volumes?.length, name).toBeGreaterThan(0);
  for (const name of ["postgres", "redis", "s3", "registry", "gateway"])
    expect(services[name]!.healthcheck, name).toBeDefined();
});

it("has no default for any password, key or token", () => {
  const defaults = [...composeText.matchAll(/\$\{(\w+):-/g)].map((match) => match[1]);
  expect(defaults).toEqual([]);
  for (const name of Object.keys(secrets)) expect(composeText, name).toContain(`\${${name}:?`);
});

const redis = needs("Redis", "redis-server", ["--version"], "apt-get install redis-server");
const s3 = needsPython(["moto.server"]);

describe.runIf(redis && s3)("its commands and environment, as processes", () => {
  const dir = mkdtempSync(join(tmpdir(), "mintmark-compose-"));
  const programs: Program[] = [];
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let inPlaceOf: (text: string) => string;
  let port: number;

  /** What the file says, with the addresses of this machine in place of the containers'. */
  const environmentOf = (name: string) =>
    Object.fromEntries(
      Object.entries(services[name]!.environment ?? {}).map(([key, value]) => [key, inPlaceOf(value)]),
    );
  const begin = (name: string, command: readonly string[]) => {
    const [program = "", ...args] = command.map(inPlaceOf);
    programs.push(start(program, args, { cwd: dir, env: environmentOf(name) }));
    return programs.at(-1)!;
  };
  const app = (name: string) => begin(name, [mintmarkBin, ...services[name]!.command!]);
  const healthy = (name: string) => {
    const [kind, program = "", ...args] = services[name]!.healthcheck!.test.map(inPlaceOf);
    const command = kind === "CMD" ? [program, ...args] : ["sh", "-c", program];
    return until(
      name,
      async () => (await run(command[0]!, command.slice(1), { env: environmentOf(name) })).code === 0,
      40_000,
    );
  };

  beforeAll(async () => {
    database = await testDatabase();
    const [redisPort, s3Port, registryPort, grpcPort] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ];
    port = await freePort();
    const replacements: [string | RegExp, string][] = [
      [/\$\{(\w+)(:\?[^}]*)?\}/g, "$1"],
      ...Object.entries(secrets).map(([name, value]): [RegExp, string] => [
        new RegExp(`(?<!\\$)\\b${name}\\b`, "g"),
        value,
      ]),
      // Compose writes a dollar that is the shell's own as two.
      [/\$\$/g, "$"],
      [/^postgres:.*$/, database.url],
      ["@redis:6379", `@127.0.0.1:${redisPort}`],
      ["redis-server ", `redis-server --port ${redisPort} --bind 127.0.0.1 `],
      [/redis-cli /, `redis-cli -p ${redisPort} `],
      ["http://s3:9000", `http://127.0.0.1:${s3Port}`],
      ["http://registry:8082", `http://127.0.0.1:${registryPort}`],
      [/\b8082\b/, `${registryPort}`],
      [/\b8081\b/, `${grpcPort}`],
      [/\b8080\b/, `${port}`],
      ["/var/lib/mintmark", dir],
    ];
    inPlaceOf = (text) => replacements.reduce((result, [from, to]) => result.replace(from, to), text);

    begin("redis", services["redis"]!.command!);
    await healthy("redis");
    programs.push(start(python, ["-m", "moto.server", "-H", "127.0.0.1", "-p", `${s3Port}`]));
    const bucket = `http://127.0.0.1:${s3Port}/mintmark`;
    await until("the bucket", () =>
      fetch(bucket, { method: "PUT" }).then(
        (answer) => answer.ok,
        () => false,
      ),
    );
    expect(await app("keys").ended).toBe(0);
    app("registry");
    await healthy("registry");
    for (const name of ["worker-1", "worker-2", "gateway"]) app(name);
    await healthy("gateway");
  });
  afterAll(async () => {
    for (const program of programs.toReversed()) await program.stop();
    await database?.drop();
    rmSync(dir, { recursive: true, force: true });
  });

  it("train, promote and predict under authentication", async () => {
    const url = `http://127.0.0.1:${port}`;
    const token = readFileSync(join(dir, "admin.token"), "utf8").trim();
    expect((await fetch(`${url}/v1/resolve?uri=titanic`)).status).toBe(401);
    const env = { MINTMARK_URL: url, MINTMARK_TOKEN: token, MINTMARK_KEY_DIR: join(dir, "keys") };
    for (const args of [
      ["train", `${checkout}examples/titanic.yaml`],
      ["alias", "set", "titanic", "champion", "1"],
      ["predict", "titanic@champion", "--data", `${checkout}examples/titanic.csv`, "--json"],
      ["pull", "titanic@champion", "--out", join(dir, "pulled")],
    ]) {
      const answer = await run(mintmarkBin, args, { env });
      expect(answer.code, `${args.join(" ")}: ${answer.stdout}${answer.stderr}`).toBe(0);
    }
  });
});
