/**
 * Every failure a caller can act on, in one table: its kind, its typed detail and its message.
 * @module
 */
import { artifactReasons } from "./reasons/artifact.ts";
import { commonReasons } from "./reasons/common.ts";
import { dataReasons } from "./reasons/data.ts";
import { gatewayReasons } from "./reasons/gateway.ts";
import { operationReasons } from "./reasons/operation.ts";
import { registryReasons } from "./reasons/registry.ts";
import { servingReasons } from "./reasons/serving.ts";
import { tracingReasons } from "./reasons/tracing.ts";
import { trainingReasons } from "./reasons/training.ts";

export const reasons = {
  ...commonReasons,
  ...registryReasons,
  ...artifactReasons,
  ...dataReasons,
  ...trainingReasons,
  ...tracingReasons,
  ...servingReasons,
  ...gatewayReasons,
  ...operationReasons,
} as const;

export type Reason = keyof typeof reasons;
export type Detail<R extends Reason> = Parameters<(typeof reasons)[R]["message"]>[0];
