/**
 * What the comparison with MLflow's own store searches, and for what.
 * @module
 */

export interface Data {
  readonly experiments: readonly ExperimentData[];
  readonly runs: readonly RunData[];
  readonly loggedModels: readonly LoggedModelData[];
  readonly models: readonly ModelData[];
  readonly searches: readonly Search[];
}

type Texts = Readonly<Record<string, string>>;

export interface ExperimentData {
  readonly name: string;
  /** Milliseconds since 1970, as all times here. */
  readonly created: number;
  readonly updated: number;
  readonly tags: Texts;
}

export interface RunData {
  readonly id: string;
  /** Which of the experiments, as in all that follows. */
  readonly experiment: number;
  readonly name: string;
  readonly user: string;
  readonly status: "RUNNING" | "FINISHED" | "FAILED" | "KILLED";
  readonly start: number;
  readonly end: number | null;
  readonly deleted: boolean;
  /** As text: JSON has no NaN. */
  readonly metrics: Texts;
  readonly params: Texts;
  readonly tags: Texts;
  readonly datasets: readonly { readonly name: string; readonly digest: string; readonly role: string }[];
}

export interface LoggedModelData {
  readonly id: string;
  readonly experiment: number;
  readonly name: string;
  readonly type: string;
  readonly run: string;
  readonly created: number;
  readonly params: Texts;
  readonly tags: Texts;
  readonly metrics: readonly {
    readonly key: string;
    readonly value: number;
    readonly ts: number;
    readonly run: string;
    readonly dataset: string;
    readonly digest: string;
  }[];
}

export interface ModelData {
  readonly name: string;
  readonly updated: number;
  readonly tags: Texts;
  readonly versions: readonly {
    readonly source: string;
    readonly run: string | null;
    readonly created: number;
    readonly updated: number;
    readonly tags: Texts;
  }[];
}

interface AnySearch {
  readonly filter: string;
  readonly experiments: readonly number[];
  readonly view: "active" | "deleted" | "all";
  /** Whether it is refused. */
  readonly fails: boolean;
}

export interface TextSearch extends AnySearch {
  readonly what: "runs" | "experiments" | "models" | "versions";
  readonly order: readonly string[];
}

export interface LoggedModelSearch extends AnySearch {
  readonly what: "loggedModels";
  readonly order: readonly {
    readonly field: string;
    readonly descending: boolean;
    readonly datasetName: string;
    readonly datasetDigest: string;
  }[];
  readonly datasets: readonly { readonly name: string; readonly digest: string }[];
}

export type Search = TextSearch | LoggedModelSearch;

