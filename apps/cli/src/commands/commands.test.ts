/**
 * The commands against a running system: what people name, what is asked before, and that no output is cut.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connectRegistry, type RegistryClient } from "@mintmark/registry-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bench, type Up } from "../testing/bench.ts";

const { scratch, bin, env, up, run, clear } = bench();
let system: Up;
let client: RegistryClient;
const mint = (...args: string[]) => run(...args, "--server", system.url);
const json = async (...args: string[]) => JSON.parse((await mint(...args, "--json")).out);
const runIds = ["5eed0a", "5eed0b", "77ab03"].map((start) => start.padEnd(32, "0"));

beforeAll(async () => {
  system = await up(join(scratch, "data"), "--workers", "0");
  client = connectRegistry({ baseUrl: system.url, httpVersion: "1.1" });
  const folder = join(scratch, "some-model");
  mkdirSync(folder);
  for (const content of ["one", "two", "three"]) {
    writeFileSync(join(folder, "model.txt"), content);
    expect((await mint("push", folder, "pushed", "--bump", "minor")).code).toBe(0);
  }
  for (const [at, id] of runIds.entries()) {
    await client.runs.createRun({ id, experiment: "tried", name: `try ${at}` });
    const value = 0.7 + at / 30;
    await client.runs.logBatch({
      runId: id,
      params: { depth: String(at + 3), seed: "42" },
      metrics: [
        { key: "accuracy", value, step: 0n },
        { key: "step/fit_seconds", value: 1.23456789, step: 0n },
      ],
    });
  }
});
afterAll(async () => {
  client.close();
  await clear();
});

describe("a version is named", () => {
  it.each(["2", "1.1.0", "@second", "second"])("%s, wherever one is", async (which) => {
    await client.aliases.setAlias({ model: "pushed", alias: "second", version: 2 });
    expect(await json("alias", "set", "pushed", "here", which)).toMatchObject({ version: 2 });
    expect(await json("alias", "set", "main.default.pushed", "here", "3", "--expect", which)).toMatchObject({
      version: 3,
    });
    // It finds the version, and refuses because of the alias.
    expect(await json("versions", "archive", "pushed", which)).toMatchObject({ error: { reason: "ALIAS_IN_USE" } });
  });

  it.each(["pushed/latest", "pushed@latest", "main.default.pushed@Latest", "models:/pushed/latest"])(
    "%s, which is the highest",
    async (uri) => expect(await json("versions", "show", uri)).toMatchObject({ version: 3 }),
  );

  it("by an alias that must point where one says, also where it is there already", async () => {
    await client.aliases.setAlias({ model: "pushed", alias: "held", version: 1 });
    const { code, err } = await mint("alias", "set", "pushed", "held", "1", "--expect", "3");
    expect([code, err]).toEqual([1, expect.stringContaining("version 3")]);
  });
});

describe("models delete", () => {
  it("says what it would take and wants a yes, refuses while an alias is there, and obeys --force", async () => {
    await mint("push", join(scratch, "some-model"), "gone", "--alias", "champion");
    expect(await mint("models", "delete", "gone", "--yes")).toMatchObject({
      code: 1,
      err: expect.stringMatching(/in use by @champion.*--force/),
    });
    expect(await mint("models", "delete", "gone", "--force")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/delete gone with its version and @champion.*--yes/),
    });
    expect(await json("models", "show", "gone")).toMatchObject({ latest_version: 1 });
    expect((await mint("models", "delete", "gone", "--force", "--yes")).code).toBe(0);
    expect((await mint("models", "show", "gone")).code).toBe(1);
  });
});

describe("a filter that names nothing", () => {
  it.each([
    [["alias", "history", "pushed", "nosuch"], "model 'pushed' has no alias 'nosuch'"],
    [["alias", "history", "pushed", "@nosuch"], "model 'pushed' has no alias 'nosuch'"],
    [["alias", "history", "nomodel"], "there is no model 'nomodel'"],
    [["runs", "list", "--experiment", "nosuch"], "there is no experiment 'nosuch'"],
    [["runs", "list", "--experiment", "99999999"], "there is no experiment '99999999'"],
  ])("%j ends with 1 and says so", async (args, message) => {
    expect(await mint(...args)).toMatchObject({ code: 1, out: "", err: expect.stringContaining(message) });
  });

  it("is none where it names something in another form", async () => {
    const { id } = await json("experiments", "show", "tried");
    expect(await json("runs", "list", "--experiment", id)).toHaveLength(3);
    expect(await json("alias", "set", "pushed", "@moved", "1")).toMatchObject({ name: "moved" });
    expect(await json("alias", "history", "pushed", "@moved")).toMatchObject([{ alias: "moved", to_version: 1 }]);
    expect(await json("alias", "rm", "pushed", "@moved")).toMatchObject({ alias: "moved", deleted: true });
    expect(await json("alias", "history", "pushed", "moved")).toHaveLength(2);
  });
});

describe("what is named in the wrong form", () => {
  it.each([
    [["versions", "show", "pushed@1"], "write 'pushed/1'"],
    [["versions", "show", "pushed@v2"], "write 'pushed/2'"],
    [["versions", "show", "pushed@1.0.0"], "write 'pushed/1.0.0'"],
    [["lineage", "blake3:zz"], "'blake3:zz' is no digest: 'blake3:' and 64 hex digits in lower case"],
  ])("%j is told the right one", async (args, wayOut) => {
    expect(await mint(...args)).toMatchObject({ code: 2, err: expect.stringContaining(wayOut) });
  });
});

describe("lists", () => {
  it("say that they are empty, but for programs", async () => {
    expect((await mint("models", "list", "--prefix", "nosuch")).out).toMatch(/^NAME .*\nnone\n$/);
    expect((await mint("jobs", "list")).out).toMatch(/^ID .*\nnone\n$/);
    expect((await mint("models", "list", "--prefix", "nosuch", "--names")).out).toBe("");
    expect(await json("models", "list", "--prefix", "nosuch")).toEqual([]);
  });

  it("of versions have the metric for programs as well", async () => {
    expect((await json("versions", "list", "pushed"))[0]).toMatchObject({ version: 3, metric: null });
  });
});

describe("push", () => {
  it("refuses a folder with the secrets of a data directory in it", async () => {
    expect(await mint("push", ".", "leaked")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^mintmark: \. holds 'data\/.+', a secret of a Mintmark data directory/),
    });
    expect((await mint("push", "data/keys/signing", "leaked")).err).toContain("a secret of a Mintmark data directory");
  });
});

describe("versions delete", () => {
  it("wants a yes, refuses while an alias is there, and leaves the one before as the latest", async () => {
    const folder = join(scratch, "some-model");
    for (const content of ["first", "second"]) {
      writeFileSync(join(folder, "model.txt"), content);
      await mint("push", folder, "shrinking");
    }
    await mint("alias", "set", "shrinking", "held", "1");
    expect(await mint("versions", "delete", "shrinking", "2")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/this would delete shrinking\/2 \(1\.\d\.\d\).*--yes/),
    });
    expect(await mint("versions", "delete", "shrinking", "@held", "--yes")).toMatchObject({
      code: 1,
      err: expect.stringContaining("'held'"),
    });
    expect(await json("versions", "show", "shrinking@latest")).toMatchObject({ version: 2 });
    expect(await json("versions", "delete", "shrinking", "2", "--yes")).toMatchObject({ version: 2, deleted: true });
    expect(await json("versions", "show", "shrinking@latest")).toMatchObject({ version: 1 });
    expect(await json("models", "show", "shrinking")).toMatchObject({ latest_version: 1 });
    expect((await mint("models", "list", "--prefix", "shrinking")).out).toMatch(/^shrinking +1 /m);
  });
});

describe("runs and experiments", () => {
  it("are listed with their main metric", async () => {
    const { out } = await mint("runs", "list", "--experiment", "tried");
    expect(out.split("\n").slice(0, 2)).toEqual([
      expect.stringMatching(/^ID +NAME +EXPERIMENT +STATUS +METRIC +VALUE +STARTED$/),
      expect.stringMatching(/^77ab03000000 +try 2 +tried +running +accuracy +0\.7667 +\d{4}-\d\d-\d\d \d\d:\d\d$/),
    ]);
    expect((await json("runs", "list", "--experiment", "tried")).map(({ id }: { id: string }) => id)).toEqual(
      runIds.toReversed(),
    );
    expect(await json("experiments", "list")).toContainEqual(expect.objectContaining({ name: "tried" }));
    expect(await json("experiments", "show", "tried")).toMatchObject({ name: "tried" });
    expect((await mint("experiments", "show", "never")).code).toBe(1);
  });

  it("are named by the beginning of an id that is no other's", async () => {
    expect(await json("runs", "show", "77")).toMatchObject({
      id: runIds[2],
      status: "running",
      params: { depth: "5" },
    });
    expect(await mint("runs", "show", "5eed0")).toMatchObject({
      code: 2,
      err: expect.stringMatching(new RegExp(`several runs begin with '5eed0': ${runIds[1]}, ${runIds[0]}`)),
    });
    expect(await mint("runs", "show", "0000")).toMatchObject({
      code: 1,
      err: expect.stringContaining("no run '0000'"),
    });
  });

  it("show metrics apart from the times of steps", async () => {
    const { out } = await mint("runs", "show", "77");
    expect(out).toMatch(/^metrics\n {2}accuracy {2}0\.7667\nsteps\n {2}fit_seconds {2}1\.235\nparameters\n {2}depth/m);
  });

  it("are compared side by side, differences alone unless all is asked for", async () => {
    const { out } = await mint("runs", "compare", "5eed0a", "77");
    expect(out).toMatch(/^ +5eed0a0+ +77ab030+$/m);
    expect(out).toMatch(/^metrics\n {2}accuracy +0\.7 +0\.7667\nparameters\n {2}depth +3 +5$/m);
    expect(out).not.toContain("seed");
    const { out: all } = await mint("runs", "compare", "5eed0a", "77", "--all");
    expect(all).toMatch(/^steps\n {2}fit_seconds +1\.235 +1\.235\nparameters\n {2}depth +3 +5\n {2}seed +42 +42$/m);
    expect(await json("runs", "compare", "5eed0a", "77")).toMatchObject({
      runs: [runIds[0], runIds[2]],
      params: { seed: ["42", "42"] },
    });
  });
});

describe("runs compare", () => {
  it.each([[["77"]], [["77", "77"]], [["77", "5eed0a", "77ab"]]])("%j is not a comparison", async (ids) => {
    expect(await mint("runs", "compare", ...ids)).toMatchObject({
      code: 2,
      err: `mintmark: runs compare expected two or more different runs, got '${ids.join(" ")}'\n`,
    });
  });
});

describe("completion", () => {
  it("knows the names of models", async () => {
    const ask = `eval "$(mintmark completion bash)"
      COMP_WORDS=(mintmark alias list pus); COMP_CWORD=3; _mintmark; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const path = `${join(bin, "../../../../node_modules/.bin")}:${process.env["PATH"]}`;
    const shell = spawn("bash", ["-c", ask], {
      env: { ...env, PATH: path, MINTMARK_URL: system.url },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const chunks: Buffer[] = [];
    for await (const chunk of shell.stdout) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString().trim()).toBe("pushed");
  });

  it("takes the name of a model for a name, whatever stands in it", async () => {
    const name = ["$(touch$", "{IFS}owned)`touch$", "{IFS}owned`"].join("");
    await client.models.createModel({ name });
    const ask = `eval "$(mintmark completion bash)"
      COMP_WORDS=(mintmark models show '$'); COMP_CWORD=3; _mintmark; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const shell = spawn("bash", ["-c", ask], {
      cwd: scratch,
      env: {
        ...env,
        PATH: `${join(bin, "../../../../node_modules/.bin")}:${process.env["PATH"]}`,
        MINTMARK_URL: system.url,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const chunks: Buffer[] = [];
    for await (const chunk of shell.stdout) chunks.push(chunk as Buffer);
    expect([Buffer.concat(chunks).toString().trim(), existsSync(join(scratch, "owned"))]).toEqual([name, false]);
    await client.models.deleteModel({ name });
  });
});

it("shows what others wrote without what moves the cursor", async () => {
  await client.models.createModel({ name: "sly", description: "a\u001b[2Jb\u001b]0;title\u0007c" });
  const { out } = await mint("models", "show", "sly");
  expect(out).toContain("a\ufffd[2Jb\ufffd]0;title\ufffdc");
  await client.models.deleteModel({ name: "sly" });
});

describe("token create --expires", () => {
  it.each([
    ["30d", 30 * 86_400],
    ["12h", 12 * 3_600],
    ["45m", 45 * 60],
  ])("%s from now", async (expires, seconds) => {
    const { expire_time } = await json("token", "create", `for-${expires}`, "--expires", expires);
    expect(Math.abs((Date.parse(expire_time) - Date.now()) / 1_000 - seconds)).toBeLessThan(60);
  });

  it("refuses another unit, and a name that is taken", async () => {
    // 45 is no time, though it could be read as the year 2045.
    for (const expires of ["3w", "45", "tomorrow"])
      expect(await mint("token", "create", "never", "--expires", expires)).toMatchObject({
        code: 2,
        err: expect.stringContaining("30d, 12h or 45m"),
      });
    await mint("token", "create", "twice");
    expect(await mint("token", "create", "twice")).toMatchObject({
      code: 1,
      err: expect.stringContaining("there is a token 'twice' already"),
    });
  });

  it("are named by a name in use, an id or its beginning, and marked when they are revoked", async () => {
    const make = async (name: string) => json("token", "create", name);
    const { id: first } = await make("again");
    expect(await json("token", "revoke", "again")).toMatchObject({ id: first, last: false });
    const { id: second } = await make("again");
    const { out } = await mint("token", "list");
    expect(out).toMatch(/^ID +NAME +STATE +CREATED/);
    expect(out).toMatch(new RegExp(`^${first} +again +revoked `, "m"));
    expect(out).toMatch(new RegExp(`^${second} +again +valid `, "m"));
    expect(await json("token", "revoke", second.slice(0, 12))).toMatchObject({ id: second });
    expect(await mint("token", "revoke", "again")).toMatchObject({
      code: 1,
      err: "mintmark: there is no token 'again'; see 'mintmark token list'\n",
    });
  });

  it("asks before the last token of a person is revoked", async () => {
    const live = (await json("token", "list")).filter(
      ({ name, revoke_time }: { name: string; revoke_time?: string }) =>
        revoke_time === undefined && !["gateway", "worker"].includes(name),
    );
    for (const { id } of live.slice(1)) expect((await mint("token", "revoke", id)).err).toBe("");
    const { id, name } = live[0];
    expect(await mint("token", "revoke", id)).toMatchObject({
      code: 2,
      err: expect.stringMatching(new RegExp(`would revoke '${name}', the last token of a person.*--yes`)),
    });
    const { code, err } = await mint("token", "revoke", id, "--yes");
    expect([code, err]).toEqual([0, expect.stringMatching(/no token of a person is left; .*start it again/)]);
  });
});

/** Runs a command into a pipe whose reader takes a little and waits, and returns what came. */
async function slowly(...args: string[]): Promise<{ code: number; out: string }> {
  const child = spawn(bin, [...args, "--server", system.url], { env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number>((done) => child.once("exit", (code) => done(code ?? -1)));
  await sleep(500);
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) {
    chunks.push(chunk as Buffer);
    if (chunks.length % 8 === 0) await sleep(1);
  }
  return { code: await ended, out: Buffer.concat(chunks).toString() };
}

describe("output through a slow pipe", () => {
  const rows = 20_000;

  it("is complete for long lines and for a document of 10 MB", async () => {
    await Promise.all(
      Array.from({ length: 8 }, async (_, lane) => {
        for (let at = lane; at < 500; at += 8)
          await client.models.createModel({ name: `many-${at}`, description: "d".repeat(25_000) });
      }),
    );
    const text = await slowly("models", "list", "--prefix", "many-", "--limit", String(rows));
    expect([text.code, text.out.trim().split("\n").length]).toEqual([0, 501]);
    const document = await slowly("models", "list", "--prefix", "many-", "--limit", String(rows), "--json");
    expect(document.out.length).toBeGreaterThan(10_000_000);
    expect(JSON.parse(document.out)).toHaveLength(500);
  });

  it("is complete for 20,000 lines of a list", async () => {
    for (let at = 0; at < rows; at += 1_000)
      await client.runs.logBatch({
        runId: runIds[0]!,
        metrics: Array.from({ length: 1_000 }, (_, n) => ({ key: `many/${at + n}`, value: n, step: 0n })),
      });
    const shown = await slowly("runs", "show", runIds[0]!);
    expect([shown.code, shown.out.split("\n").filter((line) => line.startsWith("  many/")).length]).toEqual([0, rows]);
  });

  it("ends quietly when its reader goes away", async () => {
    const child = spawn("/bin/sh", ["-c", `"$0" "$@" | head -1`, bin, "models", "list", "--server", system.url], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    child.stderr.on("data", (chunk) => {
      err += chunk;
    });
    await new Promise((done) => child.once("close", done));
    expect([out.split("\n").length, err]).toEqual([2, ""]);
  });
});
