/**
 * A graph of some kilobytes that asks for gigabytes: every operator in it is one that we run.
 * @module
 */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  ModelProtoSchema,
  type NodeProtoSchema,
} from "@mintmark/proto/onnx/onnx";
import { irVersion, onnxOpset } from "../onnx/operator-sets.ts";

export interface CostlyGraph {
  /** Of the input, a matrix of numbers. */
  readonly columns?: number;
  /** How often the matrix is put beside itself, before anything else. */
  readonly doublings: number;
  /** How many values of that width come then. */
  readonly more: number;
  /** Whether each of them is needed at the end, or only by the next one. */
  readonly keeps: boolean;
}

/** `model.onnx`: a column of doubles as its output. */
export function costlyGraph({ columns = 1, doublings, more, keeps }: CostlyGraph): Uint8Array {
  const node: MessageInitShape<typeof NodeProtoSchema>[] = [];
  const integer = (name: string, i: bigint) => ({ name, type: AttributeType.INT, i });
  for (let i = 0; i < doublings; i++)
    node.push({
      opType: "Concat",
      input: [`v${i}`, `v${i}`],
      output: [`v${i + 1}`],
      attribute: [integer("axis", 1n)],
    });
  const wide = `v${doublings}`;
  for (let i = 0; i < more; i++)
    node.push({ opType: "Abs", input: [keeps || i === 0 ? wide : `w${i - 1}`], output: [`w${i}`] });
  const last = more === 0 ? [wide] : keeps ? Array.from({ length: more }, (_, i) => `w${i}`) : [`w${more - 1}`];
  for (const [i, value] of last.entries())
    node.push({
      opType: "ReduceMax",
      input: [value, "axes"],
      output: [`out${i}`],
      attribute: [integer("keepdims", 0n)],
    });
  const model = create(ModelProtoSchema, {
    irVersion,
    opsetImport: [{ domain: "", version: onnxOpset }],
    graph: {
      input: [{ name: "v0", type: doubles([undefined, columns]) }],
      output: [{ name: "out0", type: doubles([undefined]) }],
      initializer: [{ name: "axes", dataType: DataType.INT64, dims: [1n], int64Data: [1n] }],
      node,
    },
  });
  return toBinary(ModelProtoSchema, model);
}

function doubles(dims: readonly (number | undefined)[]) {
  const dim = dims.map((size) =>
    size === undefined ? {} : { value: { case: "dimValue" as const, value: BigInt(size) } },
  );
  return { value: { case: "tensorType" as const, value: { elemType: DataType.DOUBLE, shape: { dim } } } };
}