const t0 = Date.UTC(2026, 0, 1);
const day = 86_400_000;
const hex = (n: number) => ((n * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, "0").repeat(4);
const statuses = ["RUNNING", "FINISHED", "FAILED", "KILLED"] as const;
const datasets = [
  { name: "titanic", digest: "a1", role: "training" },
  { name: "iris", digest: "b2", role: "test" },
  { name: "titanic", digest: "c3", role: "test" },
];

const experiments: ExperimentData[] = [
  { name: "churn", created: t0, updated: t0 + 5 * day, tags: { team: "growth", "a key": "x" } },
  { name: "Churn v2", created: t0 + day, updated: t0 + 3 * day, tags: { team: "Growth" } },
  { name: "größe_1", created: t0 + 2 * day, updated: t0 + 2 * day, tags: {} },
];

/** Many equal values, so that what decides after them counts; each key is missing somewhere. */
const runs: RunData[] = Array.from({ length: 60 }, (_, n) => ({
  id: hex(n + 1),
  experiment: n % 7 === 0 ? 1 : 0,
  name: n % 5 === 0 ? `Nightly ${n}` : `run_${n}`,
  user: n % 2 === 0 ? "ada" : "Grace",
  status: statuses[n % 4]!,
  start: t0 + (n % 9) * 1_000,
  end: n % 4 === 0 ? null : t0 + n * 2_000,
  deleted: n % 11 === 10,
  metrics: {
    ...(n % 6 === 5 ? {} : { acc: n % 6 === 4 ? "NaN" : String((n % 8) / 8 - 0.25) }),
    ...(n % 3 === 0 ? { "val loss": String(1 / (n + 1)) } : {}),
    ...(n % 10 === 3 ? { "a.b": n % 20 === 3 ? "Infinity" : "-Infinity" } : {}),
  },
  params: {
    ...(n % 4 === 1 ? {} : { lr: ["0.1", "0.01", "1e-3"][n % 3]! }),
    ...(n % 2 === 0 ? { depth: String(n % 5), long: `${"x".repeat(130)}${n % 3}` } : {}),
    ...(n % 8 === 2 ? { größe: "100%_\\" } : {}),
  },
  tags: { ...(n % 3 === 1 ? { "mlflow.parentRunId": hex(1) } : {}), ...(n % 5 === 2 ? { team: "it's ML" } : {}) },
  datasets: datasets.filter((_dataset, at) => (n + at) % 4 === 0),
}));

const loggedModels: LoggedModelData[] = Array.from({ length: 20 }, (_, n) => ({
  id: hex(n + 101),
  experiment: n % 5 === 0 ? 1 : 0,
  name: n % 3 === 0 ? "forest" : `net_${n % 4}`,
  type: n % 2 === 0 ? "sklearn" : "Agent",
  run: runs[n]!.id,
  created: t0 + (n % 6) * 1_000,
  params: n % 4 === 0 ? {} : { depth: String(n % 3) },
  tags: n % 3 === 1 ? { team: "growth" } : {},
  metrics: [
    ...(n % 4 === 3
      ? []
      : [{ key: "f1", value: (n % 5) / 5, ts: 1_000, run: runs[n]!.id, dataset: "iris", digest: "b2" }]),
    ...(n % 2 === 0
      ? [{ key: "f1", value: (n % 3) / 3, ts: 2_000, run: runs[n + 1]!.id, dataset: "titanic", digest: "a1" }]
      : []),
  ].filter(({ run }) => runs.find(({ id }) => id === run)?.deleted === false),
}));

const models: ModelData[] = Array.from({ length: 12 }, (_, n) => ({
  name: ["titanic", "iris.v2", "main.prod.churn", "Größe 100%_", "a b"][n] ?? `model_${n}`,
  updated: t0 + (n % 4) * day,
  tags: { ...(n % 3 === 0 ? { team: "growth" } : {}), ...(n % 6 === 5 ? { "mlflow.prompt.is_prompt": "true" } : {}) },
  versions: Array.from({ length: n % 4 === 3 ? 12 : n % 3 }, (_version, v) => ({
    source: v % 2 === 0 ? `s3://bucket/m${n}/v${v}` : `runs:/${hex(v + 1)}/model`,
    run: v % 3 === 2 ? null : v % 3 === 1 ? hex(v + 1) : "not-here",
    created: t0 + v * day,
    updated: t0 + ((n + v) % 3) * day,
    tags: { ...(v % 2 === 1 ? { stage: "b" } : {}), ...(n % 6 === 5 ? { "mlflow.prompt.is_prompt": "true" } : {}) },
  })),
}));

const ofRuns = (filter: string, order: readonly string[] = [], more: Partial<AnySearch> = {}): TextSearch => ({
  what: "runs",
  filter,
  order,
  experiments: [0],
  view: "active",
  fails: false,
  ...more,
});
const refusedRuns = (filter: string, order: readonly string[] = []) => ofRuns(filter, order, { fails: true });
const of = (what: TextSearch["what"], filter: string, order: readonly string[] = [], fails = false): TextSearch => ({
  ...ofRuns(filter, order, { fails }),
  what,
});
const by = (field: string, descending: boolean, datasetName = "") => ({
  field,
  descending,
  datasetName,
  datasetDigest: "",
});
const ofLogged = (
  filter: string,
  order: LoggedModelSearch["order"] = [],
  onDatasets: readonly string[] = [],
): LoggedModelSearch => ({
  ...ofRuns(filter, [], { experiments: [0, 1] }),
  what: "loggedModels",
  order,
  datasets: onDatasets.map((name) => ({ name, digest: "" })),
});

const searches: Search[] = [
  ofRuns(""),
  ofRuns("", [], { view: "all" }),
  ofRuns("", ["metrics.acc"], { view: "deleted" }),
  ofRuns("", [], { experiments: [0, 1, 2] }),
  ofRuns("", ["metrics.acc DESC"], { experiments: [1, 0] }),
  ofRuns("", ["params.lr", "end_time DESC"], { experiments: [1, 0], view: "all" }),
  // metrics
  ofRuns("metrics.acc > 0.25"),
  ofRuns("metric.acc <= -0.125 and metrics.acc != -0.25"),
  ofRuns("metrics.`val loss` < 5e-2 AND metrics.acc >= 0"),
  ofRuns('metrics."val loss" < .5'),
  ofRuns("metrics.a.b > 0"),
  ofRuns("metrics.acc = 0.5", ["metrics.`val loss` DESC"]),
  // params and tags
  ofRuns("params.lr = '0.1'"),
  ofRuns('param.lr != "0.1" and parameters.depth = "2"'),
  ofRuns(`params.long = '${"x".repeat(130)}1'`),
  ofRuns("params.long LIKE '%1'"),
  ofRuns("params.größe LIKE '100%\\'"),
  ofRuns("params.größe = '100%_\\'"),
  ofRuns("parameter.lr ILIKE '1E_3'"),
  ofRuns(`tags.mlflow.parentRunId = '${hex(1)}'`),
  ofRuns('tag.team = "it\'s ML"'),
  ofRuns("tags.team IS NULL and params.depth is not null"),
  ofRuns("tags.team != 'other'"),
  // attributes
  ofRuns("status = 'FINISHED'"),
  ofRuns("attributes.status != 'FINISHED' and attr.user_id LIKE 'G%'"),
  ofRuns("run.status LIKE 'F%'"),
  ofRuns("user_id ILIKE 'g%'"),
  ofRuns("run_name LIKE 'Nightly %'"),
  ofRuns("attributes.run_name ILIKE 'nightly 1_'"),
  ofRuns("`Run name` = 'run_1'"),
  ofRuns(`run_id = '${hex(3)}'`),
  ofRuns(`run_id IN ('${hex(3)}', "${hex(4)}", 'other')`),
  ofRuns(`attribute.run_id NOT IN ('${hex(3)}')`),
  ofRuns(`run_id LIKE '${hex(3).slice(0, 3)}%'`),
  ofRuns(`run_id != 'other'`),
  ofRuns(`start_time >= ${t0 + 3_000} and start_time < ${t0 + 5_000}`),
  ofRuns(`attributes.start_time > ${t0 + 3_000}.5`),
  ofRuns(`created != ${t0}`),
  ofRuns(`end_time = ${t0 + 2_000}`),
  ofRuns(`end_time <= ${t0 + 20_000}`),
  // data sets
  ofRuns("datasets.name = 'titanic'"),
  ofRuns("dataset.name LIKE 'iris%' and status = 'KILLED'", [], { experiments: [0, 1] }),
  ofRuns("dataset.name ILIKE 'IRIS%'"),
  ofRuns("datasets.digest IN ('a1', 'b2')"),
  ofRuns("datasets.context != 'training'"),
  ofRuns("datasets.name = 'titanic' and datasets.context = 'test'"),
  // orders
  ofRuns("", ["metrics.acc ASC"]),
  ofRuns("", ["metrics.acc DESC", "params.depth"]),
  ofRuns("", ["metrics.a.b DESC"]),
  ofRuns("", ["params.long DESC"]),
  ofRuns("", ["tags.team", "metrics.acc"]),
  ofRuns("", ["tags.nowhere DESC"]),
  ofRuns("", ["end_time"]),
  ofRuns("", ["attributes.end_time DESC"]),
  ofRuns("", ["start_time ASC"]),
  ofRuns("", ["created"]),
  ofRuns("", ["status DESC", "user_id asc", "run_id DESC"]),
  ofRuns("", ["run_name DESC"]),
  ofRuns("metrics.acc > 0 and params.lr != 'x'", ["params.lr", "metrics.`val loss` desc", "metrics.acc"]),
  // refused
  refusedRuns("metrics.acc > 0 OR metrics.acc < 0"),
  refusedRuns("metrics.acc = '1'"),
  refusedRuns("metrics.acc LIKE '1'"),
  refusedRuns("metrics.acc IS NULL"),
  refusedRuns("params.lr = 0.1"),
  refusedRuns("params.lr = x"),
  refusedRuns("params.lr > '1'"),
  refusedRuns("params.lr IN ('1')"),
  refusedRuns("status IN ('FINISHED')"),
  refusedRuns("run_id IN ()"),
  refusedRuns("run_id IN ('a', 1)"),
  refusedRuns("start_time = '1'"),
  refusedRuns("colour = 'red'"),
  refusedRuns("colour.x = 'red'"),
  refusedRuns("PARAMS.lr = '0.1'"),
  refusedRuns("datasets.size = '1'"),
  refusedRuns("(params.lr = '0.1')"),
  refusedRuns("params.lr = '0.1';"),
  refusedRuns("params.lr"),
  refusedRuns("", ["colour"]),
  refusedRuns("", ["metrics.acc DOWN"]),
  refusedRuns("", ["`Run name`"]),
  // experiments
  of("experiments", ""),
  of("experiments", "name LIKE '%hurn%'", ["name"]),
  of("experiments", "name ILIKE 'churn%' and tags.team = 'growth'"),
  of("experiments", "tags.`a key` IS NULL", ["last_update_time"]),
  of("experiments", "attribute.name != 'churn'", ["experiment_id DESC"]),
  of("experiments", `creation_time >= ${t0 + day} and last_update_time < ${t0 + 3 * day}`),
  of("experiments", "colour = 'x'", [], true),
  of("experiments", "metrics.acc > 1", [], true),
  of("experiments", "", ["tags.team"], true),
  // models
  of("models", ""),
  of("models", "name = 'titanic'"),
  of("models", "name IN ('titanic', 'a b', 'none')", ["name DESC"]),
  of("models", "name LIKE '%100%' and name != 'titanic'"),
  of("models", "name ILIKE 'MODEL%'", ["last_updated_timestamp DESC"]),
  of("models", "tags.team = 'growth'", ["timestamp"]),
  of("models", "tags.team != 'x' AND tag.`mlflow.prompt.is_prompt` != 'true'"),
  of("models", "tags.`mlflow.prompt.is_prompt` = 'true'"),
  of("models", "tags.`mlflow.prompt.is_prompt` = 'false' and name LIKE 'm%'"),
  of("models", "tags.`mlflow.prompt.is_prompt` != 'False'"),
  of("models", "run_id = 'x'", [], true),
  of("models", "", ["colour"], true),
  // versions
  of("versions", ""),
  of("versions", "name = 'model_7'"),
  of("versions", "name = 'Größe 100%_' and version_number > 3 and version_number != 5"),
  of("versions", "name IN ('titanic', 'model_7')", ["version_number", "name DESC"]),
  of("versions", "name LIKE 'm%' and source_path LIKE 's3://%'", ["name"]),
  of("versions", "run_id = 'not-here'"),
  of("versions", `run_id IN ('${hex(2)}', 'not-here')`, ["creation_timestamp DESC"]),
  of("versions", "run_id != 'not-here'", ["last_updated_timestamp"]),
  of("versions", "run_id LIKE 'not%'", ["name", "last_updated_timestamp DESC"]),
  of("versions", "tags.stage = 'b' and version_number <= 4"),
  of("versions", "tags.`mlflow.prompt.is_prompt` = 'true'"),
  of("versions", "version_number = '1'"),
  of("versions", "version_number > 1.5", [], true),
  of("versions", "source_path IN ('a')", [], true),
  of("versions", "", ["run_id"], true),
  // logged models
  ofLogged(""),
  ofLogged("name = 'forest'"),
  ofLogged("name LIKE 'net%' and model_type != 'Agent'"),
  ofLogged("model_type IN ('Agent')", [by("name", false), by("creation_timestamp", true)]),
  ofLogged(`source_run_id = '${hex(1)}'`),
  ofLogged(`creation_timestamp > ${t0 + 2_000}`),
  ofLogged("params.depth = '1' and tags.team = 'growth'"),
  ofLogged("params.depth = 1"),
  ofLogged("metrics.f1 >= 0.5"),
  ofLogged("metrics.f1 >= 0.5", [], ["titanic"]),
  ofLogged("", [], ["titanic"]),
  ofLogged("", [by("metrics.f1", true)]),
  ofLogged("", [by("metrics.f1", false, "iris"), by("creation_timestamp", false)]),
  ofLogged("", [by("model_id", true)]),
];

export const data: Data = { experiments, runs, loggedModels, models, searches };
