import { create, toBinary } from "@bufbuild/protobuf";
import { ExportTraceServiceRequestSchema } from "@mintmark/proto/opentelemetry/proto/collector/trace/v1/trace_service";
import { describe, expect, it } from "vitest";
import { fieldCount } from "./field-count.ts";

const request = (spans: number) =>
  toBinary(
    ExportTraceServiceRequestSchema,
    create(ExportTraceServiceRequestSchema, {
      resourceSpans: [{ scopeSpans: [{ spans: new Array(spans).fill({ name: "s", attributes: [{ key: "k" }] }) }] }],
    }),
  );

describe("fieldCount", () => {
  it("counts the fields of messages in messages", () => {
    // resource_spans, scope_spans, and for each span itself, its name, its attribute and that one's key.
    expect(fieldCount(ExportTraceServiceRequestSchema, request(3), 1_000)).toBe(2 + 3 * 4);
    expect(fieldCount(ExportTraceServiceRequestSchema, new Uint8Array(), 1_000)).toBe(0);
  });

  it("stops where there are more than asked for", () => {
    expect(fieldCount(ExportTraceServiceRequestSchema, request(100), 10)).toBe(11);
  });

  it("refuses what is no message", () => {
    expect(() => fieldCount(ExportTraceServiceRequestSchema, Uint8Array.of(0x0a, 0x7f), 10)).toThrow();
  });
});
