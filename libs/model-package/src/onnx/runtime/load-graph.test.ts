import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { AppError } from "@mintmark/errors";
import {
  type AttributeProto,
  type ModelProto,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProto_DataLocation,
  TensorProto_DataType,
  TensorProtoSchema,
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
const boosted = named("numbers: trees, logistic of booleans");
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
    expect(() => loadGraph(withTree([leaf, [1, 2], leaf]))).toThrow(/nodes that no root leads to/);
    // Node 2 leads back to the root.
    expect(() => loadGraph(withTree([[1, 2], leaf, [0, 3], leaf]))).toThrow(/nodes that no root leads to/);
    expect(() => loadGraph(withTree([[1, 1], leaf]))).toThrow(/a node to which 2 ways lead/);
    expect(() => loadGraph(withTree([[1, 2], leaf, leaf, leaf]))).toThrow(/a tree with two roots/);
  });

  it("refuses the same of trees whose leaves are numbered apart", () => {
    // Leaves are below 0: −1 is the first.
    expect(() =>
      loadGraph(
        withSums(
          [0],
          [
            [-1, 1],
            [-2, -3],
          ],
        ),
      ),
    ).not.toThrow();
    expect(() =>
      loadGraph(
        withSums(
          [0, 1],
          [
            [-1, -2],
            [-3, -4],
          ],
        ),
      ),
    ).not.toThrow();
    expect(() =>
      loadGraph(
        withSums(
          [0],
          [
            [-1, -2],
            [-3, 1],
          ],
        ),
      ),
    ).toThrow(/nodes that no root leads to/);
    expect(() => loadGraph(withSums([0], [[0, -1]]))).toThrow(/a node to which 2 ways lead/);
    expect(() => loadGraph(withSums([0], [[-1, -1]]))).toThrow(/a node to which 2 ways lead/);
    expect(() => loadGraph(withSums([0, 0], [[-1, -2]]))).toThrow(/a node to which 2 ways lead/);
    expect(() =>
      loadGraph(
        withSums(
          [0],
          [
            [-1, -2],
            [-3, -4],
          ],
        ),
      ),
    ).toThrow(/nodes that no root leads to/);
    expect(() => loadGraph(withSums([7], [[-1, -2]]))).toThrow(/has no node 7/);
    expect(() => loadGraph(withSums([0], [[-1, 3]]))).toThrow(/has no node 3/);
  });

  it("refuses sums, leaves and comparisons that are not there", () => {
    const at = (name: string, change: (attribute: AttributeProto) => void) =>
      edited(boosted, (model) => change(attribute(model, "TreeEnsemble", name)));
    const first = (name: string, value: bigint) =>
      at(name, ({ ints }) => {
        ints[0] = value;
      });
    expect(() => loadGraph(first("leaf_targetids", 1n))).toThrow(/adds to sum 1 of 1/);
    expect(() => loadGraph(first("nodes_featureids", -1n))).toThrow(/tests feature -1/);
    expect(() => loadGraph(at("leaf_targetids", ({ ints }) => ints.pop()))).toThrow(/lists of leaf values that differ/);
    expect(() => loadGraph(at("nodes_trueleafs", ({ ints }) => ints.pop()))).toThrow(/lists of nodes that differ/);
    const mode = at("nodes_modes", ({ t }) => {
      t!.rawData = t!.rawData.map((_, i) => (i === 0 ? 1 : 0));
    });
    expect(() => loadGraph(mode)).toThrow(/ai\.onnx\.ml\.TreeEnsemble with nodes of mode 1/);
    const average = at("aggregate_function", (attribute) => {
      attribute.i = 0n;
    });
    expect(() => loadGraph(average)).toThrow(/ai\.onnx\.ml\.TreeEnsemble with aggregate_function 0/);
    const short = at("leaf_weights", ({ t }) => {
      t!.rawData = t!.rawData.subarray(8);
    });
    expect(() => loadGraph(short)).toThrow(/elements, its shape/);
  });

  it("refuses trees of another version than the one that the model imports", () => {
    const importing = (model: TrainedModel, version: bigint) =>
      edited(model, ({ opsetImport }) => {
        opsetImport.find(({ domain }) => domain === "ai.onnx.ml")!.version = version;
      });
    expect(() => loadGraph(importing(forest, 5n))).toThrow(/TreeEnsembleRegressor with operator set 'ai\.onnx\.ml' 5/);
    expect(() => loadGraph(importing(boosted, 3n))).toThrow(/TreeEnsemble with operator set 'ai\.onnx\.ml' 3/);
    expect(() => loadGraph(importing(boosted, 4n))).toThrow(/operator set 'ai\.onnx\.ml' 4/);
    const both = edited(boosted, ({ opsetImport }) => {
      opsetImport.push({ ...opsetImport.at(-1)!, version: 3n });
    });
    expect(() => loadGraph(both)).toThrow(/imports the operator set 'ai\.onnx\.ml' twice/);
  });

  it("refuses a child, a leaf value or a sum that is not there", () => {
    const at = (name: string, value: bigint) =>
      edited(forest, (model) => {
        const modes = attribute(model, "TreeEnsembleRegressor", "nodes_modes").strings;
        const branch = modes.findIndex((mode) => new TextDecoder().decode(mode) !== "LEAF");
        attribute(model, "TreeEnsembleRegressor", name).ints[name === "nodes_falsenodeids" ? branch : 0] = value;
      });
    expect(() => loadGraph(at("nodes_falsenodeids", 4_000n))).toThrow(/no node 4000 in tree \d/);
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
    for (const model of [forest, boosted, text]) {
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
    set("nodes_values_as_tensor", { t: doubles(nodes.map(() => 0)) });
    set("nodes_truenodeids", { ints: nodes.map((node) => BigInt(node?.[0] ?? 0)) });
    set("nodes_falsenodeids", { ints: nodes.map((node) => BigInt(node?.[1] ?? 0)) });
    set("target_treeids", { ints: leaves.map(() => 0n) });
    set("target_nodeids", { ints: leaves });
    set("target_ids", { ints: leaves.map(() => 0n) });
    set("target_weights_as_tensor", { t: doubles(leaves.map(() => 1)) });
  });
}

