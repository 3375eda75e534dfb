/**
 * The registry with a million versions and a million runs in it: what a page costs at the beginning and deep inside each
 * list, what looking things up costs, and how many writes a second there are.
 *
 * Reads go one after another over one HTTP/2 connection to the real process, so the round trip (about a millisecond) is in
 * the figures; each is shown as median and 99th percentile.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dataDir } from "@mintmark/cli/up/data-dir";
import { postgresAccess, runningPort } from "@mintmark/cli/up/postgres";
import { embeddedStack } from "@mintmark/e2e/stack";
import { Stage } from "@mintmark/proto/mintmark/registry/v1/version";
import { RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import {
  bytesBlob,
  connectRegistry,
  manifestFiles,
  type RegistryClient,
  readSigningKeys,
  signModel,
  uploadBlobs,
} from "@mintmark/registry-client";
import { seeded, seedRegistry } from "./registry-seed.ts";
import { median, type Row } from "./table.ts";

const calls = 100;
const writers = 16;
const writeMs = 5_000;
/** A page this deep may cost this much more than the first; more than noise, far less than a scan. */
const depthFactor = 2;
const goalMs = 50;
/** As many as a page may have. */
const maxTraces = 500;

export async function registryScale(): Promise<readonly Row[]> {
  const root = mkdtempSync(join(tmpdir(), "mintmark-scale-"));
  const stack = await embeddedStack({ dir: root, args: ["--workers", "0"] });
  const registry = connectRegistry({ baseUrl: stack.registryUrl, token: undefined, httpVersion: "2" });
  try {
    const dir = dataDir(root);
    const seconds = await timed(() => seedRegistry(postgresAccess(dir, runningPort(dir)!).superuserUrl));
    const seeding: Row = { what: "seeding, s", measured: (seconds / 1000).toFixed(0), goal: "-", met: true };
    return [seeding, ...(await lookups(registry)), ...(await lists(registry)), ...(await writes(registry, dir.keys))];
  } finally {
    registry.close();
    await stack.stop();
    rmSync(root, { recursive: true, force: true });
  }
}

async function lookups(registry: RegistryClient): Promise<Row[]> {
  const { resolver, versions, models, tokens, runs, lineage } = registry;
  const { hugeModel, hubDataset, longRun } = seeded;
  const uris = {
    "resolve an alias": (n: number) => `main.default.${shortName(n)}@champion`,
    "resolve a number": (n: number) => `${hugeModel}/${1 + ((n * 97) % 10_000)}`,
    "resolve a semantic version": (n: number) => `${hugeModel}/1.${(n * 97) % 10_000}.0`,
    "resolve the latest of 10,000": () => hugeModel,
    "resolve a stage of 10,000": () => `${hugeModel}/Production`,
    "resolve an alias of a past time": () =>
      `${hugeModel}@alias-3?at=${new Date(Date.now() - 99.8 * 86_400_000).toISOString()}`,
  };
  // What a call costs that reads one row by its key, at this moment on this machine.
  const roundTrip = median(await latencies(() => tokens.getCaller({})));
  const found = async (what: string, call: (n: number) => Promise<unknown>) => {
    const times = await latencies(call);
    return { what, measured: shown(times), goal: "< 5 round trips", met: median(times) < 5 * roundTrip };
  };
  const inTheThick = `runs:/${(200_000).toString(16).padStart(32, "0")}`;
  return [
    { what: "round trip", measured: `${roundTrip.toFixed(1)} ms`, goal: "-", met: true },
    ...(await each(Object.entries(uris), ([what, uri]) => found(what, (n) => resolver.resolve({ uri: uri(n) })))),
    await found("GetVersion", (n) => versions.getVersion({ uri: `${hugeModel}/${1 + ((n * 97) % 10_000)}` })),
    await found("GetModel", () => models.getModel({ name: hugeModel })),
    await callRow("GetRun", (n) => runs.getRun({ id: (1 + n * 997).toString(16).padStart(32, "0") })),
    await callRow("GetMetricHistory, 1,000 of 500,000 points", () =>
      runs.getMetricHistory({ runId: longRun, key: "loss" }),
    ),
    await callRow("GetLineage of a data set that 50,000 runs read", () => lineage.getLineage({ uri: hubDataset })),
    await callRow("GetLineage of a run in the thick of it", () => lineage.getLineage({ uri: inTheThick })),
  ];
}

type Page = { readonly nextPageToken: string };
type List = (page: { pageToken: string; pageSize: number }) => Promise<Page>;

