import { create, toBinary } from "@bufbuild/protobuf";
import { ExportTraceServiceRequestSchema } from "@mintmark/proto/opentelemetry/proto/collector/trace/v1/trace_service";
import { describe, expect, it } from "vitest";
import { countFields } from "./count-fields.ts";

const request = (spans: number) =>
  toBinary(
    ExportTraceServiceRequestSchema,
    create(ExportTraceServiceRequestSchema, {
      resourceSpans: [{ scopeSpans: [{ spans: new Array(spans).fill({ name: "s", attributes: [{ key: "k" }] }) }] }],
    }),
  );

describe("countFields", () => {
  it("counts the fields of messages in messages", () => {
    // resource_spans, scope_spans, and for each span itself, its name, its attribute and that one's key.
    expect(countFields(request(3), ExportTraceServiceRequestSchema, 1_000)).toBe(2 + 3 * 4);
    expect(countFields(new Uint8Array(), ExportTraceServiceRequestSchema, 1_000)).toBe(0);
  });

  it("stops where there are more than asked for", () => {
    expect(countFields(request(100), ExportTraceServiceRequestSchema, 10)).toBe(11);
  });

  it("counts what stands before a fault, which the parser tells", () => {
    expect(countFields(Uint8Array.of(0x0a, 0x00, 0x0b), ExportTraceServiceRequestSchema, 10)).toBe(2);
  });
});