/** A model of trees by their roots: for each node its two children, those below 0 being leaves. */
function withSums(roots: readonly number[], nodes: readonly (readonly [number, number])[]): Uint8Array {
  return edited(boosted, (model) => {
    const set = (name: string, values: Partial<AttributeProto>) =>
      Object.assign(attribute(model, "TreeEnsemble", name), values);
    const idOf = (child: number) => BigInt(child < 0 ? -1 - child : child);
    const isLeaf = (child: number) => (child < 0 ? 1n : 0n);
    const leaves = nodes.flat().filter((child) => child < 0);
    set("tree_roots", { ints: roots.map(BigInt) });
    set("nodes_modes", {
      t: create(TensorProtoSchema, {
        dataType: TensorProto_DataType.UINT8,
        dims: [BigInt(nodes.length)],
        rawData: new Uint8Array(nodes.length),
      }),
    });
    set("nodes_featureids", { ints: nodes.map(() => 0n) });
    set("nodes_splits", { t: doubles(nodes.map(() => 0)) });
    set("nodes_truenodeids", { ints: nodes.map(([left]) => idOf(left)) });
    set("nodes_trueleafs", { ints: nodes.map(([left]) => isLeaf(left)) });
    set("nodes_falsenodeids", { ints: nodes.map(([, right]) => idOf(right)) });
    set("nodes_falseleafs", { ints: nodes.map(([, right]) => isLeaf(right)) });
    set("leaf_targetids", { ints: leaves.map(() => 0n) });
    set("leaf_weights", { t: doubles(leaves.map(() => 1)) });
  });
}

function doubles(values: readonly number[]) {
  return create(TensorProtoSchema, {
    dataType: TensorProto_DataType.DOUBLE,
    dims: [BigInt(values.length)],
    rawData: new Uint8Array(Float64Array.from(values).buffer),
  });
}

function mlmodel(model: TrainedModel): Uint8Array {
  return modelFiles({ model, example: null, training: {} }).get("MLmodel")!;
}

function attribute({ graph }: ModelProto, operator: string, name: string) {
  const node = graph!.node.find(({ opType }) => opType === operator)!;
  return node.attribute.find((each) => each.name === name)!;
}