async function lists(registry: RegistryClient): Promise<Row[]> {
  const { models, versions, aliases, runs, jobs, events, tokens, traces } = registry;
  const { hugeModel: model, hugeExperiment: experiment, tags, namePart } = seeded;
  const tracesBy =
    (filter: string, ...orderBy: string[]): List =>
    ({ pageToken, pageSize }) =>
      traces.searchTraces({
        experimentIds: [seeded.hugeExperimentId],
        pageSize: Math.min(pageSize, maxTraces),
        pageToken,
        filter,
        orderBy,
      });
  const all: Record<string, List> = {
    ListModels: (page) => models.listModels(page),
    "ListModels by prefix of a schema": (page) => models.listModels({ ...page, namePrefix: "company-7.team-3." }),
    "ListModels by prefix of a name": (page) => models.listModels({ ...page, namePrefix: "model-00" }),
    "ListModels by one name": (page) => models.listModels({ ...page, namePrefix: namePart.unique }),
    "ListModels containing a common part": (page) => models.listModels({ ...page, nameContains: namePart.common }),
    "ListModels containing a rarer part": (page) => models.listModels({ ...page, nameContains: namePart.some }),
    "ListModels containing a unique part": (page) => models.listModels({ ...page, nameContains: namePart.unique }),
    "ListModels by a common tag": (page) => models.listModels({ ...page, tags: tags.common }),
    "ListModels by a rare tag": (page) => models.listModels({ ...page, tags: tags.rare }),
    "ListModels by a unique tag": (page) => models.listModels({ ...page, tags: tags.unique }),
    "ListModels by tag and part": (page) => models.listModels({ ...page, tags: tags.rare, nameContains: "model-0" }),
    "ListVersions of 10,000": (page) => versions.listVersions({ ...page, model }),
    "ListVersions in a stage": (page) => versions.listVersions({ ...page, model, stage: Stage.PRODUCTION }),
    "ListVersions by a common tag": (page) => versions.listVersions({ ...page, model, tags: tags.common }),
    "ListVersions by a rare tag": (page) => versions.listVersions({ ...page, model, tags: tags.rare }),
    "ListAliasMoves of 10,000": (page) => aliases.listAliasMoves({ ...page, model }),
    "ListAliasMoves of one alias": (page) => aliases.listAliasMoves({ ...page, model, alias: "alias-3" }),
    ListRuns: (page) => runs.listRuns(page),
    "ListRuns of an experiment of 80,000": (page) => runs.listRuns({ ...page, experiment }),
    "ListRuns of a small experiment": (page) => runs.listRuns({ ...page, experiment: "experiment-77" }),
    "ListRuns by a rare status": (page) => runs.listRuns({ ...page, status: RunStatus.FAILED }),
    "ListRuns by a status that none has": (page) => runs.listRuns({ ...page, status: RunStatus.KILLED }),
    "ListRuns of an experiment by a rare status": (page) =>
      runs.listRuns({ ...page, experiment, status: RunStatus.FAILED }),
    "SearchTraces of 100,000": tracesBy(""),
    "SearchTraces by a name": tracesBy("name = 'mlflow.traceName-7'"),
    "SearchTraces by a name that none has": tracesBy("name = 'none'"),
    "SearchTraces of a run": tracesBy(`run_id = '${seeded.tracedRun}'`),
    "SearchTraces by a rare status": tracesBy("status = 'IN_PROGRESS'"),
    "SearchTraces, the slowest first": tracesBy("", "execution_time_ms DESC"),
    ListJobs: (page) => jobs.listJobs(page),
    "ListJobs by status": (page) => jobs.listJobs({ ...page, statuses: ["failed", "queued"] }),
    ListEvents: (page) => events.listEvents(page),
    "ListEvents of a model with 10,000": (page) => events.listEvents({ ...page, model }),
    ListTokens: (page) => tokens.listTokens(page),
  };
  return each(Object.entries(all), ([what, list]) => listRow(what, list));
}

/** The first page beside one that is as deep as there are pages, but no deeper than 50,000 rows. */
async function listRow(what: string, list: List): Promise<Row> {
  const pageSize = 100;
  const first = await latencies(() => list({ pageToken: "", pageSize }));
  const deepToken = await walk(list);
  const deep = deepToken === "" ? undefined : await latencies(() => list({ pageToken: deepToken, pageSize }));
  const flat = deep === undefined || median(deep) < depthFactor * median(first) + 2;
  return {
    what,
    measured: `${shown(first)}${deep === undefined ? "" : `; deep ${shown(deep)}`}`,
    goal: `< ${goalMs} at p50, flat`,
    met: flat && median(first) < goalMs,
  };
}

/** The token of the deepest page that is not the last, at most 50 pages of 1,000 rows on. */
async function walk(list: List): Promise<string> {
  let token = "";
  for (let n = 0; n < 50; n++) {
    const { nextPageToken } = await list({ pageToken: token, pageSize: 1_000 });
    if (nextPageToken === "") break;
    token = nextPageToken;
  }
  return token;
}

