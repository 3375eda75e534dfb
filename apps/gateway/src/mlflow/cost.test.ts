import { countFields } from "@mintmark/http-edge/count-fields";
import { ExportTraceServiceRequestSchema } from "@mintmark/proto/opentelemetry/proto/collector/trace/v1/trace_service";
import { costBattery, parser } from "@mintmark/testing/cost-battery";
import { jsonShapes, numbered, repeated, textShapes } from "@mintmark/testing/hostile-text";
import { z } from "zod";
import { artifactPath } from "./artifact-path.ts";
import {
  double,
  list,
  message,
  optionalText,
  pairs,
  readMessage,
  requiredText,
  requiredWhole,
  tags,
  text,
} from "./fields.ts";
import { readQuery } from "./query.ts";
import { readJson } from "./read-json.ts";
import { texts } from "./trace-fields.ts";

const bytes = (given: string) => new TextEncoder().encode(given);
const urls = {
  ...textShapes,
  "many parameters": numbered((index) => `k${index}=v`, "&"),
  "one parameter again and again": repeated("a=1&"),
  escapes: repeated("%C3%BC", "a="),
  "escapes that are none": repeated("%FF", "a="),
  questions: repeated("?a"),
};
const batch = message({
  run_id: requiredText,
  name: optionalText,
  metrics: list(message({ key: requiredText, value: double, timestamp: requiredWhole })),
  params: pairs(text),
  tags,
  texts,
  more: z.unknown(),
});

costBattery("what MLflow's clients send", {
  "parameters of a URL": parser({ run: (query: string) => readQuery(`/a?${query}`), shapes: urls }),
  "JSON body": parser({
    run: (given: string) => readJson(bytes(given), Number.POSITIVE_INFINITY),
    shapes: { ...textShapes, ...jsonShapes },
  }),
  "fields of a message": parser({
    run: (given: string) => readMessage(batch, JSON.parse(given)),
    shapes: {
      "many tags": numbered((index) => `{"key":"k${index}","value":"v"}`, ",", '{"run_id":"a","tags":[', "]}"),
      "tags that are none": repeated("{},", '{"run_id":"a","tags":[', "{}]}"),
      "one tag again and again": repeated(
        '{"key":"a","value":"v"},',
        '{"run_id":"a","tags":[',
        '{"key":"a","value":"v"}]}',
      ),
      "many metrics": repeated(
        '{"key":"a","value":1,"timestamp":1},',
        '{"run_id":"a","metrics":[',
        '{"key":"a","value":1,"timestamp":1}]}',
      ),
      "metrics that are none": repeated('{"key":"a","value":"x"},', '{"run_id":"a","metrics":[', "{}]}"),
      "many texts": numbered((index) => `"k${index}":"v"`, ",", '{"run_id":"a","texts":{', "}}"),
      "texts that are none": numbered((index) => `"k${index}":1`, ",", '{"run_id":"a","texts":{', "}}"),
      "many unknown fields": numbered((index) => `"k${index}":1`, ",", '{"run_id":"a",', "}"),
      "lists for a text": (size: number) => `{"run_id":${"[".repeat(size / 2)}${"]".repeat(size / 2)}}`,
      "a number that goes on": repeated("9", '{"run_id":"a","metrics":[{"key":"a","value":"', '"}]}'),
      ...jsonShapes,
    },
  }),
  "path of an artifact": parser({
    run: (path: string) => artifactPath("mlflow-artifacts:/0/run/artifacts", path),
    shapes: { ...textShapes, folders: repeated("a/"), "up and down": repeated("a/../") },
  }),
  "spans of OTLP, counted": parser({
    run: (given: Uint8Array) => countFields(given, ExportTraceServiceRequestSchema, Number.POSITIVE_INFINITY),
    shapes: {
      "fields in fields": (size: number) => new Uint8Array(size).fill(0x0a),
      "empty fields": (size: number) => Uint8Array.from({ length: size }, (_, at) => (at % 2 === 0 ? 0x0a : 0)),
      zeros: (size: number) => new Uint8Array(size),
      groups: (size: number) => new Uint8Array(size).fill(0x0b),
    },
  }),
});
