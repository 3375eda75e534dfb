import { create, toBinary } from "@bufbuild/protobuf";
import { AttributeProto_AttributeType, ModelProtoSchema, TensorProto_DataType } from "@mintmark/proto/onnx/onnx";
import { describe, expect, it } from "vitest";
import { loadGraph } from "./load-graph.ts";
import { maxLiveBytes } from "./run-budget.ts";
import type { Tensor } from "./tensor.ts";

const one: Tensor = { type: "double", dims: [1, 1], data: new Float64Array([1]) };
const mebibyte = 2 ** 20;

describe("the budget of a run", () => {
  it("ends a graph of some kilobytes that keeps gigabytes of values", () => {
    const { bytes } = doubling(23, 40);
    expect(bytes.length).toBeLessThan(4_000);
    const before = process.memoryUsage().arrayBuffers;
    expect(() => loadGraph(bytes).run([one])).toThrow(/a run of it takes more than 256 MiB for one batch of rows/);
    // The value that was too much is there once more than the budget has.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(maxLiveBytes + 256 * mebibyte);
  });

  it("gives back each value after its last use", () => {
    // Each step makes 32 MiB, and 40 of them are 1.25 GiB.
    const { bytes } = doubling(22, 40, "chain");
    expect(loadGraph(bytes).run([one])[0]!.dims).toEqual([1, 2 ** 22]);
  });

  it("ends a graph whose steps are too many for one batch", () => {
    const { bytes } = doubling(22, 200, "chain");
    expect(() => loadGraph(bytes).run([one])).toThrow(/a run of it takes more than 536870912 operations/);
  });

  it("refuses one value that is too large before there is memory for it", () => {
    expect(() => loadGraph(doubling(25, 0).bytes).run([one])).toThrow(/\[1, 33554432\] elements is too large/);
  });
});

/**
 * x of one column, put beside itself `times` times; then `more` values of that width, each from the one before it ("chain") or
 * all from the same one and all of them outputs.
 */
function doubling(times: number, more: number, form: "chain" | "all" = "all") {
  const axis = { name: "axis", type: AttributeProto_AttributeType.INT, i: 1n };
  const node = [];
  for (let i = 0; i < times; i++)
    node.push({ opType: "Concat", input: [`v${i}`, `v${i}`], output: [`v${i + 1}`], attribute: [axis] });
  for (let i = 0; i < more; i++)
    node.push({
      opType: "Abs",
      input: [form === "all" ? `v${times}` : `v${times + i}`],
      output: [`v${times + i + 1}`],
    });
  const last = `v${times + more}`;
  const outputs = form === "all" ? Array.from({ length: more + 1 }, (_, i) => `v${times + i}`) : [last];
  const type = {
    value: { case: "tensorType" as const, value: { elemType: TensorProto_DataType.DOUBLE, shape: { dim: [{}, {}] } } },
  };
  const model = create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ domain: "", version: 21n }],
    graph: { input: [{ name: "v0", type }], output: outputs.map((name) => ({ name, type })), node },
  });
  return { bytes: toBinary(ModelProtoSchema, model) };
}
