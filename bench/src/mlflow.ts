/**
 * MLflow's API, side by side with `mlflow server` of the version that we speak, in its defaults: the same Postgres server, the
 * same data, the same load, in turns.
 *
 * Its kept-alive connections stall for about 40 ms a request on some systems; the rows with a fresh connection for each
 * request show what is left without that.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { dataDir } from "@mintmark/cli/up/data-dir";
import { postgresAccess, runningPort } from "@mintmark/cli/up/postgres";
import { run } from "@mintmark/e2e/process";
import { embeddedStack } from "@mintmark/e2e/stack";
import { needsPython, python } from "@mintmark/testing/needs";
import { type Load, loadAfresh, loadOf, type Request } from "./load.ts";
import { commandOf, family, proportionalMiB, residentMiB, watchPeak } from "./memory-use.ts";
import { startMlflowServer } from "./mlflow-server.ts";
import { median, type Row, spread } from "./table.ts";
import { writeRandom } from "./transfer.ts";

const rounds = 3;
const seconds = 4;
const restMs = 10_000;
const model = "bench";
const hits = 50;
const runs = 64;

/** One of the two servers. */
interface Side {
  readonly url: string;
  /** Runs that metrics are logged to, in turns. */
  readonly runs: readonly string[];
}

interface Pair {
  readonly ours: Side;
  readonly theirs: Side;
}

export async function mlflowApi(): Promise<readonly Row[]> {
  if (!needsPython(["mlflow", "psycopg2"], "psycopg2-binary")) return [];
  const root = mkdtempSync(join(tmpdir(), "mintmark-bench-"));
  const stack = await embeddedStack({ dir: join(root, "ours") });
  try {
    const dir = dataDir(join(root, "ours"));
    const reference = await startMlflowServer(postgresAccess(dir, runningPort(dir)!).superuserUrl, root);
    try {
      await sleep(restMs);
      const memory = memoryRows(stack.up.process.pid!, reference.pid);
      const pair = { ours: await filled(stack.url), theirs: await filled(reference.url) };
      return [
        ...memory,
        ...(await requestRows(pair)),
        await registerRow(pair),
        ...(await transferRows(pair, root, stack.pid("gateway"))),
      ];
    } finally {
      await reference.stop();
    }
  } finally {
    await stack.stop();
    rmSync(root, { recursive: true, force: true });
  }
}

/** Of the peer also without its job runners, which have no part in what is compared here. Its Postgres is not counted, ours is. */
function memoryRows(ours: number, theirs: number): Row[] {
  const own = sum(family(ours));
  const all = family(theirs);
  const jobs = all.filter((pid) => commandOf(pid).includes("mlflow.server.jobs._job_runner")).flatMap(family);
  const row = (what: string, peer: number): Row => ({
    what,
    measured: `${(own / peer).toFixed(2)} (${own.toFixed(0)} / ${peer.toFixed(0)} MiB)`,
    goal: "<= 0.50",
    met: own / peer <= 0.5,
  });
  return [
    row("whole stack at rest / mlflow server, memory", sum(all)),
    row("  the same without its job runners", sum(all.filter((pid) => !jobs.includes(pid)))),
  ];
}

function sum(pids: readonly number[]): number {
  return pids.reduce((total, pid) => total + proportionalMiB(pid), 0);
}

