/**
 * Constants of a graph, decoded.
 * @module
 */
import {
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
  type TensorProto,
} from "@mintmark/proto/onnx/onnx";
import { decodeText, safeInteger } from "./node.ts";
import { constantMax, elements, invalidModel, type Tensor } from "./tensor.ts";

/** @throws AppError if the type is none of ours, or the data does not fill the shape. */
export function decodeConstant(proto: TensorProto): Tensor {
  if (proto.dataLocation === DataLocation.EXTERNAL)
    throw invalidModel(`the constant '${proto.name}' is in another file`);
  const dims = proto.dims.map(safeInteger);
  if (dims.some((size) => size < 0)) throw invalidModel(`the constant '${proto.name}' has a negative size`);
  const tensor = decode(proto, dims);
  if (tensor.data.length !== elements(dims, constantMax))
    throw invalidModel(
      `the constant '${proto.name}' has ${tensor.data.length} elements, its shape [${dims.join(", ")}]`,
    );
  return tensor;
}

function decode(proto: TensorProto, dims: readonly number[]): Tensor {
  switch (proto.dataType) {
    case DataType.DOUBLE:
      return {
        type: "double",
        dims,
        data: numbers(proto, 8, (view, at) => view.getFloat64(at, true), proto.doubleData),
      };
    case DataType.FLOAT: {
      const data = numbers(proto, 4, (view, at) => view.getFloat32(at, true), proto.floatData);
      return { type: "float", dims, data: Float32Array.from(data) };
    }
    case DataType.INT64: {
      const listed = proto.int64Data.map(safeInteger);
      return {
        type: "int64",
        dims,
        data: numbers(proto, 8, (view, at) => safeInteger(view.getBigInt64(at, true)), listed),
      };
    }
    case DataType.BOOL: {
      const data = numbers(proto, 1, (view, at) => view.getUint8(at), proto.int32Data);
      return { type: "bool", dims, data: Uint8Array.from(data, (value) => (value === 0 ? 0 : 1)) };
    }
    case DataType.STRING:
      return { type: "string", dims, data: proto.stringData.map(decodeText) };
    default:
      throw invalidModel(
        `the constant '${proto.name}' has the element type ${proto.dataType}, which is not one of ours`,
      );
  }
}

/** Of a list of UINT8: enumerations among the attributes of a node, never a value of ours. */
export function decodeBytes(proto: TensorProto): Uint8Array {
  if (proto.dataType !== DataType.UINT8 || proto.dataLocation === DataLocation.EXTERNAL)
    throw invalidModel(`'${proto.name}' is no list of bytes`);
  const bytes = Uint8Array.from(numbers(proto, 1, (view, at) => view.getUint8(at), proto.int32Data));
  if (bytes.length !== elements(proto.dims.map(safeInteger), constantMax))
    throw invalidModel(`'${proto.name}' has ${bytes.length} elements, its shape [${proto.dims.join(", ")}]`);
  return bytes;
}

/** Of a list of DOUBLE. */
export function decodeDoubles(proto: TensorProto): Float64Array {
  const tensor = decodeConstant(proto);
  if (tensor.type !== "double") throw invalidModel(`'${proto.name}' is no list of doubles`);
  return tensor.data;
}

/** The elements, from `raw_data` if there is any, else from the field of their type. */
function numbers(
  proto: TensorProto,
  bytes: number,
  read: (view: DataView, at: number) => number,
  listed: readonly number[],
): Float64Array {
  const raw = proto.rawData;
  if (raw.length === 0) return Float64Array.from(listed);
  if (raw.length % bytes !== 0)
    throw invalidModel(`the constant '${proto.name}' has ${raw.length} bytes, not a multiple of ${bytes}`);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Float64Array.from({ length: raw.length / bytes }, (_, i) => read(view, i * bytes));
}
