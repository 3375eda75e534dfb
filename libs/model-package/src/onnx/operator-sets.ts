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
export const mlOpset = 3n;
