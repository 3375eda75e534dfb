import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findSnapshots } from "@mintmark/dataset";
import { connectRegistry, fileBlob, type RegistryClient, uploadBlobs } from "@mintmark/registry-client";
import { parseTrainingFile } from "@mintmark/training-file";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkout } from "./process.ts";
import { embeddedStack, hasEnded, type Stack, until } from "./stack.ts";

interface Checked {
  readonly columns: readonly { readonly name: string; readonly missing: number; readonly distinct: number }[];
  readonly rows: number;
  readonly warnings: readonly string[];
}
interface Failed {
  readonly error: { readonly code: string; readonly reason: string; readonly message: string };
}

let stack: Stack;
let client: RegistryClient;
const temporary = mkdtempSync(join(tmpdir(), "mintmark-checks-"));
beforeAll(async () => {
  stack = await embeddedStack({ env: { TMPDIR: temporary } });
  client = connectRegistry({ baseUrl: stack.url, token: undefined, httpVersion: "1.1" });
});
afterAll(async () => {
  client?.close();
  await stack?.stop();
  rmSync(temporary, { recursive: true, force: true });
});

const titanic = `${checkout}examples/titanic.yaml`;
const tree = "algorithm: { name: decision-tree, seed: 1 }";

describe("a check", () => {
  it("says the same by the command line, which reads local files itself, and by the call through the gateway", async () => {
    const here = await stack.json<Checked>("train", titanic, "--check");
    expect(here).toMatchObject({ rows: 2201, warnings: [] });
    expect(here.columns.map(({ name }) => name)).toEqual(["class", "sex", "age", "survival"]);
    const { columns, rows, warnings } = await checkedByCall(titanic);
    const counted = columns.map(({ $typeName: _, missing, distinct, ...column }) => ({
      ...column,
      missing: Number(missing),
      distinct: Number(distinct),
    }));
    expect({ columns: counted, rows: Number(rows), warnings }).toEqual(here);
  });

  it("names the row and the cell that are wrong, and ends with 2; so does the call", async () => {
    const file = written("wrong", `x,y\n1,a\nmuch,b\n3,a\n`, `data: { source: wrong.csv, target: y }\n${tree}`);
    const { code, stdout } = await stack.cli("train", file, "--check", "--json");
    expect(code).toBe(2);
    const { error } = JSON.parse(stdout) as Failed;
    expect(error).toMatchObject({ code: "invalid_argument", reason: "COLUMN_MIXED" });
    expect(error.message).toContain("'much' in row 2 of wrong.csv");
    await expect(checkedByCall(file)).rejects.toMatchObject({ rawMessage: error.message });
  });

  it("leaves what only a worker may read to a job", async () => {
    const set = ["--set", "data.source=https://data.example/a.csv"];
    const { code, stdout } = await stack.cli("train", titanic, "--check", ...set, "--json");
    expect([code, (JSON.parse(stdout) as Failed).error.reason]).toEqual([1, "DATA_NOT_CHECKABLE"]);
  });

  it("has trained nothing", async () => {
    expect(await stack.json("jobs", "list")).toEqual([]);
    expect(await stack.json("models", "list")).toEqual([]);
  });

  it("takes nothing along when its registry is killed", async () => {
    const query = "SELECT sum(a.i * b.i) AS x, 'x' AS y FROM range(9000000) a(i), range(9000000) b(i)";
    const file = written(
      "endless",
      "x,y\n1,a\n",
      `data: { source: endless.csv, target: y, query: "${query}" }\n${tree}`,
    );
    const lost = checkedByCall(file).catch((error: Error) => error);
    const registry = stack.pid("registry");
    await until("the check runs", async () => childrenOf(registry).length === 1, 20_000);
    const [check] = childrenOf(registry);
    const folder = checkFolders();
    expect(folder).toHaveLength(1);
    process.kill(registry, "SIGKILL");
    expect(await lost).toBeInstanceOf(Error);
    await until("the check ends", async () => hasEnded(check!), 10_000);
    await until("its files are gone", async () => checkFolders().length === 0, 10_000);
    await until("the registry is back", async () => (await stack.cli("models", "list")).code === 0, 30_000);
  }, 120_000);
});

