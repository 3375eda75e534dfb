/**
 * Writes a graph node by node. A value of the graph is the text of its name.
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "@mintmark/proto/onnx/onnx";
import { irVersion, mlDomain, mlOpset, mlOpsetOfTrees, onnxDomain, onnxOpset } from "./operator-sets.ts";

/** The name of a value in the graph. */
export type Value = string;

/** Plain numbers are integers, INT and INTS attributes; what is none of ONNX's attribute types is a tensor. */
export type Attribute = string | number | readonly string[] | readonly number[] | Doubles | Bytes;
export interface Doubles {
  readonly doubles: readonly number[];
}
export interface Bytes {
  readonly bytes: readonly number[];
}

export type Shape = readonly (number | string)[];

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly domain?: string;
  /** The value's name, where the caller of the model sees it. */
  readonly as?: Value;
  /** The node's name, where a runtime that fails at it is to say why. */
  readonly name?: string;
}

export class GraphBuilder {
  readonly #graph: GraphProto = create(GraphProtoSchema, { name: "mintmark" });
  readonly #reserved: ReadonlySet<string>;
  readonly #constants = new Map<string, Value>();
  #count = 0;

  /** `reserved` are the names of inputs and outputs, which no inner value may have. */
  constructor(reserved: Iterable<string>) {
    this.#reserved = new Set(reserved);
  }

  input(name: string, type: DataType, shape: Shape): Value {
    this.#graph.input.push(valueInfo(name, type, shape));
    return name;
  }

  /** Declares a value that exists as an output. */
  output(name: Value, type: DataType, shape: Shape): void {
    this.#graph.output.push(valueInfo(name, type, shape));
  }

  /** Adds a node of one output. */
  node(operator: string, inputs: readonly Value[], { as, ...options }: NodeOptions = {}): Value {
    return this.#push(operator, inputs, [as ?? this.#fresh(operator)], options)[0]!;
  }

  /** Adds a node of several outputs. */
  nodes(operator: string, inputs: readonly Value[], outputs: number): Value[] {
    const names = Array.from({ length: outputs }, () => this.#fresh(operator));
    return this.#push(operator, inputs, names, {});
  }

  doubles(values: ArrayLike<number>, dims: readonly number[] = [values.length]): Value {
    return this.#constant(DataType.DOUBLE, dims, bytesOf(Float64Array.from(values)));
  }

  double(value: number): Value {
    return this.doubles([value], []);
  }

  integers(values: readonly number[], dims: readonly number[] = [values.length]): Value {
    return this.#constant(DataType.INT64, dims, bytesOf(BigInt64Array.from(values.map(BigInt))));
  }

  integer(value: number): Value {
    return this.integers([value], []);
  }

  booleans(values: readonly boolean[]): Value {
    return this.#constant(DataType.BOOL, [values.length], Uint8Array.from(values.map(Number)));
  }

  texts(values: readonly string[]): Value {
    const name = this.#fresh("constant");
    const stringData = values.map((text) => encoder.encode(text));
    const dims = [BigInt(values.length)];
    this.#graph.initializer.push(create(TensorProtoSchema, { name, dataType: DataType.STRING, dims, stringData }));
    return name;
  }

  /** The bytes of the model; the same graph gives the same bytes. */
  finish(): Uint8Array {
    const ofTrees = this.#graph.node.map(({ opType }) => mlOpsetOfTrees.get(opType));
    const model = create(ModelProtoSchema, {
      irVersion,
      producerName: "mintmark",
      opsetImport: [
        { domain: onnxDomain, version: onnxOpset },
        { domain: mlDomain, version: ofTrees.find((version) => version !== undefined) ?? mlOpset },
      ],
      graph: this.#graph,
    });
    return toBinary(ModelProtoSchema, model);
  }

  #push(
    opType: string,
    input: readonly Value[],
    output: Value[],
    { attributes = {}, domain = onnxDomain, name = `${opType}_${this.#graph.node.length}` }: NodeOptions,
  ): Value[] {
    const attribute = Object.entries(attributes).map((entry) => attributeProto(...entry));
    this.#graph.node.push({
      $typeName: "onnx.NodeProto",
      input: [...input],
      output,
      name,
      opType,
      domain,
      attribute,
    });
    return output;
  }

  /** Equal numeric constants are written once. */
  #constant(dataType: DataType, dims: readonly number[], rawData: Uint8Array): Value {
    const key = rawData.length <= 64 ? `${dataType} ${dims} ${rawData}` : null;
    const known = key === null ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.#fresh("constant");
    this.#graph.initializer.push(create(TensorProtoSchema, { name, dataType, dims: dims.map(BigInt), rawData }));
    if (key !== null) this.#constants.set(key, name);
    return name;
  }

  #fresh(hint: string): Value {
    for (;;) {
      const name = `${hint}_${this.#count++}`;
      if (!this.#reserved.has(name)) return name;
    }
  }
}

const encoder = new TextEncoder();

function valueInfo(name: string, elemType: DataType, shape: Shape): ValueInfoProto {
  const dim = shape.map((size) =>
    typeof size === "number"
      ? { value: { case: "dimValue" as const, value: BigInt(size) } }
      : { value: { case: "dimParam" as const, value: size } },
  );
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: "tensorType", value: { elemType, shape: { dim } } } },
  });
}

function attributeProto(name: string, value: Attribute): AttributeProto {
  if (typeof value === "string")
    return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s: encoder.encode(value) });
  if (typeof value === "number")
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  if ("doubles" in value)
    return tensorAttribute(name, DataType.DOUBLE, value.doubles.length, bytesOf(Float64Array.from(value.doubles)));
  if ("bytes" in value) return tensorAttribute(name, DataType.UINT8, value.bytes.length, Uint8Array.from(value.bytes));
  if (isTexts(value)) {
    const strings = value.map((text) => encoder.encode(text));
    return create(AttributeProtoSchema, { name, type: AttributeType.STRINGS, strings });
  }
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) });
}

function tensorAttribute(name: string, dataType: DataType, length: number, rawData: Uint8Array): AttributeProto {
  const t = create(TensorProtoSchema, { name, dataType, dims: [BigInt(length)], rawData });
  return create(AttributeProtoSchema, { name, type: AttributeType.TENSOR, t });
}

function isTexts(values: readonly string[] | readonly number[]): values is readonly string[] {
  return typeof values[0] === "string";
}

/** Little endian, as ONNX wants it; so is every machine that Node runs on. */
function bytesOf(values: Float64Array | BigInt64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
