import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mlflowIsThere, referenceServer, runScript } from "./mlflow.ts";
import { embeddedStack, type Stack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await embeddedStack();
});
afterAll(() => stack?.stop());

describe.runIf(mlflowIsThere())("an unmodified Python client sees of this server what it sees of MLflow's own", () => {
  let reference: Awaited<ReturnType<typeof referenceServer>>;
  beforeAll(async () => {
    reference = await referenceServer();
  });
  afterAll(() => reference?.stop());

  // With and without a queue, spans come after or before what is said about their trace.
  it.each([
    ["traces", "true"],
    ["evaluation_datasets", "false"],
  ])(
    "in %s.py",
    async (script, MLFLOW_ENABLE_ASYNC_TRACE_LOGGING) => {
      const [here, there] = await Promise.all(
        [stack.url, reference.url].map((MLFLOW_TRACKING_URI) =>
          runScript(script, { MLFLOW_TRACKING_URI, MLFLOW_ENABLE_ASYNC_TRACE_LOGGING }),
        ),
      );
      expect(here).toEqual(there);
    },
    240_000,
  );
});

describe("spans by OTLP", () => {
  const type = "application/x-protobuf";
  const experiment = { "x-mlflow-experiment-id": "0" };

  it("make a trace that can be read, plain and compressed", async () => {
    for (const [digit, encode, encoding] of [
      ["1", (bytes: Buffer) => bytes, "identity"],
      ["2", gzipSync, "gzip"],
    ] as const) {
      const body = encode(oneSpan(digit));
      const answer = await send({ "content-type": type, "content-encoding": encoding, ...experiment }, body);
      expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([200, type, ""]);
      const id = `tr-${digit.repeat(32)}`;
      const { trace } = await answerOf(
        await fetch(`${stack.url}/api/3.0/mlflow/traces/get?trace_id=${id}&allow_partial=False`),
      );
      expect(trace).toMatchObject({
        trace_info: {
          trace_id: id,
          state: "OK",
          tags: { "mlflow.traceName": "work", "mlflow.trace.spansLocation": "TRACKING_STORE" },
        },
        spans: [{ name: "work", start_time_unix_nano: "1000000000", end_time_unix_nano: "2000000000" }],
      });
    }
  });

  it.each([
    ["no experiment", { "content-type": type }, oneSpan("3"), /x-mlflow-experiment-id/],
    [
      "no protobuf",
      { "content-type": type, ...experiment },
      Buffer.from("nonsense"),
      /not an ExportTraceServiceRequest/,
    ],
    [
      "half a message",
      { "content-type": type, ...experiment },
      oneSpan("3").subarray(0, 30),
      /not an ExportTraceServiceRequest/,
    ],
    ["JSON", { "content-type": "application/json", ...experiment }, Buffer.from("{}"), /Content-Type/],
    ["no gzip", { "content-type": type, "content-encoding": "gzip", ...experiment }, oneSpan("3"), /uncompressed/],
    ["br", { "content-type": type, "content-encoding": "br", ...experiment }, oneSpan("3"), /'br' is not known/],
    [
      "a bomb",
      { "content-type": type, "content-encoding": "gzip", ...experiment },
      gzipSync(Buffer.alloc(70 * 2 ** 20)),
      /at most 33554432 are taken here/,
    ],
    ["a trace of zeros", { "content-type": type, ...experiment }, oneSpan("0"), /trace_id/],
  ])("with %s are a 400 that says so", async (_, headers, body, message) => {
    const answer = await send(headers as Record<string, string>, body);
    expect(answer.status).toBe(400);
    const failure = await answerOf(answer);
    expect(failure.error_code).toBe("INVALID_PARAMETER_VALUE");
    expect(failure.message).toMatch(message);
  });

  it("of an experiment that is not there are a 404", async () => {
    const answer = await send({ "content-type": type, "x-mlflow-experiment-id": "4711" }, oneSpan("3"));
    expect([answer.status, (await answerOf(answer)).error_code]).toEqual([404, "RESOURCE_DOES_NOT_EXIST"]);
  });

  function send(headers: Record<string, string>, body: Buffer): Promise<Response> {
    return fetch(`${stack.url}/v1/traces`, { method: "POST", headers, body: new Uint8Array(body) });
  }
});

