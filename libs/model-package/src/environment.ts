/**
 * The Python environment that `mlflow models serve` builds for a model: what its graph was tested with.
 * @module
 */

export const pythonVersion = "3.11.7";
/** Also the one whose protocols the gateway speaks; its clients ask. */
export const mlflowVersion = "3.17.2";
export const onnxVersion = "1.23.2";

/** What serving needs, by pip's names. */
export const requirements: readonly string[] = [
  `mlflow==${mlflowVersion}`,
  `onnx==${onnxVersion}`,
  "onnxruntime==1.31.1",
  "pandas==3.1.1",
];
