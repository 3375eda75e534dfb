/**
 * The command line as a program: exit codes, streams, and what needs no server.
 */
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateKey } from "@mintmark/crypto/keys";
import { needs } from "@mintmark/testing/needs";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildProgram } from "./program.ts";
import { bench } from "./testing/bench.ts";

const { scratch, bin, env, run, launch, clear } = bench();
afterAll(clear);
const nobody = ["--server", "http://127.0.0.1:1"];

describe("mintmark", () => {
  it("explains itself, and each command", async () => {
    const { code, out, err } = await run("--help");
    expect([code, err]).toEqual([0, ""]);
    const commands = [...out.matchAll(/^ {2}([a-z]+)[ [<]/gm)].map(([, name = ""]) => name);
    expect(commands).toEqual(
      expect.arrayContaining(["up", "train", "predict", "alias", "verify", "backup", "restore"]),
    );
    for (const later of ["promote", "rollback", "approve", "reproduce", "audit", "grant", "gc", "log"])
      expect(commands, later).not.toContain(later);
    expect((await run("train", "--help")).out).toContain("--idempotency-key");
    for (const program of ["registry", "worker", "gateway"])
      expect(await run(program, "--help")).toMatchObject({
        code: 0,
        out: expect.stringContaining(`mintmark ${program} `),
        err: "",
      });
  });

  it("has a line for every argument and option, and an example for every command", async () => {
    const program = await buildProgram([], { env: {}, run: async () => {} });
    const below = (command: Command): Command[] => command.commands.flatMap((child) => [child, ...below(child)]);
    for (const command of below(program)) {
      const name = `${command.parent?.name()} ${command.name()}`;
      for (const { description } of command.registeredArguments) expect(description, name).not.toBe("");
      for (const { description } of command.options) expect(description, name).not.toBe("");
      if (["registry", "worker", "gateway"].includes(command.name())) continue;
      let help = "";
      command.configureOutput({
        writeOut: (text) => {
          help += text;
        },
      });
      command.outputHelp();
      expect(help, name).toMatch(/\nExamples:\n {2}.*mintmark/);
    }
  });

  it("says nothing that is longer than a terminal of 80 columns is wide", async () => {
    const program = await buildProgram([], { env: {}, run: async () => {} });
    const below = (command: Command): Command[] => command.commands.flatMap((child) => [child, ...below(child)]);
    const long = below(program).flatMap((command) => {
      let help = "";
      const writeOut = (text: string) => {
        help += text;
      };
      command.configureOutput({ writeOut, getOutHelpWidth: () => 80 });
      command.outputHelp();
      return help.split("\n").filter((line) => line.length > 80);
    });
    expect(long).toEqual([]);
  });

  it.each(["registry", "worker", "gateway"])("explains %s as it does the rest", async (app) => {
    const { code, out } = await run(app, "--help");
    expect([code, out.split("\n").filter((line) => line.length > 80)]).toEqual([0, []]);
    expect(out).toMatch(new RegExp(`^Usage: mintmark ${app} \\[options\\]\n\n.+\n`));
    expect(out).toMatch(/\n\nOptions:\n {2}--/);
    expect(out).toMatch(new RegExp(`\n\nExamples:\n  mintmark ${app} .+\n$`));
    // An option a line, and what does not fit below its description.
    for (const line of out
      .slice(out.indexOf("\nOptions:"))
      .split("\n")
      .filter((each) => each.startsWith(" ")))
      expect(line).toMatch(/^ {2}(-[\w-, ]+(<.+>)? {2,}\S|[A-Z_]+ {2,}\S|mintmark )| {20,}\S/);
  });

  it("shows commands before options, and fits 80 columns", async () => {
    const { out } = await run("--help");
    expect(out.indexOf("\nCommands:")).toBeLessThan(out.indexOf("\nOptions:"));
    expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  it("explains the same by the word help", async () => {
    for (const words of [[], ["export"], ["worker"]])
      expect(await run("help", ...words)).toEqual(await run(...words, "--help"));
    expect(await run("models", "help", "list")).toEqual(await run("models", "list", "--help"));
    expect(await run("help", "models", "list")).toEqual(await run("models", "list", "--help"));
    expect((await run("models")).code).toBe(2);
  });

  it("says of an option whether it has to be given, and nothing of a default that is nothing", async () => {
    const commands = [["export"], ["import", "mlflow"], ["import", "archive"], ["models", "list"], ["up"]];
    const helps = await Promise.all(commands.map((words) => run(...words, "--help")));
    const text = helps.map(({ out }) => out).join("");
    expect(text).toMatch(/--out <file> .*\(required\)/);
    expect(text).toContain("(default: 1000)");
    expect(text).not.toMatch(/default: (false|""|\[\]|\{\})/);
  });

  it("tells its version", async () => {
    expect((await run("--version")).out).toMatch(/^mintmark \d+\.\d+\.\d+\n$/);
    expect(JSON.parse((await run("--json", "--version")).out)).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
  });

  it.each([
    [["modles"], "mintmark: unknown command 'modles' (Did you mean models?); see 'mintmark --help'\n"],
    [["models", "lst"], "unknown command 'lst' (Did you mean list?); see 'mintmark models --help'\n"],
    [["train"], "missing required argument 'file'; see 'mintmark train --help'\n"],
    [["train", "a.yaml", "--detahc"], "'--detahc' (Did you mean --detach?); see 'mintmark train --help'\n"],
    [["models", "show", "a", "b"], "but got 2; see 'mintmark models show --help'\n"],
    [["models", "list", "--limit"], "argument missing; see 'mintmark models list --help'\n"],
    [["up", "--auth", "maybe"], "Allowed choices are on, off; see 'mintmark up --help'\n"],
    [["export", "m"], "option '--out <file>' not specified; see 'mintmark export --help'\n"],
    [["help", "modles"], "unknown command 'modles' (Did you mean models?); see 'mintmark --help'\n"],
    [["help", "models", "lst"], "unknown command 'lst' (Did you mean list?); see 'mintmark models --help'\n"],
    [["models", "help", "nope"], "unknown command 'nope'; see 'mintmark models --help'\n"],
    [["help", "train", "x"], "unknown command 'x'; see 'mintmark train --help'\n"],
    [["registry", "--nope"], "mintmark: unknown option '--nope'; see 'mintmark registry --help'\n"],
    [["worker", "--nope"], "mintmark: unknown option '--nope'; see 'mintmark worker --help'\n"],
    [["gateway", "x"], "mintmark: unexpected argument 'x'"],
    [["--server", "notaurl", "models", "list"], "--server expected a URL as in http://127.0.0.1:8080, got 'notaurl'"],
    ...["soon", "0d", "2020-01-01T00:00:00Z", "9999999d", "99999999999999d"].map((expires): [string[], string] => [
      ["token", "create", "t", "--expires", expires],
      "--expires expected a time to come, before the year 10000: from now as in 30d, 12h or 45m",
    ]),
    [
      ["jobs", "list", "--status", "foo"],
      "Allowed choices are queued, running, finished, failed, cancelled; see 'mintmark",
    ],
    [["predict", "m", "--data", "https://data.example/a.csv"], "nothing here reads https://; "],
    [["predict", "m", "--data", "."], ".: it is a folder, and only files are read; name those in it, as in '*.csv'"],
    [["models", "create", "m", "--tag", "team"], "--tag expected key=value, got 'team'"],
    [["import", "archive", "a.tar", "--rename", "x"], "--rename expected old=new, got 'x'"],
    [["import", "folder", "/nonexistent", "m"], "/nonexistent does not exist"],
    [["predict", "m"], "either texts or --data FILE"],
    [["train", "missing.yaml"], "mintmark: missing.yaml cannot be read: no such file or directory\n"],
    [["train", "."], "mintmark: . cannot be read: it is a directory\n"],
    [["train", `${"n".repeat(300)}.yaml`], "cannot be read: name too long\n"],
    [["keys", "trust", "."], "mintmark: . cannot be read: it is a directory\n"],
    [["restore", "."], "mintmark: . cannot be read: it is a directory\n"],
    [["restore", "none.tar"], "mintmark: none.tar cannot be read: no such file or directory\n"],
    [["import", "archive", "none.tar"], "mintmark: none.tar cannot be read: no such file or directory\n"],
    [
      ["up", "--host", "8.8.8.8", "--behind-proxy"],
      "'8.8.8.8' is not an address of this machine (address not available)",
    ],
  ])("ends %j with 2 and one clear line", async (args, message) => {
    const { code, out, err } = await run(...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(message);
    expect(err).not.toMatch(/^\s+at /m);
  });

  it("says which folder of keys cannot be one, and does not hang on it", async () => {
    writeFileSync(join(scratch, "a-file"), "");
    const keys = (dir: string, ...args: string[]) =>
      spawnSync(bin, ["keys", ...args], {
        env: { ...env, MINTMARK_KEY_DIR: dir },
        cwd: scratch,
        encoding: "utf8",
        timeout: 20_000,
        killSignal: "SIGKILL",
      });
    expect(keys("/proc/nokeys", "generate")).toMatchObject({
      status: 2,
      stderr: "mintmark: /proc/nokeys cannot be written: no such file or directory\n",
    });
    expect(keys("./a-file", "list")).toMatchObject({
      status: 2,
      stderr: "mintmark: a-file/trusted cannot be read: not a directory\n",
    });
    expect(keys("./a-file", "generate")).toMatchObject({
      status: 2,
      stderr: /a-file cannot be written: a file is in its way/,
    });
  });

  it.each([["schema"], ["schema", "--json"], ["--help"], ["--version"], ["modles", "--json"]])(
    "does not lose the output of %j in silence",
    (...args) => {
      const full = openSync("/dev/full", "w");
      const { status, stderr } = spawnSync(bin, args, { env, stdio: ["ignore", full, "pipe"], encoding: "utf8" });
      closeSync(full);
      expect([status, stderr]).toEqual([
        2,
        "mintmark: cannot write the output: no space left on device; what came out of this command is not complete\n",
      ]);
    },
  );

  it("does not take a part of its output for all of it", () => {
    const ask = `trap '' XFSZ; ulimit -f 1; '${bin}' schema > part.json`;
    const { status, stderr } = spawnSync("bash", ["-c", ask], { env, cwd: scratch, encoding: "utf8" });
    expect([status, stderr]).toEqual([2, expect.stringContaining("cannot write the output: file too large")]);
  });

  it("is silent about a reader that goes away", () => {
    const ask = `'${bin}' schema | head -1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", ask], { env, encoding: "utf8" });
    expect([stdout, stderr]).toEqual(["{\n0\n", ""]);
  });

  it("says with --json what it says otherwise, as one document on stdout", async () => {
    const { code, out, err } = await run("models", "list", "--json", ...nobody);
    expect([code, err]).toEqual([2, ""]);
    expect(JSON.parse(out)).toEqual({
      error: {
        code: "unavailable",
        reason: "SERVER_UNREACHABLE",
        message: expect.stringMatching(/^nothing answers at http:\/\/127\.0\.0\.1:1 \(.*ECONNREFUSED.*mintmark up/),
      },
    });
  });

  it("shows where an error comes from with --debug only", async () => {
    expect((await run("models", "list", "--debug", ...nobody)).err).toMatch(/^\s+at /m);
    expect((await run("models", "list", ...nobody)).err).not.toMatch(/^\s+at /m);
  });

  it.each([
    ["jobs", "watch", "0".repeat(32)],
    ["jobs", "show", "1"],
    ["models", "list"],
    ["predict", "m", "a text"],
  ])("ends with 130 when %s %s is interrupted", async (...args) => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    const { port } = await listening(silent);
    const program = launch(...args, "--server", `http://127.0.0.1:${port}`);
    await new Promise((done) => silent.once("request", done));
    program.child.kill("SIGINT");
    expect(await program.ended).toBe(130);
    silent.closeAllConnections();
    silent.close();
  });
});

describe("mintmark schema", () => {
  it("is a JSON Schema with every key of the file", async () => {
    const schema = JSON.parse((await run("schema")).out);
    expect(schema.$schema).toContain("2020-12");
    expect(Object.keys(schema.properties)).toEqual(
      expect.arrayContaining([
        "model",
        "data",
        "preprocess",
        "algorithm",
        "evaluate",
        "output",
        "register",
        "environments",
      ]),
    );
  });
});

describe("mintmark train", () => {
  const header = "model: m\nalgorithm: { name: decision-tree }\n";
  it.each([
    ["a misspelt key", `${header}dta: { source: a.csv }`, /dta.*data/s],
    ["a file that is not there", `${header}data: { source: none.csv, target: y }`, /none\.csv/],
    ["a target that is not there", `${header}data: { source: good.csv, target: z }`, /'z'/],
    ["one class only", `${header}data: { source: one.csv, target: y }`, /one\.csv|class/],
    ["empty data", `${header}data: { source: empty.csv, target: y }`, /empty\.csv|row/],
  ])("refuses %s before it asks the server", async (_, text, message) => {
    writeFileSync(join(scratch, "good.csv"), "x,y\n1,a\n2,b\n3,a\n4,b\n");
    writeFileSync(join(scratch, "one.csv"), "x,y\n1,a\n2,a\n");
    writeFileSync(join(scratch, "empty.csv"), "x,y\n");
    writeFileSync(join(scratch, "bad.yaml"), text);
    const { code, err } = await run("train", "bad.yaml", ...nobody);
    expect(err).toMatch(message);
    expect(err).not.toContain("127.0.0.1:1");
    expect([1, 2]).toContain(code);
  });
});

describe("mintmark train --check", () => {
  const file = (name: string, csv: string, yaml: string) => {
    writeFileSync(join(scratch, `${name}.csv`), csv);
    writeFileSync(join(scratch, `${name}.yaml`), `model: m\nalgorithm: { name: decision-tree }\n${yaml}`);
    return `${name}.yaml`;
  };
  const data = "data: { source: seen.csv, target: y, split: { stratify: false } }";
  const seen = () => file("seen", `x,note,y\n1.50,"two\n lines\tof",a\n2,,b\n3,${"long".repeat(20)},a\n`, data);

  it("shows the columns as they will be taken, the rows and the warnings, without a server", async () => {
    const { code, out, err } = await run("train", seen(), "--check", ...nobody);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toBe(`COLUMN  TYPE    MISSING  DISTINCT  EXAMPLE
x       number        0         3  1.5
note    text          1         2  two lines of
y       text          0         2  a
3 rows
warning: class 'b' of the target has one row only: nothing can be measured of it
`);
    expect(JSON.parse((await run("train", seen(), "--check", "--json", ...nobody)).out)).toEqual({
      columns: [
        { name: "x", type: "number", missing: 0, distinct: 3, example: "1.5" },
        { name: "note", type: "text", missing: 1, distinct: 2, example: "two\n lines\tof" },
        { name: "y", type: "text", missing: 0, distinct: 2, example: "a" },
      ],
      rows: 3,
      warnings: ["class 'b' of the target has one row only: nothing can be measured of it"],
    });
  });

  it("reads as --set and --env say", async () => {
    const environment = "environments: { codes: { data: { types: { x: text } } } }";
    const path = file(
      "chosen",
      "x,drop,y\n007,1,a\n008,2,b\n009,3,a\n",
      `${data.replace("seen", "chosen")}\n${environment}`,
    );
    const { out } = await run("train", path, "--check", "--json", "--env", "codes", "--set", "data.drop=[drop]");
    expect(JSON.parse(out)).toMatchObject({ columns: [{ name: "x", type: "text", example: "007" }, { name: "y" }] });
  });

  it("fails as training would", async () => {
    const mixed = file("mixed", "x,y\n1,a\nmuch,b\n", data.replace("seen", "mixed"));
    for (const args of [["--check"], []])
      expect(await run("train", mixed, ...args, ...nobody)).toMatchObject({
        code: 2,
        out: "",
        err: expect.stringContaining("'much' in row 2 of mixed.csv"),
      });
    for (const args of [["--check"], []]) {
      const set = ["--set", "evaluate.metrics=[roc_auc_ovr]"];
      const { code, err } = await run("train", seen(), ...args, ...set, ...nobody);
      expect([code, err]).toEqual([2, expect.stringContaining("names 'roc_auc_ovr', which is not defined for")]);
    }
  });

  it("says which data only a worker reads, and goes with nothing that is about a job", async () => {
    const remote = ["--set", "data.source=https://data.example/a.csv"];
    expect(await run("train", seen(), "--check", ...remote, ...nobody)).toMatchObject({
      code: 1,
      out: "",
      err: expect.stringContaining("'https://data.example/a.csv' cannot be checked here"),
    });
    for (const args of [["--detach"], ["--idempotency-key", "k"]])
      expect(await run("train", seen(), "--check", ...args, ...nobody)).toMatchObject({ code: 2, out: "" });
  });
});

describe("mintmark keys", () => {
  it("makes signing keys once, closed to others, and trusts them", async () => {
    const dir = join(scratch, "mintmark-data", "keys");
    const made = JSON.parse((await run("keys", "generate", "--json")).out);
    expect(made.map((key: { algorithm: string }) => key.algorithm)).toEqual(["ed25519", "ecdsa-p256"]);
    const before = readFileSync(join(dir, "signing", "p256.pem"), "utf8");
    expect(JSON.parse((await run("keys", "generate", "--json")).out)).toEqual([]);
    expect(readFileSync(join(dir, "signing", "p256.pem"), "utf8")).toBe(before);
    expect(JSON.parse((await run("keys", "list", "--json")).out)).toEqual(made);
  });

  it("trusts another's public key under a name, once", async () => {
    const file = join(scratch, "other.pem");
    writeFileSync(file, generateKey("ed25519").public.pem);
    expect((await run("keys", "trust", file, "--name", "team")).out).toContain("team");
    expect(JSON.parse((await run("keys", "trust", file, "--json")).out)).toMatchObject([{ name: "team", own: false }]);
    expect(JSON.parse((await run("keys", "list", "--json")).out)).toHaveLength(3);
  });

  it.each([
    ["a private key", "private.pem", "got a private one"],
    ["a name that leads elsewhere", "other.pem", "--name expected"],
  ])("does not trust %s", async (_, name, message) => {
    mkdirSync(scratch, { recursive: true });
    const pem = spawnSync(process.execPath, ["-e", privateKey], { encoding: "utf8" }).stdout;
    writeFileSync(join(scratch, "private.pem"), pem);
    const options = name === "other.pem" ? ["--name", "../other"] : [];
    const { code, err } = await run("keys", "trust", join(scratch, name), ...options);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });
});

const privateKey = `console.log(require("node:crypto").generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }))`;

describe("mintmark completion", () => {
  let script: string;
  beforeAll(async () => {
    script = (await run("completion", "bash")).out;
  });

  it.each([
    ["mintmark ver", ["versions", "verify"]],
    ["mintmark alias ", ["set", "rm", "list", "history", "help"]],
    ["mintmark --server http://127.0.0.1:1 alias hist", ["history"]],
    // As bash splits the same line.
    ["mintmark --server http : //127.0.0.1 : 1 alias hist", ["history"]],
    ["mintmark --server = http alias hist", ["history"]],
    ["mintmark up --auth = of", ["off"]],
    ["mintmark jobs --json list --stat", ["--status"]],
    ["mintmark jobs list --status fi", ["finished"]],
    ["mintmark up --auth o", ["on", "off"]],
    ["mintmark completion ", ["bash", "zsh", "fish"]],
    ["mintmark predict m --data ana", ["ana.pem"]],
    ["mintmark keys trust ana.pem ana", [""]],
    ["mintmark models show ana", [""]],
    ["mintmark keys trust ana", ["ana.pem"]],
    ["mintmark train --js", ["--json"]],
    ["mintmark train --det", ["--detach"]],
    ["mintmark alias set m champion --rea", ["--reason"]],
  ])("completes %j", (line, expected) => {
    writeFileSync(join(scratch, "ana.pem"), "");
    const words = line.split(" ");
    const ask = `${script}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; _mintmark; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = spawnSync("bash", ["-c", ask], { encoding: "utf8", timeout: 10_000, cwd: scratch });
    expect(stdout.trim().split("\n").sort()).toEqual([...expected].sort());
  });
});

// Each shell by its own engine, with the command on its path.
const shellEnv = () => ({ ...env, PATH: `${dirname(linked)}:${process.env["PATH"]}` });
const linked = fileURLToPath(new URL("../../../node_modules/.bin/mintmark", import.meta.url));
const hasFish = needs("completion in fish", "fish", ["--version"], "apt-get install fish");
const hasZsh = needs("completion in zsh", "zsh", ["--version"], "apt-get install zsh");
const completed = [
  ["mintmark vers", "versions"],
  ["mintmark alias histo", "history"],
  ["mintmark keys trust ana", "ana.pem"],
  ["mintmark train --deta", "--detach"],
  ["mintmark --server http://127.0.0.1:1 alias hist", "history"],
  ["mintmark jobs list --status fini", "finished"],
  ["mintmark completion zs", "zsh"],
] as const;

describe.runIf(hasFish)("mintmark completion fish", () => {
  it.each(completed)("completes %j", (line, expected) => {
    writeFileSync(join(scratch, "ana.pem"), "");
    const ask = 'mintmark completion fish | source; complete -C "$argv[1]"';
    const { stdout } = spawnSync("fish", ["-c", ask, line], { encoding: "utf8", cwd: scratch, env: shellEnv() });
    expect(stdout.trim().split("\n")).toEqual([expected]);
  });

  it("takes no file for a model", () => {
    writeFileSync(join(scratch, "ana.pem"), "");
    const ask = 'mintmark completion fish | source; complete -C "mintmark models show ana"';
    expect(spawnSync("fish", ["-c", ask], { encoding: "utf8", cwd: scratch, env: shellEnv() }).stdout).toBe("");
  });
});

describe.runIf(hasZsh)("mintmark completion zsh", () => {
  it.each(completed)("completes %j", (line, expected) => {
    writeFileSync(join(scratch, "ana.pem"), "");
    const script = fileURLToPath(new URL("testing/complete.zsh", import.meta.url));
    const { stdout } = spawnSync("zsh", ["-f", script, line], {
      encoding: "utf8",
      cwd: scratch,
      // Little else: some of what a test runner sets changes what the line editor writes.
      env: { PATH: shellEnv().PATH, HOME: scratch },
      timeout: 30_000,
    });
    expect(stdout).toContain(`<<${line.slice(0, line.lastIndexOf(" "))} ${expected}`);
  });
});

async function listening(server: Server): Promise<AddressInfo> {
  if (!server.listening) await new Promise((done) => server.once("listening", done));
  return server.address() as AddressInfo;
}
