import { create } from "@bufbuild/protobuf";
import { SpanSchema } from "@mintmark/proto/opentelemetry/proto/trace/v1/trace";
import { costBattery, parser } from "@mintmark/testing/cost-battery";
import { jsonShapes, numbered, repeated, textShapes, yamlShapes } from "@mintmark/testing/hostile-text";
import { requireFilePath } from "./files/file-path.ts";
import { parseRange } from "./http/byte-range.ts";
import { readConfig } from "./jobs/training-request.ts";
import { readPageToken } from "./paging.ts";
import { requireKey } from "./runs/tracking-key.ts";
import { parseFilter, parseOrderItem } from "./search/grammar.ts";
import { spanRow, traceSummary } from "./traces/span-summary.ts";
import { readModelFile } from "./versions/model-file.ts";

const filters = {
  ...textShapes,
  "many clauses": repeated("a = 'b' AND ", "", "a = 'b'"),
  "many values": repeated("'a',", "tags.a IN (", "'a')"),
  "quotes in quotes": repeated("''", "a = '", "'"),
  "a quote that does not end": repeated("''", "a = '"),
  "dots in a key": repeated("a.", "tags."),
  "back quotes": repeated("`a` ", "tags."),
  ands: repeated("AND "),
  "a number that goes on": repeated("1", "a = "),
  exponents: repeated("1e+", "a = "),
  signs: repeated("+-", "a = "),
  "almost keywords": repeated("ANDI ", ""),
};

const mlmodel = (text: string) => {
  const read = async function* () {
    yield Buffer.from(text);
  };
  const file = { path: "MLmodel", size: text.length, blake3: "0".repeat(64), sha256: "0".repeat(64) };
  return readModelFile({ read }, [file]);
};

const span = (attributes: { key: string; value: { value: { case: "stringValue"; value: string } } }[]) =>
  create(SpanSchema, {
    traceId: new Uint8Array(16),
    spanId: new Uint8Array(8),
    name: "s",
    startTimeUnixNano: 1n,
    endTimeUnixNano: 2n,
    attributes,
  });
const text = (value: string) => ({ value: { case: "stringValue" as const, value } });

costBattery("what the registry is sent", {
  "search filter": parser({ run: parseFilter, shapes: filters, size: 500_000 }),
  "search order": parser({ run: parseOrderItem, shapes: filters, size: 500_000 }),
  Range: parser({
    run: (header: string) => [parseRange(header, 100), parseRange(`bytes=${header}`, 100)],
    shapes: textShapes,
  }),
  "path of a file": parser({
    run: requireFilePath,
    shapes: { ...textShapes, "deep folders": repeated("a/", "", "x"), "up and down": repeated("a/../", "", "x") },
  }),
  "key of a metric": parser({ run: (key: string) => requireKey("metric", key), shapes: textShapes }),
  "page token": parser({
    run: (token: string) =>
      [
        () => readPageToken("runs", token),
        () => readPageToken("runs", Buffer.from(token).toString("base64url")),
      ].forEach((read) => {
        try {
          read();
        } catch {}
      }),
    shapes: { ...textShapes, ...jsonShapes },
  }),
  "training file as JSON": parser({ run: readConfig, shapes: jsonShapes }),
  "MLmodel at registration": parser({
    run: mlmodel,
    shapes: {
      ...textShapes,
      ...yamlShapes,
      "many flavors": numbered((index) => `  f${index}:`, "\n", "flavors:\n"),
      "blank lines in the flavors": repeated(" \n", "flavors:\n"),
      "blanks before a flavor": (size: number) => `flavors:\n${" ".repeat(size)}`,
      "a line of blanks each": repeated("      \n", "flavors:\n"),
    },
  }),
  span: parser({
    run: (given: ReturnType<typeof span>) => [spanRow(given), traceSummary("t", [given])],
    shapes: {
      "many attributes": (size: number) =>
        span(Array.from({ length: size / 16 }, (_, index) => ({ key: `a${index}`, value: text("v") }))),
      "many tags": (size: number) =>
        span(
          Array.from({ length: size / 16 }, (_, index) => ({ key: `mlflow.trace.tag.a${index}`, value: text("v") })),
        ),
      "a long attribute": (size: number) => span([{ key: "mlflow.spanInputs", value: text('"'.repeat(size)) }]),
    },
  }),
  spans: parser({
    run: (given: ReturnType<typeof span>[]) => traceSummary("t", given),
    shapes: {
      "many spans": (size: number) => Array.from({ length: size / 64 }, () => span([{ key: "a", value: text("v") }])),
    },
  }),
});
