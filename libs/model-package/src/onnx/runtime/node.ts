/**
 * One node of a graph, as the kernels see it while the model is loaded.
 * @module
 */
import { AppError } from "@mintmark/errors";
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  type TensorProto,
} from "@mintmark/proto/onnx/onnx";
import type { RunBudget } from "./run-budget.ts";
import { type BooleanTensor, type IntegerTensor, invalidModel, type NumericTensor, type Tensor } from "./tensor.ts";

/**
 * From the values of a node's inputs to those of its outputs. Pure. What it reads and writes of them is counted by whoever
 * calls; a kernel that does more for an element spends that of the budget before it begins.
 */
export type Kernel = (inputs: readonly Tensor[], budget: RunBudget) => Tensor | readonly Tensor[];

/**
 * Attributes are read while the kernel is made; one that nobody read is one that we do not know, and the model is refused
 * rather than run wrongly.
 */
export class OnnxNode {
  readonly operator: string;
  /** The constants among the inputs; undefined for those that are computed. */
  readonly constants: readonly (Tensor | undefined)[];
  readonly #attributes: ReadonlyMap<string, AttributeProto>;
  readonly #read = new Set<string>();

  constructor(operator: string, attributes: readonly AttributeProto[], constants: readonly (Tensor | undefined)[]) {
    this.operator = operator;
    this.constants = constants;
    this.#attributes = new Map(attributes.map((attribute) => [attribute.name, attribute]));
  }

  integer(name: string, fallback?: number): number {
    const attribute = this.#find(name, AttributeType.INT);
    if (attribute !== undefined) return safeInteger(attribute.i);
    if (fallback !== undefined) return fallback;
    throw this.invalid(`has no attribute '${name}'`);
  }

  integers(name: string): number[] {
    return (this.#find(name, AttributeType.INTS)?.ints ?? []).map(safeInteger);
  }

  text(name: string, fallback = ""): string {
    const attribute = this.#find(name, AttributeType.STRING);
    return attribute === undefined ? fallback : decodeText(attribute.s);
  }

  texts(name: string): string[] {
    return (this.#find(name, AttributeType.STRINGS)?.strings ?? []).map(decodeText);
  }

  tensor(name: string): TensorProto {
    const tensor = this.#find(name, AttributeType.TENSOR)?.t;
    if (tensor !== undefined) return tensor;
    throw this.invalid(`has no attribute '${name}'`);
  }

  /** Refuses any value but `expected`. */
  requireInteger(name: string, expected: number, fallback = expected): void {
    const value = this.integer(name, fallback);
    if (value !== expected) throw this.unsupported(`${name} ${value}`);
  }

  requireText(name: string, expected: string, fallback = expected): void {
    const value = this.text(name, fallback);
    if (value !== expected) throw this.unsupported(`${name} '${value}'`);
  }

  /** The constant of input `at`, of integers. */
  constantIntegers(at: number): readonly number[] {
    const constant = this.constants[at];
    if (constant === undefined) throw this.unsupported(`an input ${at} that is not constant`);
    if (constant.type !== "int64") throw this.invalid(`expected integers as input ${at}, got ${constant.type}`);
    return Array.from(constant.data);
  }

  /** Once the kernel is made: refuses attributes that it did not read. */
  requireAllRead(): void {
    for (const name of this.#attributes.keys())
      if (!this.#read.has(name)) throw this.unsupported(`attribute '${name}'`);
  }

  unsupported(problem: string): AppError<"OPERATOR_UNSUPPORTED"> {
    return new AppError("OPERATOR_UNSUPPORTED", { operator: this.operator, problem });
  }

  invalid(problem: string): AppError<"MODEL_FILE_INVALID"> {
    return invalidModel(`${this.operator} ${problem}`);
  }

  /** The input, of double or float. */
  numeric(tensor: Tensor | undefined): NumericTensor {
    if (tensor !== undefined && (tensor.type === "double" || tensor.type === "float")) return tensor;
    throw this.wrongType("numbers", tensor);
  }

  boolean(tensor: Tensor | undefined): BooleanTensor {
    if (tensor?.type === "bool") return tensor;
    throw this.wrongType("booleans", tensor);
  }

  wholeNumbers(tensor: Tensor | undefined): IntegerTensor {
    if (tensor?.type === "int64") return tensor;
    throw this.wrongType("integers", tensor);
  }

  wrongType(expected: string, tensor: Tensor | undefined): AppError<"MODEL_FILE_INVALID"> {
    return this.invalid(`expected ${expected}, got ${tensor?.type ?? "nothing"}`);
  }

  #find(name: string, type: AttributeType): AttributeProto | undefined {
    const attribute = this.#attributes.get(name);
    if (attribute === undefined) return undefined;
    if (attribute.type !== type) throw this.invalid(`has an attribute '${name}' of another type`);
    this.#read.add(name);
    return attribute;
  }
}

export function safeInteger(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw invalidModel(`the integer ${value} is too large`);
  return number;
}

/** @throws AppError if the bytes are not UTF-8. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw invalidModel("a text is not UTF-8");
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
