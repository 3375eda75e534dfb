/**
 * The operators that models of ours are written in, and nothing else.
 * @module
 */
import { addition, arithmetic, cast, comparison, identity, isNaNKernel, unary, where } from "./elementwise-kernels.ts";
import { argBest, concat, gather, gemm, reduce, reshape } from "./matrix-kernels.ts";
import type { Kernel, OnnxNode } from "./node.ts";
import { orSparse, sparseByColumn, sparseCast, sparseSumSquares, sparseTimesRow } from "./sparse-kernels.ts";
import { labelEncoder, oneHotEncoder, stringNormalizer, stringSplit, tfIdfVectorizer } from "./text-kernels.ts";
import { treeEnsemble, treeEnsembleRegressor } from "./tree-kernel.ts";

/** By domain and name: makes the kernel of a node, or refuses what the node asks of it. */
export const operators: ReadonlyMap<string, (node: OnnxNode) => Kernel> = new Map([
  ["ai.onnx.Abs", unary(Math.abs)],
  ["ai.onnx.Add", addition],
  ["ai.onnx.ArgMax", argBest((value, best) => value > best)],
  ["ai.onnx.ArgMin", argBest((value, best) => value < best)],
  ["ai.onnx.Cast", orSparse(cast, sparseCast)],
  ["ai.onnx.Concat", concat],
  [
    "ai.onnx.Div",
    orSparse(
      arithmetic((a, b) => a / b),
      sparseByColumn,
    ),
  ],
  ["ai.onnx.Floor", unary(Math.floor)],
  ["ai.onnx.Gather", gather],
  ["ai.onnx.Gemm", gemm],
  ["ai.onnx.Equal", comparison((a, b) => a === b)],
  ["ai.onnx.Greater", comparison((a, b) => a > b)],
  ["ai.onnx.GreaterOrEqual", comparison((a, b) => a >= b)],
  ["ai.onnx.Identity", identity],
  ["ai.onnx.IsNaN", isNaNKernel],
  ["ai.onnx.Less", comparison((a, b) => a < b)],
  [
    "ai.onnx.Mul",
    orSparse(
      arithmetic((a, b) => a * b),
      sparseTimesRow,
    ),
  ],
  ["ai.onnx.ReduceMax", reduce(Number.NEGATIVE_INFINITY, Math.max)],
  ["ai.onnx.ReduceMin", reduce(Number.POSITIVE_INFINITY, Math.min)],
  [
    "ai.onnx.ReduceSumSquare",
    orSparse(
      reduce(0, (sum, value) => sum + value * value),
      sparseSumSquares,
    ),
  ],
  ["ai.onnx.Reshape", reshape],
  ["ai.onnx.Sqrt", unary(Math.sqrt)],
  ["ai.onnx.StringNormalizer", stringNormalizer],
  ["ai.onnx.StringSplit", stringSplit],
  ["ai.onnx.Sub", arithmetic((a, b) => a - b)],
  ["ai.onnx.TfIdfVectorizer", tfIdfVectorizer],
  ["ai.onnx.Where", where],
  ["ai.onnx.ml.LabelEncoder", labelEncoder],
  ["ai.onnx.ml.OneHotEncoder", oneHotEncoder],
  ["ai.onnx.ml.TreeEnsemble", treeEnsemble],
  ["ai.onnx.ml.TreeEnsembleRegressor", treeEnsembleRegressor],
]);