describe("warnings of a training", () => {
  interface Trained {
    readonly run: string;
    readonly model: string;
    readonly version: number;
    readonly warnings: readonly string[];
  }

  it("stand under the metrics, in JSON, on the run, in its tags, and on the version's card", async () => {
    const rows = Array.from({ length: 40 }, (_, row) => `${row % 7},1,${row % 2 ? "u" : "v"}\n`).join("");
    const data = "data: { source: warned.csv, target: y, features: [x, one] }";
    const algorithm = "algorithm: { name: gradient-boosting, seed: 1 }";
    const file = written("warned", `x,one,y\n${rows}`, `${data}\n${algorithm}\nevaluate: { metrics: [accuracy] }`);
    const expected = [
      "column 'one' has 1 in every row: nothing can be learned from it",
      "learned nothing: predicts a constant, because min_data_in_leaf 20 leaves no split of the 32 training rows; make it smaller",
    ];
    const trained = await stack.json<Trained>("train", file);
    expect(trained.warnings).toEqual(expected);
    const job = await stack.json<{ warnings: string[]; tags: Record<string, string> }>("jobs", "show", trained.run);
    expect(job.warnings).toEqual(expected);
    expect(JSON.parse(job.tags["mintmark.warnings"]!)).toEqual(expected);

    const { stdout } = await stack.cli("train", file);
    expect(stdout.trimEnd().split("\n").slice(-2)).toEqual(expected.map((warning) => `warning: ${warning}`));
    expect((await stack.cli("jobs", "show", trained.run)).stdout).toContain(`warning: ${expected[1]}`);
    const { documents } = await client.versions.getVersionContent({ uri: `${trained.model}/${trained.version}` });
    const card = documents.find(({ name }) => name === "model_card.json")!;
    expect(JSON.parse(Buffer.from(card.content).toString())).toMatchObject({ warnings: expected });
  });

  it("are none where there is nothing to warn of", async () => {
    expect((await stack.json<Trained>("train", titanic)).warnings).toEqual([]);
  });
});

describe("a metric that does not fit", () => {
  const queued = async () => (await stack.json<unknown[]>("jobs", "list")).length;

  it.each([
    ["the task", ["--set", "evaluate.metrics=[silhouette]"], "TRAINING_FILE_INVALID", "silhouette"],
    [
      "the number of classes, which the data tells",
      ["--set", "evaluate.metrics=[roc_auc_ovr]"],
      "METRIC_NOT_DEFINED",
      "2 classes",
    ],
  ])("%s is an error before a job is queued", async (_, set, reason, named) => {
    const before = await queued();
    const { code, stdout } = await stack.cli("train", titanic, ...set, "--json");
    const { error } = JSON.parse(stdout) as Failed;
    expect([code, error.reason]).toEqual([2, reason]);
    expect(error.message).toContain(named);
    expect(await queued()).toBe(before);
  });

  it("is refused by the registry itself as far as it can be known without data", async () => {
    const config = {
      model: "m",
      data: { source: "a.csv", features: ["a"] },
      algorithm: { name: "k-means" },
      evaluate: { metrics: ["accuracy"] },
    };
    const call = client.jobs.submitJob({ configJson: JSON.stringify(config) });
    await expect(call).rejects.toMatchObject({ rawMessage: expect.stringContaining('"accuracy" is not a metric of') });
  });
});

/** As a console would: the files uploaded by digest, then one call. */
async function checkedByCall(file: string) {
  const config = parseTrainingFile(readFileSync(file, "utf8"), { set: [] });
  const files = await findSnapshots(config.data.source, join(file, ".."));
  await uploadBlobs(
    client,
    files.map((snapshot) => fileBlob(snapshot.path, snapshot)),
  );
  return client.jobs.checkJob({
    configJson: JSON.stringify(config),
    snapshots: files.map(({ name, blake3, sha256, size }) => ({ name, blake3, sha256, size: BigInt(size) })),
  });
}

/** The training file beside its data. */
function written(name: string, csv: string, training: string): string {
  writeFileSync(join(stack.dir, `${name}.csv`), csv);
  const file = join(stack.dir, `${name}.yaml`);
  writeFileSync(file, `model: ${name}\n${training}\n`);
  return file;
}

function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return children.split(" ").filter(Boolean).map(Number);
}

function checkFolders(): string[] {
  return readdirSync(temporary).filter((name) => name.startsWith("mintmark-check-"));
}
