import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkout } from "./process.ts";
import { embeddedStack, type Stack } from "./stack.ts";

interface Failure {
  readonly error: { readonly code: string; readonly reason: string; readonly message: string };
}

let stack: Stack;
const folder = mkdtempSync(join(tmpdir(), "mintmark-bad-"));
beforeAll(async () => {
  stack = await embeddedStack();
});
afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const titanic = `${checkout}examples/titanic.csv`;
const tree = "algorithm: { name: decision-tree, seed: 1 }";
const csv = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return name;
};
const numbers = (rows: number, label: (row: number) => string) =>
  `a,b,y\n${Array.from({ length: rows }, (_, row) => `${row},${row % 3},${label(row)}`).join("\n")}\n`;

/** Each: what is wrong, the training file, and what the message has to name. */
const refused: readonly (readonly [string, string, readonly string[]])[] = [
  [
    "a misspelt key",
    `model: m\ndata: { source: ${titanic}, target: survival }\nalgoritm: { name: decision-tree }\n${tree}`,
    ["algoritm", "algorithm"],
  ],
  [
    "a misspelt parameter",
    `model: m\ndata: { source: ${titanic}, target: survival }\nalgorithm: { name: decision-tree, params: { max_dept: 3 } }`,
    ["max_dept", "max_depth"],
  ],
  [
    "an unknown algorithm",
    `model: m\ndata: { source: ${titanic}, target: survival }\nalgorithm: { name: decision-tre }`,
    ["decision-tre", "decision-tree"],
  ],
  ["a missing file", `model: m\ndata: { source: nowhere.csv, target: y }\n${tree}`, ["nowhere.csv"]],
  ["empty data", `model: m\ndata: { source: ${csv("empty.csv", "a,b,y\n")}, target: y }\n${tree}`, ["empty.csv"]],
  [
    "a target that does not exist",
    `model: m\ndata: { source: ${titanic}, target: survivel }\n${tree}`,
    ["survivel", "survival"],
  ],
  [
    "NaN values",
    `model: m\ndata: { source: ${csv("nan.csv", numbers(40, (row) => (row % 2 ? "u" : "v")).replace("\n5,", "\n,"))}, target: y }\nalgorithm: { name: logistic-regression }`,
    ["a", "impute"],
  ],
  [
    "infinite values",
    `model: m\ndata: { source: ${csv("inf.csv", numbers(40, (row) => (row % 2 ? "u" : "v")).replace("\n5,", "\ninf,"))}, target: y }\n${tree}`,
    ["a"],
  ],
  [
    "one class only",
    `model: m\ndata: { source: ${csv(
      "one.csv",
      numbers(40, () => "u"),
    )}, target: y }\n${tree}`,
    ["u"],
  ],
  [
    "more folds than rows",
    `model: m\ndata: { source: ${csv(
      "few.csv",
      numbers(8, (row) => (row % 2 ? "u" : "v")),
    )}, target: y }\n${tree}\nevaluate: { folds: 50 }`,
    ["50"],
  ],
  [
    "a text column where numbers are needed",
    `model: m\ndata: { source: ${titanic}, target: survival }\npreprocess: [{ standard-scale: [sex] }]\n${tree}`,
    ["sex"],
  ],
  ["a name with illegal characters", `model: "a/b"\ndata: { source: ${titanic}, target: survival }\n${tree}`, ["a/b"]],
];

describe("before anything is queued", () => {
  it.each(refused)("%s is one clear error", async (_, text, named) => {
    const file = join(folder, "training.yaml");
    writeFileSync(file, text);
    const { code, stdout } = await stack.cli("train", file, "--json");
    expect(code, stdout).toBe(2);
    const { error } = JSON.parse(stdout) as Failure;
    for (const word of named) expect(error.message).toContain(word);
    expect(error.message).not.toMatch(/\n\s+at /);
  });

  it("has queued nothing and made no model", async () => {
    expect(await stack.json("jobs", "list")).toEqual([]);
    expect(await stack.json("models", "list")).toEqual([]);
  });
});

