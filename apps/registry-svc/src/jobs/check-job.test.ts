import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { createRouterTransport } from "@connectrpc/connect";
import type { Snapshot } from "@mintmark/proto/mintmark/training/v1/job";
import { clients } from "@mintmark/registry-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type CheckLimits, dataChecks, defaultLimits } from "../checks/data-checks.ts";
import { errorInterceptor } from "../error-interceptor.ts";
import { addServices } from "../services.ts";
import { failureOf } from "../testing/failure.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";
import { authenticateNobody, authentication } from "../tokens/authentication.ts";

let registry: TestRegistry;
let temporary: string;
let usual: string | undefined;
beforeAll(async () => {
  registry = await testRegistry();
  // Of its own, to see what is left in it.
  temporary = await mkdtemp(join(tmpdir(), "mintmark-checks-"));
  usual = process.env["TMPDIR"];
  process.env["TMPDIR"] = temporary;
});
afterAll(async () => {
  if (usual === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = usual;
  await registry.close();
  await rm(temporary, { recursive: true });
});
afterEach(async () => {
  // Whoever goes away is not told when all is cleared away.
  await until(async () => (await readdir(temporary)).length === 0);
  expect(registry.unexpected.splice(0)).toEqual([]);
});

const rows = `size,color,bought,fate\n1,red,2026-01-05,lost\n2.5,,2026-01-06,won\n,red,2026-01-07,won\n4,red,2026-01-08,lost\n`;
const config = {
  model: "m",
  data: { source: "rows.csv", target: "fate", split: { stratify: false } },
  algorithm: { name: "decision-tree" },
};

describe("CheckJob", () => {
  it("says how the columns will be taken, and what should be known of them", async () => {
    const answer = await check(config, [await uploaded("folder/rows.csv", rows)]);
    expect(answer).toMatchObject({
      rows: 4n,
      columns: [
        { name: "size", type: "number", missing: 1n, distinct: 3n, example: "1" },
        { name: "color", type: "text", missing: 1n, distinct: 1n, example: "red" },
        { name: "bought", type: "text", missing: 0n, distinct: 4n, example: "2026-01-05" },
        { name: "fate", type: "text", missing: 0n, distinct: 2n, example: "lost" },
      ],
      warnings: [
        expect.stringContaining("column 'size' has 1 missing value"),
        expect.stringContaining("data.types: { bought: date }"),
      ],
    });
    const typed = { ...config, data: { ...config.data, types: { bought: "date" } } };
    expect((await check(typed, [await uploaded("rows.csv", rows)])).columns[2]).toMatchObject({ type: "date" });
    const constant = await uploaded("rows.csv", rows.replaceAll(/red|(?<=2.5,)/g, "red"));
    expect((await check(typed, [constant])).warnings).toEqual([
      expect.stringContaining("column 'size' has 1 missing value"),
      "column 'color' has 'red' in every row: nothing can be learned from it",
    ]);
  });

  it("reads several files, and reads them as the training file says", async () => {
    const files = [await uploaded("a.csv", "a;y\n1,5;u\n"), await uploaded("b.csv", "a;y\n2,5;v\n-;v\n")];
    const data = { source: "*.csv", target: "y", delimiter: ";", decimal: ",", missing: ["-"], split: { test: 0 } };
    const answer = await check({ ...config, data }, files);
    expect(answer).toMatchObject({ rows: 3n, columns: [{ name: "a", missing: 1n, example: "1.5" }, { name: "y" }] });
  });

  it("fails as training would: with row and cell, for what the data lacks, and for a query that reaches outside", async () => {
    const mixed = await uploaded("mixed.csv", rows.replace("2.5", "much"));
    expect(await refusal(config, [mixed])).toMatchObject({
      code: "InvalidArgument",
      reason: "COLUMN_MIXED",
      message: expect.stringMatching(/'much' in row 2 of mixed\.csv/),
    });
    const snapshots = [await uploaded("rows.csv", rows)];
    const wrong = (data: object) => ({ ...config, data: { ...config.data, ...data } });
    expect(await refusal(wrong({ target: "fat" }), snapshots)).toMatchObject({ reason: "TARGET_NOT_FOUND" });
    expect(await refusal({ ...config, evaluate: { metrics: ["roc_auc_ovr"] } }, snapshots)).toMatchObject({
      reason: "METRIC_NOT_DEFINED",
    });
    expect(await refusal(wrong({ query: "SELECT * FROM read_csv('/etc/passwd')" }), snapshots)).toMatchObject({
      code: "PermissionDenied",
      reason: "QUERY_REFUSED",
    });
    expect(await refusal({ ...config, modle: "x" }, snapshots)).toMatchObject({ reason: "TRAINING_FILE_INVALID" });
  });

  it.each(["", "a/", "数".repeat(300)])("takes a file that is called %j for one without a format", async (name) => {
    expect(await refusal(config, [await uploaded(name, rows)])).toMatchObject({ reason: "DATA_FORMAT_UNKNOWN" });
  });

  it("refuses a snapshot that is not there as SubmitJob does", async () => {
    const snapshot = await uploaded("rows.csv", rows);
    for (const wrong of [{ blake3: "0".repeat(64) }, { sha256: "0".repeat(64) }, { size: 1n }])
      expect(await refusal(config, [{ ...snapshot, ...wrong }])).toMatchObject({
        code: "FailedPrecondition",
        reason: "SNAPSHOT_NOT_UPLOADED",
      });
  });

  it.each(["https://data.example/a.csv", "s3://bucket/a.csv", "of-the-worker.csv", "/etc/passwd"])(
    "leaves %s to workers, which alone know whether they may read it",
    async (source) => {
      const remote = { ...config, data: { ...config.data, source } };
      const failure = {
        code: "FailedPrecondition",
        reason: "DATA_NOT_CHECKABLE",
        message: expect.stringContaining(source),
      };
      expect(await refusal(remote, [])).toMatchObject(failure);
      const isRemote = source.includes("://");
      if (isRemote) expect(await refusal(remote, [await uploaded("rows.csv", rows)])).toMatchObject(failure);
    },
  );
});

describe("what a check may take", () => {
  /** Millions of millions of rows: no machine is done with it. */
  const endless = {
    ...config,
    data: {
      ...config.data,
      query: "SELECT sum(a.i * b.i) AS a, 'x' AS fate FROM range(9000000) a(i), range(9000000) b(i)",
    },
  };

  it("is a few at a time: one more is told so at once, and has its turn when one has ended", async () => {
    const { client } = limited({ atOnce: 2 });
    const snapshots = [await uploaded("rows.csv", rows)];
    const stop = new AbortController();
    const running = [1, 2].map(() => failureOf(check(endless, snapshots, client, stop.signal)));
    await until(() => children().length === 2);
    const begun = performance.now();
    expect(await refusal(config, snapshots, client)).toMatchObject({
      code: "ResourceExhausted",
      reason: "CHECKS_BUSY",
      message: expect.stringContaining("2 checks are under way"),
    });
    expect(performance.now() - begun).toBeLessThan(1_000);
    stop.abort();
    await Promise.all(running);
    // A place is free once all is cleared away.
    const free = async () => (await check(config, snapshots, client).catch(() => undefined))?.rows === 4n;
    await until(free);
  });

  it("is a time, after which its process is gone", async () => {
    const { client } = limited({ seconds: 2 });
    const begun = performance.now();
    expect(await refusal(endless, [await uploaded("rows.csv", rows)], client)).toMatchObject({
      code: "ResourceExhausted",
      reason: "CHECK_TOO_LARGE",
      message: expect.stringContaining("longer than 2 seconds"),
    });
    expect(performance.now() - begun).toBeLessThan(4_000);
    expect(children()).toEqual([]);
  });

  it("is an amount of memory, whoever takes it", async () => {
    const { client } = limited({ memoryBytes: 400 * 2 ** 20 });
    const many = "SELECT i AS a, md5(i::VARCHAR) AS b, i % 2 AS fate FROM range(40000000) t(i)";
    const long = "SELECT string_agg(md5(i::VARCHAR), '') AS a, 'x' AS fate FROM range(60000000) t(i)";
    for (const query of [many, long])
      expect(
        await refusal({ ...config, data: { ...config.data, query } }, [await uploaded("rows.csv", rows)], client),
      ).toMatchObject({ reason: "CHECK_TOO_LARGE", message: expect.stringContaining("more than 400 MiB of memory") });
  });

  it("is an amount of disk, also for a small file that becomes a large one", async () => {
    const { client } = limited({ diskBytes: 20 * 2 ** 20 });
    // In Latin-1, so that a copy in UTF-8 is made of it.
    const bomb = gzipSync(Buffer.concat([Buffer.from("size,fate\n"), Buffer.alloc(100 * 2 ** 20, "12345,won\n")]));
    const data = { source: "bomb.csv.gz", target: "fate", encoding: "latin1" };
    expect(await refusal({ ...config, data }, [await uploaded("bomb.csv.gz", bomb)], client)).toMatchObject({
      reason: "CHECK_TOO_LARGE",
      message: expect.stringContaining("more than 20 MiB of disk"),
    });
  });

  it("is an amount of data, before any of it is read", async () => {
    const { client } = limited({ dataBytes: 10 });
    expect(await refusal(config, [await uploaded("rows.csv", rows)], client)).toMatchObject({
      reason: "CHECK_TOO_LARGE",
      message: expect.stringContaining("at most 10 are read"),
    });
  });

  it("ends with its caller", async () => {
    const stop = new AbortController();
    const { client } = limited({});
    const gone = failureOf(check(endless, [await uploaded("rows.csv", rows)], client, stop.signal));
    await until(() => children().length === 1);
    stop.abort();
    expect(await gone).toMatchObject({ code: "Canceled" });
    await until(() => children().length === 0);
  });

  it("ends with the registry, which waits until nothing is left of it", async () => {
    const stop = new AbortController();
    const { client, checks } = limited({});
    const gone = failureOf(check(endless, [await uploaded("rows.csv", rows)], client, stop.signal));
    await until(() => children().length === 1);
    stop.abort();
    await gone;
    await checks.close();
    expect([children(), await readdir(temporary)]).toEqual([[], []]);
  });

  it("knows nothing of the registry's settings", async () => {
    process.env["DATABASE_URL"] = "postgres://secret";
    const stop = new AbortController();
    const running = failureOf(check(endless, [await uploaded("rows.csv", rows)], registry.client, stop.signal));
    await until(() => children().length === 1);
    expect(await readFile(`/proc/${children()[0]}/environ`, "utf8")).not.toContain("secret");
    stop.abort();
    await running;
    delete process.env["DATABASE_URL"];
    await until(() => children().length === 0);
  });
});

/** The same database and store behind services that allow checks less. */
function limited(limits: Partial<CheckLimits>) {
  const checks = dataChecks(registry.deps.blobs, { ...defaultLimits, ...limits });
  const transport = createRouterTransport((router) => addServices(router, { ...registry.deps, checks }), {
    router: {
      interceptors: [errorInterceptor((error) => registry.unexpected.push(error))],
      requestGate: authentication(
        authenticateNobody,
        () => false,
        () => {},
      ),
    },
  });
  return { client: clients(transport, () => {}), checks };
}

function check(document: object, snapshots: Snapshot[], client = registry.client, signal?: AbortSignal) {
  const options = signal === undefined ? {} : { signal };
  return client.jobs.checkJob({ configJson: JSON.stringify(document), snapshots }, options);
}

function refusal(...call: Parameters<typeof check>) {
  return failureOf(check(...call));
}

async function uploaded(name: string, content: string | Uint8Array): Promise<Snapshot> {
  const bytes = Buffer.from(content);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const stored = await registry.deps.blobs.store(chunksOf(bytes));
  const { rows } = await registry.database.owner.pool.query<{ stored: boolean }>(
    "insert into mintmark.blob (blake3, sha256, size) values (decode($1, 'hex'), decode($2, 'hex'), $3) on conflict do nothing returning true as stored",
    [stored.blake3, sha256, bytes.length],
  );
  expect(rows.length).toBeLessThanOrEqual(1);
  return {
    $typeName: "mintmark.training.v1.Snapshot",
    name,
    blake3: stored.blake3,
    sha256,
    size: BigInt(bytes.length),
  };
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** The processes of checks that this one has started. */
function children(): number[] {
  const lines = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n");
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, parent, ...args]) => Number(parent) === process.pid && args.some((arg) => arg.endsWith("checks/child.ts")),
    )
    .map(([pid]) => Number(pid));
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await holds()); await sleep(50))
    if (Date.now() > end) throw new Error("waited for 20 s in vain");
}
