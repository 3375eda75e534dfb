import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { AppError } from "@mintmark/errors";
import {
  type AttributeProto,
  type ModelProto,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProto_DataLocation,
} from "@mintmark/proto/onnx/onnx";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { modelFiles } from "../../package-directory.ts";
import { loadPredictor } from "../../predictor.ts";
import { allCases } from "../../testing/cases.ts";
import type { TrainedModel } from "../../trained-model.ts";
import { loadGraph } from "./load-graph.ts";

const named = (name: string): TrainedModel => allCases().find((each) => each.name === name)!.model;
const forest = named("mixed: trees, probabilities of texts");
const text = named("text: 3 classes, 1 to 2 words");

describe("loadGraph", () => {
  it("names an operator that it does not run", () => {
    const bytes = edited(forest, ({ graph }) => {
      graph!.node[0] = create(NodeProtoSchema, { opType: "Softmax", input: graph!.node[0]!.input, output: ["x"] });
    });
    expect(() => loadGraph(bytes)).toThrow(/uses ai\.onnx\.Softmax, which Mintmark does not run/);
  });

  it("refuses an attribute that it would not honour", () => {
    const bytes = edited(forest, (model) => {
      attribute(model, "TreeEnsembleRegressor", "post_transform").s = new TextEncoder().encode("SOFTMAX");
    });
    expect(() => loadGraph(bytes)).toThrow(/ai\.onnx\.ml\.TreeEnsembleRegressor with post_transform 'SOFTMAX'/);
    const unknown = edited(forest, (model) => {
      attribute(model, "TreeEnsembleRegressor", "post_transform").name = "nodes_missing_value_tracks_true";
    });
    expect(() => loadGraph(unknown)).toThrow(/attribute 'nodes_missing_value_tracks_true'/);
  });

  it("refuses operator sets and file versions that it was not written for", () => {
    const opset = edited(forest, (model) => {
      model.opsetImport[0]!.version = 22n;
    });
    expect(() => loadGraph(opset)).toThrow(/operator set 'ai\.onnx' 22/);
    const ir = edited(forest, (model) => {
      model.irVersion = 14n;
    });
    expect(() => loadGraph(ir)).toThrow(/IR version 14, expected 10/);
  });

  it("refuses nodes that form a cycle, that two nodes lead to, or that nothing leads to", () => {
    const leaf = null;
    expect(() => loadGraph(withTree([[1, 2], leaf, leaf]))).not.toThrow();
    // Node 1 leads to itself; each node but the root has one parent.
    expect(() => loadGraph(withTree([leaf, [1, 2], leaf]))).toThrow(/nodes in a cycle/);
    // Node 2 leads back to the root.
    expect(() => loadGraph(withTree([[1, 2], leaf, [0, 3], leaf]))).toThrow(/nodes in a cycle/);
    expect(() => loadGraph(withTree([[1, 1], leaf]))).toThrow(/a node of tree 0 with 2 parents/);
    expect(() => loadGraph(withTree([[1, 2], leaf, leaf, leaf]))).toThrow(/a tree with two roots/);
  });

  it("refuses a child, a leaf value or a sum that is not there", () => {
    const at = (name: string, value: bigint) =>
      edited(forest, (model) => {
        attribute(model, "TreeEnsembleRegressor", name).ints[0] = value;
      });
    expect(() => loadGraph(at("nodes_falsenodeids", 4_000n))).toThrow(/no node 4000 in tree 0/);
    expect(() => loadGraph(at("target_nodeids", -1n))).toThrow(/no node -1 in tree/);
    expect(() => loadGraph(at("target_ids", 3n))).toThrow(/adds to sum 3 of 3/);
    expect(() => loadGraph(at("nodes_treeids", 2n ** 60n))).toThrow(/integer 1152921504606846976 is too large/);
  });

  it("refuses a tree that tests a feature which the graph does not make", () => {
    const bytes = edited(forest, (model) => {
      const features = attribute(model, "TreeEnsembleRegressor", "nodes_featureids").ints;
      const modes = attribute(model, "TreeEnsembleRegressor", "nodes_modes").strings;
      features[modes.findIndex((mode) => new TextDecoder().decode(mode) !== "LEAF")] = 99n;
    });
    expect(() => loadPredictor(bytes, mlmodel(forest))).toThrow(/tests feature 99 of \d+/);
  });

  it("refuses values that are used before they are made, or made twice", () => {
    const reversed = edited(forest, ({ graph }) => graph!.node.reverse());
    expect(() => loadGraph(reversed)).toThrow(/needs a value '.*' that nothing before it makes/);
    const twice = edited(forest, ({ graph }) => {
      graph!.node[1]!.output = graph!.node[0]!.output;
    });
    expect(() => loadGraph(twice)).toThrow(/two values/);
  });

  it("refuses constants that do not fill their shape, or are in another file", () => {
    const short = edited(text, ({ graph }) => {
      const tensor = graph!.initializer.find(({ rawData }) => rawData.length > 16)!;
      tensor.rawData = tensor.rawData.subarray(8);
    });
    expect(() => loadGraph(short)).toThrow(/has \d+ elements, its shape/);
    const external = edited(text, ({ graph }) => {
      graph!.initializer[0]!.dataLocation = TensorProto_DataLocation.EXTERNAL;
    });
    expect(() => loadGraph(external)).toThrow(/in another file/);
  });

  it("refuses bytes that are no model", () => {
    expect(() => loadGraph(new TextEncoder().encode("not a model"))).toThrow(/not a protobuf message/);
    expect(() => loadGraph(new Uint8Array())).toThrow(/IR version 0/);
  });

  it("answers whatever happens to the bytes with an error of the table, or a prediction", () => {
    for (const model of [forest, text]) {
      const files = modelFiles({ model, example: null, training: {} });
      const onnx = files.get("model.onnx")!;
      // The graph's structure, not megabytes of node lists, is where a change has the most to break.
      const position = fc.oneof(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 0, max: onnx.length - 1 }));
      const change = fc.tuple(position, fc.integer({ min: 0, max: 255 }));
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
          const bytes = onnx.slice();
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          try {
            loadPredictor(bytes, files.get("MLmodel")!);
          } catch (error) {
            if (!(error instanceof AppError)) throw error;
          }
        }),
        { numRuns: 400 },
      );
    }
  });
});

