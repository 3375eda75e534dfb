/**
 * What callers may ask of the gateway, each a setting.
 * @module
 */
import { wholeNumber } from "@mintmark/http-edge/settings";
import { defaultRuntimeLimits, type RuntimeLimits } from "@mintmark/model-runtime/model-runtime";
import type { MlflowLimits } from "./mlflow/mlflow-routes.ts";
import type { ScoringLimits } from "./scoring/scoring-routes.ts";

export interface GatewayLimits {
  /** For the bodies of all requests that are held at the same time, in bytes. */
  readonly bodyMemoryBytes: number;
  /** How long one of them may take to arrive, however steadily it does. */
  readonly bodyArrivalMs: number;
  readonly scoring: ScoringLimits;
  readonly mlflow: MlflowLimits;
  readonly models: RuntimeLimits;
  /** Of a model's file. */
  readonly modelBytes: number;
}

const mebibyte = 2 ** 20;

export const defaultLimits: GatewayLimits = {
  bodyMemoryBytes: 256 * mebibyte,
  bodyArrivalMs: 300_000,
  scoring: { bodyBytes: 100 * mebibyte },
  mlflow: { bytes: 4 * mebibyte, dataBytes: 32 * mebibyte, values: 50_000, spanFields: 200_000 },
  models: defaultRuntimeLimits,
  modelBytes: 512 * mebibyte,
};

/** @throws SettingError naming the variable */
export function limitsOf(setting: (variable: string) => string | undefined): GatewayLimits {
  const number = (variable: string, fallback: number, { min = 1, max = 2 ** 40, unit = 1 } = {}) => {
    const text = setting(variable);
    return text === undefined ? fallback : wholeNumber(variable, text, { min, max }) * unit;
  };
  const { models, modelBytes, scoring, mlflow, bodyMemoryBytes, bodyArrivalMs } = defaultLimits;
  return {
    bodyMemoryBytes: number("MINTMARK_BODY_MEMORY", bodyMemoryBytes, { max: 2 ** 20, unit: mebibyte }),
    bodyArrivalMs: number("MINTMARK_MESSAGE_SECONDS", bodyArrivalMs / 1000, { max: 86_400 }) * 1000,
    scoring: { bodyBytes: number("MINTMARK_SCORING_BYTES", scoring.bodyBytes) },
    mlflow: {
      bytes: number("MINTMARK_BODY_BYTES", mlflow.bytes),
      dataBytes: number("MINTMARK_DATA_BYTES", mlflow.dataBytes),
      values: number("MINTMARK_BODY_VALUES", mlflow.values),
      spanFields: number("MINTMARK_SPAN_FIELDS", mlflow.spanFields),
    },
    modelBytes: number("MINTMARK_MODEL_BYTES", modelBytes),
    models: {
      ...models,
      values: number("MINTMARK_SCORING_VALUES", models.values),
      memoryBytes: number("MINTMARK_MODEL_MEMORY", models.memoryBytes, { min: 128, max: 2 ** 20, unit: mebibyte }),
      seconds: number("MINTMARK_MODEL_SECONDS", models.seconds, { max: 86_400 }),
    },
  };
}
