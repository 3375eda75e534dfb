import { create, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { durationFromMs, durationMs, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { AssessmentKind, TraceSchema, TraceState } from "@mintmark/proto/mintmark/tracking/v1/trace";
import { SpanSchema, Status_StatusCode } from "@mintmark/proto/opentelemetry/proto/trace/v1/trace";
import { reasonOf } from "@mintmark/registry-client";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";
import { traceSummary } from "./span-summary.ts";

let registry: TestRegistry;
let experimentId: string;
beforeAll(async () => {
  registry = await testRegistry();
  experimentId = (await registry.client.experiments.createExperiment({ name: "traced" })).experiment!.id;
});
afterAll(() => registry.close());

describe("a trace", () => {
  it("is given back as its maker recorded it", async () => {
    const trace = recorded({
      clientRequestId: "request-7",
      requestPreview: '{"q":1}',
      responsePreview: "",
      metadata: { m: "1" },
      tags: { fruit: "apple" },
    });
    const { trace: kept } = await traces().recordTrace({ trace });
    expect(kept).toMatchObject({
      ...trace,
      artifactUri: `mlflow-artifacts:/${experimentId}/traces/${trace.id}/artifacts`,
    });
    expect(kept!.hasSpans).toBe(true);
    expect((await traces().getTrace({ id: trace.id })).content!.trace).toEqual(kept);
  });

  it("recorded again gains tags and metadata, and keeps one copy of each assessment", async () => {
    const feedback = { name: "quality", kind: AssessmentKind.FEEDBACK, valueJson: "1" };
    const trace = recorded({ tags: { a: "1" }, assessments: [feedback] });
    await traces().recordTrace({ trace });
    const again = { ...trace, tags: { b: "2" }, state: TraceState.ERROR };
    const { trace: kept } = await traces().recordTrace({ trace: again });
    expect(kept).toMatchObject({ tags: { a: "1", b: "2" }, state: TraceState.ERROR });
    expect(kept!.assessments.map(({ name, valueJson }) => [name, valueJson])).toEqual([["quality", "1"]]);
  });

  it("recorded twenty times at once keeps one copy of each assessment", async () => {
    const feedback = { name: "quality", kind: AssessmentKind.FEEDBACK, valueJson: "1" };
    const trace = recorded({ assessments: [feedback] });
    await Promise.all(Array.from({ length: 20 }, () => traces().recordTrace({ trace })));
    expect((await read(trace.id!)).assessments).toHaveLength(1);
  });

  it("belongs to one experiment for good, which must be there and active", async () => {
    const trace = recorded({});
    await traces().recordTrace({ trace });
    const other = (await registry.client.experiments.createExperiment({ name: "another" })).experiment!.id;
    await refused(traces().recordTrace({ trace: { ...trace, experimentId: other } }), "TRACE_ELSEWHERE");
    await refused(traces().recordTrace({ trace: recorded({ experimentId: "4711" }) }), "EXPERIMENT_NOT_FOUND");
    await registry.client.experiments.deleteExperiment({ id: other });
    await refused(traces().recordTrace({ trace: recorded({ experimentId: other }) }), "EXPERIMENT_DELETED");
    await refused(traces().logSpans({ experimentId: other, spans: [span()] }), "EXPERIMENT_DELETED");
  });

  it.each([
    ["an empty id", { id: "" }],
    ["a tag of 8001 characters", { tags: { a: "x".repeat(8001) } }],
    ["metadata with a NUL", { metadata: { a: "\0" } }],
    ["a negative duration", { duration: durationFromMs(-1) }],
    ["a preview of 10001 characters", { requestPreview: "x".repeat(10_001) }],
    ["an assessment of no kind", { assessments: [{ name: "x" }] }],
    ["an expectation of nothing", { assessments: [{ name: "x", kind: AssessmentKind.EXPECTATION }] }],
    ["an expectation of null", { assessments: [{ name: "x", kind: AssessmentKind.EXPECTATION, valueJson: "null" }] }],
  ])("with %s is refused", async (_, wrong) => {
    await refused(traces().recordTrace({ trace: recorded(wrong) }), "REQUEST_INVALID");
  });
});

describe("spans", () => {
  it("come back as they came, in the order in which they began", async () => {
    const traceId = randomBytes(16);
    const root = span({ traceId, name: "root" });
    const child = span({
      traceId,
      parentSpanId: root.spanId,
      startTimeUnixNano: root.startTimeUnixNano + 5n,
      attributes: [
        {
          key: "k",
          value: {
            value: { case: "arrayValue", value: { values: [{ value: { case: "intValue", value: 2n ** 60n } }, {}] } },
          },
        },
      ],
      events: [{ timeUnixNano: 1n, name: "e" }],
    });
    // With the same times, the root comes first.
    const twin = span({ traceId, parentSpanId: root.spanId, startTimeUnixNano: root.startTimeUnixNano });
    await traces().logSpans({ experimentId, spans: [child, twin] });
    await traces().logSpans({ experimentId, spans: [root] });
    const { content } = await traces().getTrace({ id: idOf(traceId), withSpans: true });
    expect(content!.spans).toEqual([root, twin, child]);
    expect(content!.trace!.hasSpans).toBe(true);
    expect((await traces().getTrace({ id: idOf(traceId) })).content!.spans).toEqual([]);
  });

  it("make the trace that they belong to, which is in progress until its root has ended", async () => {
    const traceId = randomBytes(16);
    const root = span({
      traceId,
      name: "answer",
      startTimeUnixNano: ms(1000),
      endTimeUnixNano: ms(1500),
      status: { code: Status_StatusCode.ERROR },
      attributes: [attribute("mlflow.spanInputs", "hello"), attribute("mlflow.traceTag.team", "growth")],
    });
    const child = span({ traceId, parentSpanId: root.spanId, startTimeUnixNano: ms(1100), endTimeUnixNano: ms(1700) });
    await traces().logSpans({ experimentId, spans: [child] });
    const before = (await traces().getTrace({ id: idOf(traceId) })).content!.trace!;
    expect([before.state, timestampMs(before.startTime!), durationMs(before.duration!)]).toEqual([
      TraceState.IN_PROGRESS,
      1100,
      600,
    ]);
    await traces().logSpans({ experimentId, spans: [root] });
    const after = (await traces().getTrace({ id: idOf(traceId) })).content!.trace!;
    expect(after).toMatchObject({
      state: TraceState.ERROR,
      requestPreview: '"hello"',
      tags: { "mlflow.traceName": "answer", team: "growth" },
    });
    expect([timestampMs(after.startTime!), durationMs(after.duration!)]).toEqual([1000, 700]);
    await traces().logSpans({ experimentId, spans: [span({ traceId, parentSpanId: root.spanId })] });
    expect((await read(idOf(traceId))).state).toBe(TraceState.ERROR);
  });

  it("change nothing of what the maker of the trace has said", async () => {
    const traceId = randomBytes(16);
    const trace = recorded({ id: idOf(traceId), tags: { "mlflow.traceName": "mine" } });
    const { trace: kept } = await traces().recordTrace({ trace });
    await traces().logSpans({ experimentId, spans: [span({ traceId, endTimeUnixNano: ms(9e12) })] });
    expect((await traces().getTrace({ id: trace.id })).content!.trace).toEqual({ ...kept, hasSpans: true });
  });

  it("sent again replace what was sent before, also within one call", async () => {
    const traceId = randomBytes(16);
    const running = span({ traceId, endTimeUnixNano: 0n });
    const ended = { ...running, endTimeUnixNano: ms(2000) };
    await traces().logSpans({ experimentId, spans: [running] });
    await traces().logSpans({ experimentId, spans: [running, ended] });
    const { content } = await traces().getTrace({ id: idOf(traceId), withSpans: true });
    expect(content!.spans).toHaveLength(1);
    expect(content!.spans[0]!.endTimeUnixNano).toBe(ms(2000));
  });

  it("are kept all or none", async () => {
    const [good, bad] = [span(), span({ spanId: new Uint8Array(7) })];
    await refused(traces().logSpans({ experimentId, spans: [good, bad] }), "REQUEST_INVALID");
    const elsewhere = span();
    await registry.client.traces.logSpans({ experimentId: "0", spans: [elsewhere] });
    await refused(traces().logSpans({ experimentId, spans: [good, elsewhere] }), "TRACE_ELSEWHERE");
    await refused(traces().logSpans({ experimentId, spans: [good], runId: "0".repeat(32) }), "RUN_NOT_FOUND");
    await refused(traces().getTrace({ id: idOf(good.traceId) }), "TRACE_NOT_FOUND");
  });

  it.each([
    ["no trace", { traceId: new Uint8Array(0) }],
    ["a trace of zeros", { traceId: new Uint8Array(16) }],
    ["a time beyond 2262", { startTimeUnixNano: 2n ** 63n }],
  ])("of %s are refused", async (_, wrong) => {
    await refused(traces().logSpans({ experimentId, spans: [span(wrong)] }), "REQUEST_INVALID");
  });

  it("of 20 racing calls make one trace with all spans", async () => {
    const traceId = randomBytes(16);
    const calls = Array.from({ length: 20 }, () =>
      traces().logSpans({ experimentId, spans: [span({ traceId }), span()] }),
    );
    await Promise.all(calls);
    const { content } = await traces().getTrace({ id: idOf(traceId), withSpans: true });
    expect(content!.spans).toHaveLength(20);
  });

  it("may be more than a call of a function has arguments", () => {
    const traceId = randomBytes(16);
    const spans = Array.from({ length: 200_000 }, (_, n) =>
      span({ traceId, startTimeUnixNano: ms(5 + n), endTimeUnixNano: ms(6 + n) }),
    );
    expect(traceSummary(idOf(traceId), spans)).toMatchObject({ started_ms: 5, ended_ms: 200_005 });
  });

  it("may have names that Postgres does not take", async () => {
    const traceId = randomBytes(16);
    await traces().logSpans({ experimentId, spans: [span({ traceId, name: "a\0b" })] });
    const { content } = await traces().getTrace({ id: idOf(traceId), withSpans: true });
    expect(content!.spans[0]!.name).toBe("a\0b");
    expect(content!.trace!.tags).toEqual({ "mlflow.traceName": "a\ufffdb" });
  });
});

describe("tags of a trace", () => {
  it("are set, replaced and removed", async () => {
    const id = await newTrace({ tags: { a: "1" } });
    await traces().setTraceTag({ id, key: "a", value: "2" });
    await traces().setTraceTag({ id, key: "b", value: "3" });
    expect((await read(id)).tags).toEqual({ a: "2", b: "3" });
    await traces().deleteTraceTag({ id, key: "a" });
    expect((await read(id)).tags).toEqual({ b: "3" });
    await refused(traces().deleteTraceTag({ id, key: "a" }), "TAG_NOT_FOUND");
    await refused(traces().deleteTraceTag({ id: "tr-none", key: "a" }), "TRACE_NOT_FOUND");
    await refused(traces().setTraceTag({ id: "tr-none", key: "a", value: "" }), "TRACE_NOT_FOUND");
    await refused(traces().setTraceTag({ id, key: "", value: "" }), "REQUEST_INVALID");
  });
});

describe("a time that no answer could show", () => {
  // The last has a name of its own, and is rounded into no other year.
  const lastMoment = { seconds: 253_402_300_799n, nanos: 999_900_000 };
  const never = { seconds: 253_402_300_800n, nanos: 0 };

  it("is refused before anything is kept", async () => {
    for (const startTime of [never, { seconds: -62_135_596_801n, nanos: 0 }])
      await refused(traces().recordTrace({ trace: recorded({ startTime }) }), "REQUEST_INVALID");
    const duration = { seconds: 315_576_000_000n, nanos: 999_900_000 };
    await refused(traces().recordTrace({ trace: recorded({ duration }) }), "REQUEST_INVALID");
    const assessment = { name: "q", kind: AssessmentKind.FEEDBACK, valueJson: "1", createTime: never };
    await refused(traces().recordTrace({ trace: recorded({ assessments: [assessment] }) }), "REQUEST_INVALID");
    const traceId = await newTrace({});
    await refused(traces().createAssessment({ assessment: { ...assessment, traceId } }), "REQUEST_INVALID");
  });

  it("is none of the last year's", async () => {
    const assessment = { name: "q", kind: AssessmentKind.FEEDBACK, valueJson: "1", createTime: lastMoment };
    const trace = await read(await newTrace({ startTime: lastMoment, assessments: [assessment] }));
    const shown = toJson(TraceSchema, trace) as { startTime: string; assessments: { createTime: string }[] };
    expect([shown.startTime, shown.assessments[0]!.createTime]).toEqual(Array(2).fill("9999-12-31T23:59:59.999Z"));
  });
});

describe("an assessment", () => {
  it("is created, read, changed and deleted", async () => {
    const traceId = await newTrace({});
    const given = {
      traceId,
      name: "quality",
      kind: AssessmentKind.FEEDBACK,
      valueJson: "0.9",
      sourceType: "HUMAN",
      sourceId: "me",
      rationale: "good",
      metadata: { x: "y" },
      createTime: timestampFromMs(1_795_278_197_509),
    };
    const { assessment } = await traces().createAssessment({ assessment: given });
    expect(assessment).toMatchObject({ ...given, updateTime: given.createTime, valid: true, overrides: "" });
    const { id } = assessment!;
    expect(id).toMatch(/^a-[0-9a-f]{32}$/);
    expect((await traces().getAssessment({ traceId, id })).assessment).toEqual(assessment);
    const { assessment: changed } = await traces().updateAssessment({
      traceId,
      id,
      name: "taste",
      value: { kind: AssessmentKind.FEEDBACK, error: { code: "E", message: "no" } },
      metadata: { z: "1" },
    });
    expect(changed).toMatchObject({
      name: "taste",
      valueJson: "null",
      error: { code: "E", message: "no", stackTrace: "" },
      rationale: "good",
      metadata: { x: "y", z: "1" },
    });
    expect((await read(traceId)).assessments).toEqual([changed]);
    await traces().deleteAssessment({ traceId, id });
    await traces().deleteAssessment({ traceId, id });
    await refused(traces().getAssessment({ traceId, id }), "ASSESSMENT_NOT_FOUND");
  });

  it("that stands in for another makes that one invalid until it is deleted", async () => {
    const traceId = await newTrace({});
    const base = { traceId, name: "q", kind: AssessmentKind.FEEDBACK, valueJson: "1" };
    const first = (await traces().createAssessment({ assessment: base })).assessment!;
    const second = (await traces().createAssessment({ assessment: { ...base, overrides: first.id } })).assessment!;
    expect(second.overrides).toBe(first.id);
    expect((await read(traceId)).assessments.map(({ valid }) => valid)).toEqual([false, true]);
    await traces().deleteAssessment({ traceId, id: second.id });
    expect((await read(traceId)).assessments.map(({ valid }) => valid)).toEqual([true]);
  });

  it("of what is not there, or of another kind, is refused", async () => {
    const traceId = await newTrace({});
    const base = { traceId, name: "q", kind: AssessmentKind.EXPECTATION, valueJson: "[1]" };
    const { id } = (await traces().createAssessment({ assessment: base })).assessment!;
    const other = await newTrace({});
    await refused(traces().createAssessment({ assessment: { ...base, traceId: "tr-none" } }), "TRACE_NOT_FOUND");
    await refused(
      traces().createAssessment({ assessment: { ...base, traceId: other, overrides: id } }),
      "ASSESSMENT_NOT_FOUND",
    );
    await refused(traces().createAssessment({ assessment: { ...base, valueJson: "{" } }), "REQUEST_INVALID");
    await refused(
      traces().updateAssessment({ traceId, id, value: { kind: AssessmentKind.FEEDBACK } }),
      "REQUEST_INVALID",
    );
    await refused(traces().getAssessment({ traceId: other, id }), "ASSESSMENT_NOT_FOUND");
    await refused(traces().getAssessment({ traceId: "tr-none", id }), "TRACE_NOT_FOUND");
    await refused(traces().getAssessment({ traceId, id: "a-x" }), "ASSESSMENT_NOT_FOUND");
    await refused(traces().deleteAssessment({ traceId: "tr-none", id }), "TRACE_NOT_FOUND");
  });
});

describe("deleting traces", () => {
  it("takes those that are named, of the experiment, with all that is below them", async () => {
    const [id, elsewhere] = [await newTrace({}), await newTrace({ experimentId: "0" })];
    await traces().createAssessment({ assessment: { traceId: id, name: "q", kind: AssessmentKind.FEEDBACK } });
    expect((await traces().deleteTraces({ experimentId, ids: [id, elsewhere, "tr-none"] })).deleted).toBe(1);
    await refused(traces().getTrace({ id }), "TRACE_NOT_FOUND");
    expect((await read(elsewhere)).id).toBe(elsewhere);
  });

  it("takes their files", async () => {
    const [id, other] = [await newTrace({}), await newTrace({})];
    const { db } = registry.deps;
    const blake3 = randomBytes(32);
    await db.insertInto("blob").values({ blake3, sha256: blake3, size: 1n }).execute();
    const paths = [`${id}/artifacts/traces.json`, `${id}/artifacts/a/b`, `${other}/artifacts/traces.json`, `${id}0/x`];
    const rows = paths.map((path) => ({ path: `${experimentId}/traces/${path}`, blake3, size: 1n, updated_by: "x" }));
    await db.insertInto("stored_file").values(rows).execute();
    expect((await read(id)).hasSpans).toBe(false);
    await traces().deleteTraces({ experimentId, ids: [id] });
    const left = await db.selectFrom("stored_file").select("path").execute();
    expect(left.map(({ path }) => path).sort()).toEqual([rows[2]!.path, rows[3]!.path].sort());
  });

  it("takes their files where the experiment was given a place on this server", async () => {
    const place = { name: "placed", artifactLocation: "mlflow-artifacts:/foo/b%61r/" };
    const own = (await registry.client.experiments.createExperiment(place)).experiment!.id;
    const id = await newTrace({ experimentId: own });
    expect(await read(id)).toMatchObject({
      artifactUri: `mlflow-artifacts:/foo/b%61r/traces/${id}/artifacts`,
      hasSpans: true,
    });
    const { db } = registry.deps;
    const blake3 = randomBytes(32);
    await db.insertInto("blob").values({ blake3, sha256: blake3, size: 1n }).execute();
    const path = `foo/bar/traces/${id}/artifacts/traces.json`;
    await db.insertInto("stored_file").values({ path, blake3, size: 1n, updated_by: "x" }).execute();
    expect((await read(id)).hasSpans).toBe(false);
    await traces().deleteTraces({ experimentId: own, ids: [id] });
    expect(await db.selectFrom("stored_file").select("path").where("path", "=", path).execute()).toEqual([]);
  });

  it("takes the oldest first", async () => {
    const own = (await registry.client.experiments.createExperiment({ name: "swept" })).experiment!.id;
    const [third, first, second] = await Promise.all(
      [300, 100, 200].map((at) => newTrace({ experimentId: own, startTime: timestampFromMs(at) })),
    );
    const sweep = (max: bigint, maxTraces?: number) =>
      traces().deleteTraces({
        experimentId: own,
        maxTimestampMs: max,
        ...(maxTraces === undefined ? {} : { maxTraces }),
      });
    expect((await sweep(200n, 1)).deleted).toBe(1);
    await refused(traces().getTrace({ id: first! }), "TRACE_NOT_FOUND");
    expect((await sweep(200n)).deleted).toBe(1);
    await refused(traces().getTrace({ id: second! }), "TRACE_NOT_FOUND");
    expect((await read(third!)).id).toBe(third);
  });

  it("takes any number, as many as were asked for", async () => {
    const own = (await registry.client.experiments.createExperiment({ name: "crowded" })).experiment!.id;
    await sql`insert into trace (id, experiment_pk, started_ms, state)
      select 'crowd-' || n, ${own}::int, n, 1 from generate_series(1, 25000) n`.execute(registry.deps.db);
    const sweep = async (more: object) =>
      (await traces().deleteTraces({ experimentId: own, maxTimestampMs: 24_999n, ...more })).deleted;
    expect(await sweep({ maxTraces: 1 })).toBe(1);
    expect(await sweep({ maxTraces: 10_001 })).toBe(10_001);
    await refused(traces().getTrace({ id: "crowd-10002" }), "TRACE_NOT_FOUND");
    expect((await read("crowd-10003")).id).toBe("crowd-10003");
    expect(await sweep({})).toBe(14_997);
    expect((await read("crowd-25000")).id).toBe("crowd-25000");
  });

  it("needs either ids or a time", async () => {
    await refused(traces().deleteTraces({ experimentId }), "REQUEST_INVALID");
    await refused(traces().deleteTraces({ experimentId, ids: ["x"], maxTimestampMs: 1n }), "REQUEST_INVALID");
    await refused(traces().deleteTraces({ experimentId, ids: ["x"], maxTraces: 1 }), "REQUEST_INVALID");
    await refused(traces().deleteTraces({ experimentId, maxTimestampMs: 1n, maxTraces: 0 }), "REQUEST_INVALID");
    await refused(traces().deleteTraces({ experimentId: "x", ids: ["x"] }), "EXPERIMENT_NOT_FOUND");
  });
});

describe("searching traces", () => {
  let own: string;
  let ids: string[];
  beforeAll(async () => {
    own = (await registry.client.experiments.createExperiment({ name: "searched" })).experiment!.id;
    ids = [];
    for (let i = 0; i < 5; i++)
      ids.push(
        await newTrace({
          experimentId: own,
          startTime: timestampFromMs(1_000 + i),
          duration: durationFromMs(i === 4 ? 100 : i),
          state: i === 2 ? TraceState.ERROR : TraceState.OK,
          clientRequestId: `c${i}`,
          tags: { "mlflow.traceName": `name ${i % 2}`, ...(i < 2 ? { fruit: `apple ${i}` } : {}) },
          metadata: { "mlflow.sourceRun": i === 3 ? "f".repeat(32) : "" },
        }),
      );
  });

  beforeAll(async () => {
    const assess = (
      at: number,
      valueJson: string,
      name = "quality",
      kind: AssessmentKind = AssessmentKind.FEEDBACK,
      overrides = "",
    ) => traces().createAssessment({ assessment: { traceId: ids[at]!, name, kind, valueJson, overrides } });
    await assess(0, "0.5");
    await assess(0, "true", "truth", AssessmentKind.EXPECTATION);
    await assess(1, "1e300");
    const bad = await assess(2, '"bad"');
    await assess(2, '"good"', "quality", AssessmentKind.FEEDBACK, bad.assessment!.id);
    const traceId = Buffer.from(ids[1]!.slice(3), "hex");
    const status = { code: Status_StatusCode.ERROR };
    const attributes = [attribute("mlflow.spanType", "TOOL")];
    await traces().logSpans({
      experimentId: own,
      spans: [span({ traceId, name: "tool", status, attributes }), span({ traceId })],
    });
  });

  it("gives the latest first, page by page", async () => {
    const pages: string[][] = [];
    for (let pageToken = ""; ; ) {
      const { traces: page, nextPageToken } = await traces().searchTraces({
        experimentIds: [own],
        pageSize: 2,
        pageToken,
      });
      pages.push(page.map(({ id }) => id));
      if (nextPageToken === "") break;
      pageToken = nextPageToken;
    }
    expect(pages).toEqual([[ids[4], ids[3]], [ids[2], ids[1]], [ids[0]]]);
  });

  it.each([
    ["status = 'ERROR'", [2]],
    ["attributes.status != 'ERROR'", [4, 3, 1, 0]],
    ["status NOT IN ('OK', 'IN_PROGRESS')", [2]],
    ["status IN ('ERROR', 'none')", [2]],
    ["status != 'none'", [4, 3, 2, 1, 0]],
    ["status LIKE 'ERR%'", [2]],
    ["timestamp_ms > 1002", [4, 3]],
    ["execution_time_ms <= 1", [1, 0]],
    ["end_time_ms = 1104", [4]],
    ["client_request_id IN ('c1', 'c3')", [3, 1]],
    ["name = 'name 1'", [3, 1]],
    ["name LIKE '%0'", [4, 2, 0]],
    ["name NOT IN ('name 1', 'none')", [4, 2, 0]],
    ["tags.fruit LIKE 'apple%'", [1, 0]],
    ["tags.fruit IS NULL AND status = 'OK'", [4, 3]],
    [`run_id = '${"f".repeat(32)}'`, [3]],
    [`run_id IN ('${"f".repeat(32)}', 'none')`, [3]],
    [`run_id != '${"f".repeat(32)}'`, [4, 2, 1, 0]],
    ["run_id NOT IN ('none', '')", [3]],
    ["run_id LIKE 'fff%'", [3]],
    ["request_id = 'none'", []],
    ["trace.status = 'ERROR'", [2]],
    ["metadata.`mlflow.sourceRun` != ''", [3]],
    ["request_metadata.nothing IS NOT NULL", []],
    ["span.name = 'tool' AND span.status = 'ERROR'", [1]],
    ["span.type IN ('TOOL', 'LLM')", [1]],
    ["span.name = 'none'", []],
    ["feedback.quality = 'good'", [2]],
    ["feedback.quality != 'good'", [1, 0]],
    ["feedback.quality = 'bad'", []],
    ["feedback.quality = 0.5", [0]],
    ["feedback.quality > 0.25", [1, 0]],
    ["feedback.quality >= '1e2'", [1]],
    ["feedback.quality < 'good'", []],
    ["feedback.quality LIKE 'go%'", [2]],
    ["feedback.quality IS NULL", [4, 3]],
    ["feedback.`truth` IS NOT NULL", []],
    ["expectation.truth = 'true'", [0]],
  ])("by %s", async (filter, places) => {
    const { traces: found } = await traces().searchTraces({ experimentIds: [own], filter });
    expect(found.map(({ id }) => ids.indexOf(id))).toEqual(places);
  });

  it.each([
    ["timestamp_ms ASC", [0, 1, 2, 3, 4]],
    ["execution_time DESC", [4, 3, 2, 1, 0]],
    ["status", [2, 4, 3, 1, 0]],
    ["name DESC", [3, 1, 4, 2, 0]],
    ["tags.fruit DESC", [1, 0, 4, 3, 2]],
  ])("in the order of %s", async (order, places) => {
    const { traces: found } = await traces().searchTraces({ experimentIds: [own], orderBy: [order] });
    expect(found.map(({ id }) => ids.indexOf(id))).toEqual(places);
  });

  it("finds what was linked to a run, besides what the trace itself says", async () => {
    const { run } = await registry.client.runs.createRun({});
    await traces().linkTraces({ runId: run!.id, traceIds: [ids[1]!, "tr-none"] });
    await traces().linkTraces({ runId: run!.id, traceIds: [ids[1]!] });
    const traceId = randomBytes(16);
    await traces().logSpans({
      experimentId: own,
      spans: [span({ traceId, startTimeUnixNano: ms(1) })],
      runId: run!.id,
    });
    const { traces: found } = await traces().searchTraces({ experimentIds: [own], filter: `run_id = '${run!.id}'` });
    expect(found.map(({ id }) => id)).toEqual([ids[1], idOf(traceId)]);

    const others = { experimentIds: [own], filter: `run_id != '${run!.id}'` };
    const { traces: rest } = await traces().searchTraces(others);
    expect(rest.map(({ id }) => ids.indexOf(id))).toEqual([4, 3, 2, 0]);
    await traces().deleteTraces({ experimentId: own, ids: [idOf(traceId)] });
    await refused(traces().linkTraces({ runId: "0".repeat(32), traceIds: [] }), "RUN_NOT_FOUND");
  });

  it("of nowhere, of unknown fields or in no order is refused; experiments that are not there have none", async () => {
    await refused(traces().searchTraces({}), "REQUEST_INVALID");
    await refused(traces().searchTraces({ experimentIds: [own], filter: "bogus = 'x'" }), "FILTER_INVALID");
    await refused(traces().searchTraces({ experimentIds: [own], orderBy: ["bogus"] }), "ORDER_INVALID");
    await refused(traces().searchTraces({ experimentIds: [own], pageToken: "x" }), "PAGE_TOKEN_INVALID");
    await refused(traces().searchTraces({ experimentIds: [own], pageSize: 501 }), "REQUEST_INVALID");
    expect((await traces().searchTraces({ experimentIds: ["4711", "x"] })).traces).toEqual([]);
  });
});

it("many traces are read in the order of their ids, those that are not there left out", async () => {
  const [a, b] = [await newTrace({}), await newTrace({})];
  const { contents } = await traces().batchGetTraces({ ids: [b, "tr-none", "\0", a] });
  expect(contents.map(({ trace }) => trace!.id)).toEqual([b, a]);
  await refused(traces().batchGetTraces({ ids: Array(1001).fill("x") }), "REQUEST_INVALID");
  await refused(traces().getTrace({ id: "tr-none" }), "TRACE_NOT_FOUND");
});

function traces() {
  return registry.client.traces;
}

async function read(id: string) {
  return (await traces().getTrace({ id })).content!.trace!;
}

async function newTrace(fields: MessageInitShape<typeof TraceSchema>): Promise<string> {
  return (await traces().recordTrace({ trace: recorded(fields) })).trace!.id;
}

function recorded<T extends MessageInitShape<typeof TraceSchema>>(fields: T) {
  return {
    id: idOf(randomBytes(16)),
    experimentId,
    startTime: timestampFromMs(1_795_278_194_901),
    duration: durationFromMs(46),
    state: TraceState.OK,
    ...fields,
  };
}

function span(fields: MessageInitShape<typeof SpanSchema> = {}) {
  return create(SpanSchema, {
    traceId: randomBytes(16),
    spanId: randomBytes(8),
    name: "span",
    startTimeUnixNano: ms(1000),
    endTimeUnixNano: ms(2000),
    ...fields,
  });
}

function attribute(key: string, text: string) {
  return { key, value: { value: { case: "stringValue", value: text } } } as const;
}

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}

function idOf(traceId: Uint8Array): string {
  return `tr-${Buffer.from(traceId).toString("hex")}`;
}

function ms(milliseconds: number): bigint {
  return BigInt(milliseconds) * 1_000_000n;
}

async function refused(call: Promise<unknown>, reason: string): Promise<void> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(reasonOf(error)).toBe(reason);
}