function edited(model: TrainedModel, edit: (proto: ModelProto) => void): Uint8Array {
  const files = modelFiles({ model, example: null, training: {} });
  const proto = fromBinary(ModelProtoSchema, files.get("model.onnx")!);
  edit(proto);
  return toBinary(ModelProtoSchema, proto);
}

/** A model of one tree: for each node its two children, or null for a leaf. */
function withTree(nodes: readonly (readonly [number, number] | null)[]): Uint8Array {
  return edited(forest, (model) => {
    const set = (name: string, values: Partial<AttributeProto>) =>
      Object.assign(attribute(model, "TreeEnsembleRegressor", name), values);
    const ids = nodes.map((_, id) => BigInt(id));
    const leaves = ids.filter((_, id) => nodes[id] === null);
    const zeros = nodes.map(() => 0n);
    set("nodes_treeids", { ints: zeros });
    set("nodes_nodeids", { ints: ids });
    set("nodes_modes", {
      strings: nodes.map((node) => new TextEncoder().encode(node === null ? "LEAF" : "BRANCH_LEQ")),
    });
    set("nodes_featureids", { ints: zeros });
    set("nodes_values", { floats: nodes.map(() => 0) });
    set("nodes_truenodeids", { ints: nodes.map((node) => BigInt(node?.[0] ?? 0)) });
    set("nodes_falsenodeids", { ints: nodes.map((node) => BigInt(node?.[1] ?? 0)) });
    set("target_treeids", { ints: leaves.map(() => 0n) });
    set("target_nodeids", { ints: leaves });
    set("target_ids", { ints: leaves.map(() => 0n) });
    set("target_weights", { floats: leaves.map(() => 1) });
  });
}

function mlmodel(model: TrainedModel): Uint8Array {
  return modelFiles({ model, example: null, training: {} }).get("MLmodel")!;
}

function attribute({ graph }: ModelProto, operator: string, name: string) {
  const node = graph!.node.find(({ opType }) => opType === operator)!;
  return node.attribute.find((each) => each.name === name)!;
}