async function writes(registry: RegistryClient, keyDir: string): Promise<Row[]> {
  const { aliases, runs, jobs, versions } = registry;
  const artifact = await uploadedArtifact(registry, keyDir);
  const started = await Promise.all(Array.from({ length: writers }, () => runs.createRun({ experiment: "bench" })));
  const runIds = started.map(({ run }) => run!.id);
  const configJson = JSON.stringify({
    model: "bench",
    data: { source: "https://example.org/a.csv", target: "y" },
    algorithm: { name: "ridge" },
  });
  const numbered: Record<string, Write> = {
    SetAlias: (n, writer) =>
      aliases.setAlias({ model: `main.default.${shortName(writer)}`, alias: "busy", version: (n % 2) + 1 }),
    "SetAlias, all on one model": (n, writer) =>
      aliases.setAlias({ model: seeded.hugeModel, alias: `busy-${writer}`, version: (n % 2) + 1 }),
    RegisterVersion: (_, writer) =>
      versions.registerVersion({ ...artifact, model: `main.default.${shortName(writer)}` }),
    "RegisterVersion, all of one model": () => versions.registerVersion({ ...artifact, model: seeded.hugeModel }),
    SubmitJob: () => jobs.submitJob({ configJson }),
  };
  const before = await headOf(registry);
  const rates = await each(Object.entries(numbered), ([what, write]) => rateOf(what, write));
  const answered = rates.reduce((sum, { done }) => sum + done, 0);
  const gaps = await missingEvents(registry, before, answered);
  const batches = await rateOf("LogBatch of 10 metrics, a run each", (n, writer) => {
    const metrics = Array.from({ length: 10 }, (_, k) => ({ key: `metric-${k}`, value: n, step: BigInt(n) }));
    return runs.logBatch({ runId: runIds[writer]!, metrics });
  });
  return [
    ...[...rates, batches].map(({ row }) => row),
    { what: "numbers of events missing or given twice", measured: String(gaps), goal: "0", met: gaps === 0 },
  ];
}

type Write = (n: number, writer: number) => Promise<unknown>;

/** Each writer begins its next call when its last was answered. */
async function rateOf(what: string, write: Write): Promise<{ row: Row; done: number }> {
  const end = performance.now() + writeMs;
  const counts = await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      let n = 0;
      for (; performance.now() < end; n++) await write(n, writer);
      return n;
    }),
  );
  const done = counts.reduce((sum, n) => sum + n, 0);
  const measured = `${((done * 1000) / writeMs).toFixed(0)} /s`;
  return { row: { what: `${what}, ${writers} writers`, measured, goal: "-", met: true }, done };
}

/** How far the events after `before` are from being `answered` in number, each number once. */
async function missingEvents(registry: RegistryClient, before: bigint, answered: number): Promise<number> {
  const numbers = new Set<bigint>();
  let token = "";
  do {
    const page = await registry.events.listEvents({ pageSize: 1_000, pageToken: token });
    for (const { number } of page.events) if (number > before) numbers.add(number);
    token = page.events.at(-1)!.number > before ? page.nextPageToken : "";
  } while (token !== "");
  const head = await headOf(registry);
  return Math.abs(Number(head - before) - numbers.size) + Math.abs(answered - numbers.size);
}

async function headOf({ events }: RegistryClient): Promise<bigint> {
  return (await events.listEvents({ pageSize: 1 })).events[0]!.number;
}

async function uploadedArtifact(registry: RegistryClient, keyDir: string) {
  const blob = bytesBlob(Buffer.from("weights"));
  await uploadBlobs(registry, [blob]);
  const files = [{ path: "weights.bin", size: blob.size, blake3: blob.blake3, sha256: blob.sha256 }];
  const documents = signModel({ files, name: "bench", keys: await readSigningKeys(keyDir), provenance: undefined });
  return { files: manifestFiles(files), documents };
}

/** One of the odd models without a word before its name: those are in the default schema. */
function shortName(n: number): string {
  return `model-${String(3_001 + n * 20).padStart(6, "0")}`;
}

async function callRow(what: string, call: (n: number) => Promise<unknown>): Promise<Row> {
  const times = await latencies(call);
  return { what, measured: shown(times), goal: `< ${goalMs} at p50`, met: median(times) < goalMs };
}

async function latencies(call: (n: number) => Promise<unknown>): Promise<readonly number[]> {
  for (let n = 0; n < 5; n++) await call(calls + n);
  const times: number[] = [];
  for (let n = 0; n < calls; n++) times.push(await timed(() => call(n)));
  return times;
}

function shown(times: readonly number[]): string {
  const p99 = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)]!;
  return `${median(times).toFixed(1)} / ${p99.toFixed(1)} ms`;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function each<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
