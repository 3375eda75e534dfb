/**
 * The versions that models are written in: the newest that onnx, Python's onnxruntime and onnxruntime-node all take.
 * @module
 */

export const irVersion = 10n;
/** The standard operators. */
export const onnxDomain = "";
export const onnxOpset = 21n;
/** Trees, encoders and other classical models. */
export const mlDomain = "ai.onnx.ml";

/** The version that has an operator of trees, for each of those: none has both. */
export const mlOpsetOfTrees: ReadonlyMap<string, bigint> = new Map([
  ["TreeEnsembleRegressor", 3n],
  ["TreeEnsemble", 5n],
]);
/** Of models without trees. What else we write means the same in every version here. */
export const mlOpset = 3n;
export const mlOpsets: ReadonlySet<bigint> = new Set([mlOpset, ...mlOpsetOfTrees.values()]);