const submit = async (config: unknown) => {
  const answer = await fetch(`${stack.url}/mintmark.training.v1.JobService/SubmitJob`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ configJson: JSON.stringify(config) }),
  });
  return {
    status: answer.status,
    body: (await answer.json()) as Record<string, unknown> & { job?: { run: { id: string } } },
  };
};
const ended = async (run: string) => {
  for (;;) {
    const job = await stack.json<{ status: string; error?: { message: string } }>("jobs", "show", run);
    if (job.status !== "queued" && job.status !== "running") return job;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

describe("a job that was written by hand", () => {
  const base = { model: "hand", algorithm: { name: "decision-tree", seed: 1 } };

  it("cannot name a file of the worker's machine", async () => {
    for (const source of ["/etc/passwd", "../../etc/passwd", "file:///etc/passwd"]) {
      const { status, body } = await submit({ ...base, data: { source, target: "y" } });
      const failure = status === 200 ? (await ended(body.job!.run.id)).error!.message : JSON.stringify(body);
      expect(failure).toContain(source);
      expect(failure).not.toContain("root:");
    }
  });

  it("is not validated by the client alone", async () => {
    const { status, body } = await submit({ ...base, data: { source: "x.csv", target: "y" }, bogus: 1 });
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toContain("bogus");
  });

  it("cannot reach outside by SQL, and its run says so", async () => {
    copyFileSync(titanic, join(folder, "titanic.csv"));
    const file = join(folder, "sql.yaml");
    for (const query of [
      "select * from read_csv('/etc/passwd')",
      "select *, (select content from read_text('/etc/hostname')) as x from source",
      "copy source to '/tmp/mintmark-stolen.csv'",
      "attach '/tmp/mintmark-x.db'",
      "set enable_external_access = true; select * from source",
      "install httpfs",
    ]) {
      writeFileSync(file, `model: hand\ndata: { source: titanic.csv, target: survival, query: "${query}" }\n${tree}`);
      const { code, stdout } = await stack.cli("train", file, "--json");
      expect([1, 2], `${query}: ${stdout}`).toContain(code);
      expect(stdout).toContain("error");
    }
    expect(await stack.json("models", "list")).toEqual([]);
  });
});

describe("pushing a directory", () => {
  it("refuses links and leaves nothing behind", async () => {
    const dir = join(folder, "linked");
    mkdirSync(dir);
    writeFileSync(join(dir, "MLmodel"), "flavors: {}\n");
    symlinkSync("/etc/passwd", join(dir, "passwd"));
    const { code, stdout } = await stack.cli("push", dir, "linked", "--json");
    expect(code).not.toBe(0);
    expect(stdout).toContain("passwd");
    expect((await stack.cli("models", "show", "linked")).code).toBe(1);
  });

  it("refuses paths that lead outside or are hidden from other tools", async () => {
    for (const path of ["../x", "/x", "a\\b", "a//b", ".git/config", "a/../../x", "x\u0000y", "con\u0007"]) {
      const answer = await fetch(`${stack.url}/mintmark.registry.v1.VersionService/RegisterVersion`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          model: "outside",
          files: [{ path, size: 1, blake3: "0".repeat(64), sha256: "0".repeat(64) }],
        }),
      });
      expect(answer.status, path).toBe(400);
    }
    expect((await stack.cli("models", "show", "outside")).code).toBe(1);
  });

  it("refuses bytes that do not have the digest that was promised, and keeps none of them", async () => {
    const promised = "a".repeat(64);
    const answer = await fetch(`${stack.url}/v1/blobs/${promised}`, {
      method: "PUT",
      headers: { "x-mintmark-sha256": "b".repeat(64), "x-mintmark-size": "5", "x-mintmark-offset": "0" },
      body: "hello",
    });
    expect(answer.ok).toBe(false);
    expect((await fetch(`${stack.url}/v1/blobs/${promised}`)).status).toBe(404);
  });
});

describe("asking for what is not there", () => {
  it.each([
    ["/v1/resolve?uri=models:/nobody@champion", 404],
    ["/v1/resolve?uri=models:/a@b@c/d", 400],
    ["/v1/resolve", 400],
    ["/serve/nobody@champion/ping", 404],
    ["/nowhere", 404],
  ])("%s is %i with a body that says why", async (path, status) => {
    const answer = await fetch(stack.url + path);
    expect(answer.status).toBe(status);
    expect((await answer.text()).length).toBeGreaterThan(20);
  });

  it("a misspelt command is corrected, and exits with 2", async () => {
    const { code, stderr } = await stack.cli("trian", "x.yaml");
    expect(code).toBe(2);
    expect(stderr).toContain("train");
  });
});
