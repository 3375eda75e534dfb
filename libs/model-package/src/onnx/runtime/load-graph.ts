/**
 * model.onnx as a function over tensors. The file may come from anyone: whatever is wrong with it is an error here,
 * and no file makes a loaded graph run without end.
 * @module
 */
import { fromBinary } from "@bufbuild/protobuf";
import { AppError } from "@mintmark/errors";
import { ArgumentError } from "@mintmark/ml-core/base/argument-error";
import { type ModelProto, ModelProtoSchema, type NodeProto, type ValueInfoProto } from "@mintmark/proto/onnx/onnx";
import { irVersion, mlDomain, mlOpsetOfTrees, mlOpsets, onnxDomain, onnxOpset } from "../operator-sets.ts";
import { decodeConstant } from "./constant.ts";
import { type Kernel, OnnxNode, safeInteger } from "./node.ts";
import { operators } from "./operators.ts";
import { RunBudget } from "./run-budget.ts";
import { invalidModel, type Tensor } from "./tensor.ts";

export interface Graph {
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  /** From the inputs, in their order, to the outputs, in theirs. */
  readonly run: (inputs: readonly Tensor[], budget?: RunBudget) => Tensor[];
}

export interface GraphValue {
  readonly name: string;
  /** A TensorProto.DataType. */
  readonly elementType: number;
  /** Null where the size is the caller's. */
  readonly dims: readonly (number | null)[];
}

/**
 * @throws AppError MODEL_FILE_INVALID if the bytes are no model, or its parts do not fit together;
 * OPERATOR_UNSUPPORTED if it needs what we do not run
 */
export function loadGraph(bytes: Uint8Array): Graph {
  const model = parse(bytes);
  const mlOpset = requireVersions(model);
  const graph = model.graph;
  if (graph === undefined) throw invalidModel("it has no graph");

  const slots = new Map<string, number>();
  const initial: (Tensor | undefined)[] = [];
  for (const { name } of graph.input) initial[define(slots, name)] = undefined;
  for (const proto of graph.initializer) initial[define(slots, proto.name)] = decodeConstant(proto);
  const constants = initial.length;
  const steps = graph.node.map((node) => compile(node, mlOpset, slots, initial));
  const outputs = graph.output.map(({ name }) => slotOf(slots, name, "the outputs"));
  const inputs = graph.input.length;
  const lastUses = lastUsesOf(steps, outputs, constants);

  return {
    inputs: graph.input.map(describe),
    outputs: graph.output.map(describe),
    run: (values, budget = new RunBudget()) => {
      if (values.length !== inputs)
        throw new ArgumentError(`"values" expected ${inputs} tensors, got ${values.length}`);
      const memory = initial.slice();
      for (let i = 0; i < inputs; i++) memory[i] = values[i];
      for (const [at, step] of steps.entries()) {
        step.run(memory, budget);
        for (const slot of lastUses[at]!) {
          budget.release(memory[slot]!);
          memory[slot] = undefined;
        }
      }
      return outputs.map((slot) => memory[slot]!);
    },
  };
}

function parse(bytes: Uint8Array): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (error) {
    throw invalidModel(`its bytes are not a protobuf message (${error instanceof Error ? error.message : error})`);
  }
}

/** Operators change their meaning between versions, so only those that we write are read. Returns that of `mlDomain`. */
function requireVersions({ irVersion: ir, opsetImport, functions }: ModelProto): bigint | undefined {
  if (ir !== irVersion) throw invalidModel(`it has IR version ${ir}, expected ${irVersion}`);
  if (functions.length > 0) throw new AppError("OPERATOR_UNSUPPORTED", { operator: "a function of its own" });
  const known = new Map<string, ReadonlySet<bigint>>([
    [onnxDomain, new Set([onnxOpset])],
    [mlDomain, mlOpsets],
  ]);
  const imported = new Map<string, bigint>();
  for (const { domain, version } of opsetImport) {
    if (known.get(domain)?.has(version) !== true)
      throw new AppError("OPERATOR_UNSUPPORTED", { operator: `operator set '${domain || "ai.onnx"}' ${version}` });
    if (imported.has(domain)) throw invalidModel(`it imports the operator set '${domain || "ai.onnx"}' twice`);
    imported.set(domain, version);
  }
  return imported.get(mlDomain);
}

/** A node, with the slots in memory of its inputs and outputs. */
interface Step {
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly run: (memory: (Tensor | undefined)[], budget: RunBudget) => void;
}

/** By step: the computed values that nothing needs after it. `constants` is how many slots before them are not computed. */
function lastUsesOf(steps: readonly Step[], outputs: readonly number[], constants: number): readonly number[][] {
  const needed = new Set(outputs);
  const lastUses: number[][] = steps.map(() => []);
  for (let at = steps.length - 1; at >= 0; at--)
    for (const slot of [...steps[at]!.from, ...steps[at]!.to]) {
      if (slot < constants || needed.has(slot)) continue;
      needed.add(slot);
      lastUses[at]!.push(slot);
    }
  return lastUses;
}

function compile(
  node: NodeProto,
  mlOpset: bigint | undefined,
  slots: Map<string, number>,
  initial: (Tensor | undefined)[],
): Step {
  const operator = `${node.domain || "ai.onnx"}.${node.opType}`;
  const make = operators.get(operator);
  if (make === undefined) throw new AppError("OPERATOR_UNSUPPORTED", { operator });
  if (node.domain === mlDomain && (mlOpsetOfTrees.get(node.opType) ?? mlOpset) !== mlOpset)
    throw new AppError("OPERATOR_UNSUPPORTED", { operator, problem: `operator set '${mlDomain}' ${mlOpset}` });
  const from = node.input.map((name) => slotOf(slots, name, operator));
  const view = new OnnxNode(
    operator,
    node.attribute,
    from.map((slot) => initial[slot]),
  );
  const kernel = make(view);
  view.requireAllRead();
  const to = node.output.map((name) => define(slots, name));
  return step(view, kernel, from, to);
}

function step(node: OnnxNode, kernel: Kernel, from: readonly number[], to: readonly number[]): Step {
  const run: Step["run"] = (memory, budget) => {
    const inputs = from.map((slot) => memory[slot]!);
    for (const { data } of inputs) budget.spend(data.length);
    const result = kernel(inputs, budget);
    const values = isList(result) ? result : [result];
    for (let i = 0; i < to.length; i++) {
      const value = values[i];
      if (value === undefined) throw node.invalid(`has ${to.length} outputs`);
      budget.spend(value.data.length);
      budget.hold(value);
      memory[to[i]!] = value;
    }
  };
  return { from, to, run };
}

function isList(result: Tensor | readonly Tensor[]): result is readonly Tensor[] {
  return Array.isArray(result);
}

/** Names are given once, and used only after they are given: so a graph has no cycle. */
function define(slots: Map<string, number>, name: string): number {
  if (name === "" || slots.has(name)) throw invalidModel(`it has two values '${name}'`);
  const slot = slots.size;
  slots.set(name, slot);
  return slot;
}

function slotOf(slots: ReadonlyMap<string, number>, name: string, user: string): number {
  const slot = slots.get(name);
  if (slot === undefined) throw invalidModel(`${user} needs a value '${name}' that nothing before it makes`);
  return slot;
}

function describe({ name, type }: ValueInfoProto): GraphValue {
  if (type?.value.case !== "tensorType") throw invalidModel(`'${name}' is not a tensor`);
  const { elemType, shape } = type.value.value;
  const dims = (shape?.dim ?? []).map(({ value }) => (value.case === "dimValue" ? safeInteger(value.value) : null));
  return { name, elementType: elemType, dims };
}
