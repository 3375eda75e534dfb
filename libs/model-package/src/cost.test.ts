import { create, toBinary } from "@bufbuild/protobuf";
import { GraphProtoSchema, ModelProtoSchema, NodeProtoSchema } from "@mintmark/proto/onnx/onnx";
import { costBattery, parser } from "@mintmark/testing/cost-battery";
import { numbered, repeated, textShapes, yamlShapes } from "@mintmark/testing/hostile-text";
import { readMlmodel } from "./mlmodel.ts";
import { loadGraph } from "./onnx/runtime/load-graph.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const signed = (inputs: string) => `flavors:\n  onnx: {data: model.onnx}\nsignature:\n  inputs: '${inputs}'\n`;

costBattery("model files", {
  MLmodel: parser({
    run: (text: string) => readMlmodel(bytes(text)),
    size: 1 << 16,
    shapes: {
      ...yamlShapes,
      "many columns": (size: number) =>
        signed(numbered((index) => `{"name":"c${index}","type":"double","required":true}`, ",", "[", "]")(size)),
      "columns of one name": (size: number) =>
        signed(repeated('{"name":"c","type":"double"},', "[", '{"name":"d","type":"double"}]')(size)),
      "lists in the signature": (size: number) => signed("[".repeat(size)),
      ...Object.fromEntries(Object.entries(textShapes).slice(0, 12)),
    },
  }),
  "ONNX graph": parser({
    run: loadGraph,
    shapes: {
      "many nodes": (size: number) =>
        graphOf(size / 16, (index) => ({ opType: "Identity", input: [`v${index}`], output: [`v${index + 1}`] })),
      "one node of many inputs": (size: number) =>
        graphOf(1, () => ({
          opType: "Concat",
          input: Array.from({ length: size / 4 }, (_, index) => `v${index}`),
          output: ["y"],
        })),
      "nothing but empty fields": (size: number) => new Uint8Array(size).fill(0x0a),
      "fields in fields": (size: number) => new Uint8Array(size).fill(0x3a),
      zeros: (size: number) => new Uint8Array(size),
    },
  }),
});

function graphOf(
  nodes: number,
  node: (index: number) => { opType: string; input: string[]; output: string[] },
): Uint8Array {
  const graph = create(GraphProtoSchema, {
    input: [{ name: "v0" }],
    node: Array.from({ length: nodes }, (_, index) => create(NodeProtoSchema, node(index))),
    output: [{ name: "y" }],
  });
  const opsetImport = [{ domain: "", version: 21n }];
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: 10n, opsetImport, graph }));
}