describe("bad input about traces and evaluation data sets", () => {
  const info = { trace_id: "tr-x", trace_location: { mlflow_experiment: { experiment_id: "0" } } };

  it.each([
    ["POST", "traces", {}, 400, "Missing value for required parameter 'trace'."],
    [
      "POST",
      "traces",
      { trace: { trace_info: { ...info, request_time: "today" } } },
      400,
      "trace.trace_info.request_time",
    ],
    ["POST", "traces", { trace: { trace_info: { ...info, state: "GOOD" } } }, 400, "trace.trace_info.state"],
    [
      "POST",
      "traces",
      { trace: { trace_info: { ...info, trace_location: { mlflow_experiment: { experiment_id: "abc" } } } } },
      400,
      `Invalid value "abc"`,
    ],
    ["POST", "traces/delete-traces", { experiment_id: "abc", request_ids: ["tr-x"] }, 400, `Invalid value "abc"`],
    ["PATCH", "traces/tr-none/tags", { key: "k", value: "v" }, 404, "Trace with ID 'tr-none' not found."],
    ["DELETE", "traces/tr-none/tags", { key: "k" }, 404, "Trace with ID 'tr-none' not found."],
    ["POST", "traces", { trace: { trace_info: { ...info, tags: { a: 1 } } } }, 400, "trace.trace_info.tags.a"],
    [
      "POST",
      "traces",
      { trace: { trace_info: { ...info, assessments: [{ assessment_name: "x" }] } } },
      400,
      "'feedback' or 'expectation'",
    ],
    ["POST", "traces/search", {}, 400, "Missing value for required parameter 'locations'."],
    ["POST", "traces/search", { locations: [info.trace_location], max_results: 501 }, 400, "max_results"],
    ["POST", "traces/search", { locations: [info.trace_location], filter: "x" }, 400, "filter"],
    ["POST", "traces/search", { locations: [info.trace_location], page_token: "x" }, 400, `Invalid value "x"`],
    ["GET", "traces/get", undefined, 400, "Missing value for required parameter 'trace_id'."],
    ["GET", "traces/tr-none", undefined, 404, "Trace with ID 'tr-none' not found."],
    ["GET", "traces/batchGet", undefined, 400, "Missing value for required parameter 'trace_ids'."],
    [
      "POST",
      "traces/tr-none/assessments",
      { assessment: { assessment_name: "x", feedback: {} } },
      404,
      "Trace with ID",
    ],
    ["POST", "datasets/create", { name: "x", tags: "[1]" }, 400, "'tags'"],
    ["POST", "datasets/d-none/records", { records: "[]" }, 404, "Evaluation dataset with id 'd-none' not found"],
    ["POST", "datasets/d-none/records", { records: "[{}]" }, 400, "inputs"],
    ["POST", "traces/metrics", {}, 404, "There is no POST"],
  ])("%s %s %j is %i", async (method, path, body, status, message) => {
    const answer = await fetch(`${stack.url}/api/3.0/mlflow/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const failure = await answerOf(answer);
    expect([answer.status, failure.message]).toEqual([status, expect.stringContaining(message)]);
  });
});

interface Answer {
  readonly trace?: object;
  readonly error_code?: string;
  readonly message?: string;
}

async function answerOf(answer: Response): Promise<Answer> {
  return (await answer.json()) as Answer;
}

/** An ExportTraceServiceRequest with one span, `work`, of a trace whose id is this digit only, by the numbers of the standard. */
function oneSpan(digit: string): Buffer {
  const field = (number: number, bytes: Buffer) =>
    Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
  const time = (number: number, nanoseconds: bigint) => {
    const bytes = Buffer.alloc(9);
    bytes[0] = (number << 3) | 1;
    bytes.writeBigUInt64LE(nanoseconds, 1);
    return bytes;
  };
  const span = Buffer.concat([
    field(1, Buffer.from(digit.repeat(32), "hex")),
    field(2, Buffer.from("b7ad6b7169203331", "hex")),
    field(5, Buffer.from("work")),
    time(7, 1_000_000_000n),
    time(8, 2_000_000_000n),
  ]);
  return field(1, field(2, field(2, span)));
}
