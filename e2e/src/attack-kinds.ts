/**
 * What strangers and clumsy clients send, each kind as the bytes of one request.
 * @module
 */
import { gzipSync } from "node:zlib";

export interface Attack {
  readonly what: string;
  /** Whom it is sent to. */
  readonly to: "gateway" | "registry";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: () => Buffer;
  /** What is answered to whoever has a token. */
  readonly status: readonly number[];
}

const scoring = "/serve/titanic@champion/invocations";
const row = '{"class":"1st","sex":"male","age":"adult"}';
const empty = (count: number) => Buffer.from(`{"u":[${"{},".repeat(count)}{}]}`);
const createModel = "/mintmark.registry.v1.ModelService/CreateModel";
const bomb = () => gzipSync(empty(20 << 20));

export const attacks: readonly Attack[] = [
  {
    what: "60 KB of gzip that are 60 MB, registry",
    to: "registry",
    path: createModel,
    headers: { "content-encoding": "gzip" },
    status: [429],
    body: bomb,
  },
  {
    what: "60 KB of gzip that are 60 MB, gateway",
    to: "gateway",
    path: createModel,
    headers: { "content-encoding": "gzip" },
    status: [429],
    body: bomb,
  },
  {
    what: "4 MB of empty objects, registry",
    to: "registry",
    path: createModel,
    status: [429],
    body: () => empty(1.3e6),
  },
  {
    what: "rows with 30,000 names",
    to: "gateway",
    path: scoring,
    status: [400],
    body: () =>
      Buffer.from(`{"dataframe_records":[${Array.from({ length: 30_000 }, (_, i) => `{"k${i}":1}`).join(",")}]}`),
  },
  {
    what: "320 KB of quotes that are no end",
    to: "gateway",
    path: scoring,
    status: [400],
    body: () => Buffer.from(`{"inputs":NaN,"${'\\"'.repeat(160_000)}`),
  },
  {
    what: "4 MB of rows (answered)",
    to: "gateway",
    path: scoring,
    status: [200, 429],
    body: () => Buffer.from(`{"dataframe_records":[${`${row},`.repeat(90_000)}${row}]}`),
  },
  {
    what: "60 MB of rows",
    to: "gateway",
    path: scoring,
    status: [413, 429],
    body: () => Buffer.from(`{"dataframe_records":[${`${row},`.repeat(1_400_000)}${row}]}`),
  },
  {
    what: "4 MB of CSV (answered)",
    to: "gateway",
    path: scoring,
    headers: { "content-type": "text/csv" },
    status: [200, 429],
    body: () => Buffer.from(`class,sex,age\n${"1st,male,adult\n".repeat(270_000)}`),
  },
  {
    what: "60 MB of empty objects, MLflow",
    to: "gateway",
    path: "/api/2.0/mlflow/experiments/search",
    status: [400],
    body: () => empty(20 << 20),
  },
  {
    what: "a search with 49,000 names (answered)",
    to: "gateway",
    path: "/api/2.0/mlflow/experiments/search",
    status: [200],
    body: () =>
      Buffer.from(JSON.stringify({ max_results: 1, u: Array.from({ length: 49_000 }, (_, i) => `name ${i}`) })),
  },
  {
    what: "1000 metrics for a run that is not there",
    to: "gateway",
    path: "/api/2.0/mlflow/runs/log-batch",
    status: [404],
    body: () =>
      Buffer.from(
        JSON.stringify({
          run_id: "0".repeat(32),
          metrics: new Array(1_000).fill({ key: "a", value: 1, timestamp: 1, step: 1 }),
        }),
      ),
  },
  {
    what: "100,000 tags",
    to: "gateway",
    path: "/api/2.0/mlflow/runs/create",
    status: [400],
    body: () =>
      Buffer.from(
        JSON.stringify({
          experiment_id: "0",
          tags: Array.from({ length: 100_000 }, (_, i) => ({ key: `k${i}`, value: "v" })),
        }),
      ),
  },
  {
    what: "4 MB of empty spans",
    to: "gateway",
    path: "/v1/traces",
    headers: { "content-type": "application/x-protobuf", "x-mlflow-experiment-id": "0" },
    status: [400],
    body: emptySpans,
  },
  {
    what: "100 KB of URL",
    to: "gateway",
    path: `/api/2.0/mlflow/runs/search?filter=${"a%20".repeat(25_000)}`,
    status: [200, 400],
    body: () => Buffer.alloc(0),
  },
];

/** `resource_spans { scope_spans { spans {} spans {} … } }`: two bytes a span. */
function emptySpans(): Buffer {
  const spans = Buffer.alloc(4 << 20, Buffer.from([0x12, 0x00]));
  const within = (tag: number, bytes: Buffer) => Buffer.concat([Buffer.from([tag]), varint(bytes.length), bytes]);
  return within(0x0a, within(0x12, spans));
}

function varint(value: number): Buffer {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}
