/**
 * `mintmark export` and `import archive`: models go from one system to another and are the same there.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkout, mintmarkBin, start } from "./process.ts";
import { embeddedStack, type Stack, until } from "./stack.ts";

interface Version {
  readonly version: number;
  readonly semver: string;
  readonly digest: string;
  readonly aliases: readonly string[];
  readonly stage: string;
  readonly run: string;
  readonly status: string;
}

interface Imported {
  readonly versions: { readonly found: number; readonly copied: number; readonly present: number };
  readonly notes: readonly string[];
  readonly differences: readonly unknown[];
}

describe("an archive of models", () => {
  let here: Stack;
  let there: Stack;
  let file: string;
  beforeAll(async () => {
    [here, there] = await Promise.all([embeddedStack(), embeddedStack()]);
    file = join(here.dir, "models.tar.zst");
    await here.json("train", `${checkout}examples/iris_tree.yaml`);
    const pushed = join(here.dir, "pushed");
    mkdirSync(pushed);
    for (const semver of ["2.0.0", "2.1.0", "3.0.0"]) {
      writeFileSync(join(pushed, "note.txt"), semver);
      await here.json("push", pushed, "iris", "--semver", semver, "--tag", `of=${semver}`);
    }
    await here.json("versions", "delete", "iris", "2", "--yes");
    await here.json("alias", "set", "iris", "champion", "1", "--reason", "the first");
    await here.json("alias", "set", "iris", "champion", "3", "--reason", "better");
    await here.json("versions", "archive", "iris", "4");
  });
  afterAll(async () => {
    await Promise.all([here?.stop(), there?.stop()]);
  });

  it("is written whole, and never over another file", async () => {
    expect(await here.json("export", "--out", file)).toMatchObject({ models: 1, versions: 3, runs: 1 });
    const { code, stderr } = await here.cli("export", "--out", file);
    expect([code, stderr]).toEqual([1, expect.stringContaining("an export replaces nothing")]);
    expect((await here.cli("export", "nowhere", "--out", join(here.dir, "none.tar"))).code).toBe(1);
  });

  it("is refused with a changed byte, and leaves nothing", async () => {
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1]! ^= 1;
    const damaged = join(here.dir, "damaged.tar.zst");
    writeFileSync(damaged, bytes);
    const { code, stdout } = await there.cli("import", "archive", damaged, "--json");
    expect([code, JSON.parse(stdout).error.reason]).toEqual([1, "ARCHIVE_REFUSED"]);
    expect(await there.json("models", "list")).toEqual([]);
  });

  it("is taken in, killed on the way and started again: digests, numbers, semantic versions, history are the same", async () => {
    const killed = start(mintmarkBin, ["import", "archive", file], {
      env: { MINTMARK_URL: there.url, MINTMARK_KEY_DIR: join(there.dir, "keys") },
    });
    await until("the registration", async () => killed.output.stderr.includes("registering"), 60_000);
    killed.process.kill("SIGKILL");
    await killed.ended;
    const imported = await there.json<Imported>("import", "archive", file);
    expect(imported).toMatchObject({ versions: { found: 3 }, differences: [] });
    const told = async ({ json }: Stack) =>
      (await json<Version[]>("versions", "list", "iris")).map(
        ({ version, semver, digest, aliases, stage, run, status }) => [
          version,
          semver,
          digest,
          aliases,
          stage,
          run,
          status,
        ],
      );
    expect(await told(there)).toEqual(await told(here));
    const moves = await there.json<{ to: number; reason: string }[]>("alias", "history", "iris");
    expect(moves.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^better \(by .+, \d{4}-.+Z\)$/),
      expect.stringMatching(/^the first \(by /),
    ]);
    expect(await there.json("verify", "iris@champion")).toMatchObject({ ok: true });
  });

  it("keeps what the first registry stated of a version", async () => {
    const [out, origin] = [join(there.dir, "pulled"), join(here.dir, "pulled")];
    await there.json("pull", "iris/1", "--out", out);
    await here.json("pull", "iris/1", "--out", origin);
    const statement = readFileSync(join(origin, ".mintmark", "registration.sigstore.json"));
    expect(readFileSync(join(out, ".mintmark", "origin.sigstore.json"))).toEqual(statement);
    expect(await there.json("verify", out)).toMatchObject({ ok: true });
  });

  it("goes no further where names are taken, and beside them under other names", async () => {
    const { code, stdout } = await here.cli("import", "archive", file, "--json");
    expect([code, JSON.parse(stdout).error.reason]).toEqual([1, "IMPORT_NAME_TAKEN"]);
    for (const [option, value, name] of [
      ["--into", "copies.spring", "copies.spring.iris"],
      ["--rename", "iris=flowers", "flowers"],
    ] as const) {
      expect(await here.json<Imported>("import", "archive", file, option, value)).toMatchObject({
        versions: { copied: 3 },
        differences: [],
      });
      const digests = async (model: string) =>
        (await here.json<Version[]>("versions", "list", model)).map(({ version, digest }) => [version, digest]);
      expect(await digests(name)).toEqual(await digests("iris"));
    }
    expect((await here.cli("import", "archive", file, "--rename", "rose=tulip")).code).toBe(2);
  });

  it("holds the files of a run, however the location of its experiment is written", async () => {
    const post = async (path: string, fields: object) => {
      const headers = { "content-type": "application/json" };
      const url = `${here.url}/api/2.0/mlflow/${path}`;
      const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(fields) });
      return (await answer.json()) as { experiment_id: string; run: { info: { run_id: string } } };
    };
    const location = "mlflow-artifacts:/in%20escapes//deep";
    const { experiment_id } = await post("experiments/create", { name: "escaped", artifact_location: location });
    const { run } = await post("runs/create", { experiment_id });
    const { run_id } = run.info;
    const files = `${here.url}/api/2.0/mlflow-artifacts/artifacts/in%20escapes/deep/${run_id}/artifacts`;
    await fetch(`${files}/note.txt`, { method: "PUT", body: "kept" });
    await post("registered-models/create", { name: "escaped" });
    await post("model-versions/create", { name: "escaped", source: "s3://elsewhere/model", run_id });
    const archive = join(here.dir, "escaped.tar");
    await here.json("export", "escaped", "--out", archive);
    expect(await there.json<Imported>("import", "archive", archive)).toMatchObject({ differences: [] });
    for (const { url } of [here, there]) {
      const answer = await fetch(`${url}/get-artifact?${new URLSearchParams({ run_id, path: "note.txt" })}`);
      expect([answer.status, await answer.text()]).toEqual([200, "kept"]);
    }
  });
});