/** A model with as many versions as a search shall find, one of them with an alias, and some runs. */
async function filled(url: string): Promise<Side> {
  const post = async <T>(path: string, fields: object): Promise<T> => {
    const answer = await fetch(`${url}/api/2.0/mlflow/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(fields),
    });
    if (!answer.ok) throw new Error(`${url} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json() as Promise<T>;
  };
  await post("registered-models/create", { name: model });
  for (let n = 0; n < hits; n++)
    await post("model-versions/create", {
      name: model,
      source: `s3://bucket/model/${n}`,
      tags: [{ key: "n", value: `${n}` }],
    });
  await post("registered-models/alias", { name: model, alias: "champion", version: "7" });
  const made: string[] = [];
  for (let n = 0; n < runs; n++)
    made.push(
      (await post<{ run: { info: { run_id: string } } }>("runs/create", { experiment_id: "0" })).run.info.run_id,
    );
  return { url, runs: made };
}

interface Endpoint {
  readonly what: string;
  /** The least of our requests a second to one of theirs, at 16 connections. */
  readonly goal: number;
  readonly requests: (side: Side) => () => Request;
}

const searched = `max_results=${hits}&filter=${encodeURIComponent(`name='${model}'`)}`;

const endpoints: readonly Endpoint[] = [
  {
    what: "GET registered-models/alias",
    goal: 30,
    requests: () => always(`registered-models/alias?name=${model}&alias=champion`),
  },
  { what: "GET model-versions/get", goal: 30, requests: () => always(`model-versions/get?name=${model}&version=7`) },
  {
    what: `GET model-versions/search, ${hits} hits, remembered`,
    goal: 8,
    requests: () => always(`model-versions/search?${searched}`),
  },
  {
    what: `GET model-versions/search, ${hits} hits, never the same`,
    goal: 8,
    requests: () => () =>
      get(`model-versions/search?${searched}${encodeURIComponent(` AND version_number > -${next()}`)}`),
  },
  { what: "POST runs/log-batch, 10 metrics, 5 params, 1 tag", goal: 10, requests: batches },
];

const get = (path: string): Request => ({ method: "GET", path: `/api/2.0/mlflow/${path}` });

function always(path: string): () => Request {
  const request = get(path);
  return () => request;
}

let last = 0;

/** Never the same, whichever measurement asks. */
function next(): number {
  last += 1;
  return last;
}

/** Each has new points; the parameters stay what they are, as they have to. */
function batches({ runs }: Side): () => Request {
  return () => {
    const n = next();
    const metrics = names("metric", 10).map((key) => ({ key, value: Math.sin(n), timestamp: n, step: n }));
    const params = names("param", 5).map((key) => ({ key, value: "0.1" }));
    const body = JSON.stringify({
      run_id: runs[n % runs.length],
      metrics,
      params,
      tags: [{ key: "tag", value: `${n}` }],
    });
    return { method: "POST", path: "/api/2.0/mlflow/runs/log-batch", body };
  };
}

function names(what: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${what}_${n}`);
}

async function requestRows(pair: Pair): Promise<Row[]> {
  const rows: Row[] = [];
  // It takes minutes: each row is shown as it comes.
  const keep = (row: Row) => {
    process.stderr.write(`${row.what}: ${row.measured}\n`);
    rows.push(row);
  };
  for (const endpoint of endpoints) {
    const kept = (connections: number) => (side: Side) =>
      loadOf(side.url, endpoint.requests(side), { connections, seconds });
    const [ours, theirs] = await inTurns(pair, kept(16));
    keep(ratioRow(`${endpoint.what}; 16 connections`, ours, theirs, endpoint.goal));
    const p99 = median(ours.map(({ p99Ms }) => p99Ms)) / median(theirs.map(({ p50Ms }) => p50Ms));
    keep({ what: "  our p99 / its p50", measured: p99.toFixed(2), goal: "<= 0.25", met: p99 <= 0.25 });
    keep(ratioRow("  1 connection, kept alive", ...(await inTurns(pair, kept(1)))));
    const afresh = (side: Side) => loadAfresh(side.url, endpoint.requests(side), seconds);
    keep(ratioRow("  1 connection, fresh each time", ...(await inTurns(pair, afresh)), 8));
  }
  return rows;
}

async function inTurns(pair: Pair, measure: (side: Side) => Promise<Load>): Promise<[Load[], Load[]]> {
  const [ours, theirs]: [Load[], Load[]] = [[], []];
  // One more at first that does not count: both are as they are after minutes, not in their first seconds.
  for (let round = 0; round <= rounds; round++) {
    theirs[round] = await measure(pair.theirs);
    const own = await measure(pair.ours);
    ours[round] = own;
    const { count, first } = own.refused;
    if (count > 0) throw new Error(`${count} of our answers were not 2xx, the first one ${first}`);
  }
  return [ours.slice(1), theirs.slice(1)];
}

function ratioRow(what: string, ours: readonly Load[], theirs: readonly Load[], goal?: number): Row {
  const ratios = ours.map((load, round) => load.requestsPerSecond / theirs[round]!.requestsPerSecond);
  const refused = theirs.reduce((count, load) => count + load.refused.count, 0);
  const failures = refused === 0 ? "" : `; ${refused} of its answers were not 2xx`;
  return {
    what,
    measured: `${spread(ratios, 1)} times: ${shown(ours)} / ${shown(theirs)}${failures}`,
    goal: goal === undefined ? "-" : `>= ${goal}`,
    met: goal === undefined || median(ratios) >= goal,
  };
}

/** Requests a second, and the median and 99th percentile of a request's time. */
function shown(loads: readonly Load[]): string {
  const of = (read: (load: Load) => number) => median(loads.map(read));
  const ms = (time: number) => time.toFixed(time < 10 ? 1 : 0);
  return `${of((load) => load.requestsPerSecond).toFixed(0)}/s ${ms(of(({ p50Ms }) => p50Ms))}|${ms(of(({ p99Ms }) => p99Ms))} ms`;
}

async function registerRow(pair: Pair): Promise<Row> {
  const times = async ({ url }: Side) => inPython<number[]>(url, "register", "20");
  const [theirs, ours] = [await times(pair.theirs), await times(pair.ours)];
  const ratio = median(ours) / median(theirs);
  const shown = (all: readonly number[]) => `${(median(all) * 1_000).toFixed(0)} ms`;
  return {
    what: "register_model of the Python client / with mlflow server",
    measured: `${ratio.toFixed(3)} (${shown(ours)} / ${shown(theirs)})`,
    goal: "<= 0.125",
    met: ratio <= 0.125,
  };
}

async function transferRows(pair: Pair, root: string, gateway: number): Promise<Row[]> {
  const file = join(root, "file");
  await writeRandom(file);
  const times = ({ url }: Side) => inPython<{ up: number[]; down: number[] }>(url, "transfer", file, `${rounds}`);
  const theirs = await times(pair.theirs);
  const idle = residentMiB(gateway);
  const peak = watchPeak(gateway);
  const ours = await times(pair.ours);
  const above = peak() - idle;
  const row = (what: "up" | "down", goal: number): Row => {
    const ratio = median(theirs[what]) / median(ours[what]);
    const rate = (all: readonly number[]) => `${(1_024 / median(all)).toFixed(0)} MiB/s`;
    return {
      what: `1 GiB ${what} by the Python client`,
      measured: `${ratio.toFixed(2)} times: ${rate(ours[what])} / ${rate(theirs[what])}`,
      goal: `>= ${goal}`,
      met: ratio >= goal,
    };
  };
  return [
    row("up", 1.4),
    row("down", 3),
    { what: "  gateway: peak above idle, MiB", measured: above.toFixed(0), goal: "< 250", met: above < 250 },
  ];
}

async function inPython<T>(url: string, ...args: readonly string[]): Promise<T> {
  const program = fileURLToPath(new URL("mlflow-client.py", import.meta.url));
  const env = { MLFLOW_TRACKING_URI: url, MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: "false" };
  const { code, stdout, stderr } = await run(python, [program, ...args], { env, timeoutMs: 600_000 });
  if (code !== 0) throw new Error(`mlflow-client.py ${args.join(" ")} against ${url} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as T;
}
