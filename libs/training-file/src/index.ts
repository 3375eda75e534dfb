export {
  type AlgorithmConfig,
  type AlgorithmName,
  algorithmNames,
  type ParamsOf,
  tasksOf,
} from "./algorithms.ts";
export type { TrainingConfig } from "./config.ts";
export { applySet } from "./document.ts";
export { trainingFileJsonSchema } from "./json-schema.ts";
export { metricsOf } from "./metrics.ts";
export {
  inferTask,
  type ParseOptions,
  parseTrainingConfig,
  parseTrainingFile,
  type TargetFacts,
} from "./parse.ts";
export { columnsOf, type Operation, operationOf, type PreprocessStep } from "./preprocess.ts";
export type { Problem } from "./problems.ts";
export { nearest, suggestion } from "./suggest.ts";
