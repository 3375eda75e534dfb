import { define } from "../define.ts";

/** Failures of traces, assessments and evaluation data sets. */
export const tracingReasons = {
  TRACE_NOT_FOUND: define("not_found", (d: { trace: string }) => `there is no trace '${d.trace}'`),
  TRACE_ELSEWHERE: define(
    "failed_precondition",
    (d: { trace: string; experiment: string }) =>
      `trace '${d.trace}' belongs to another experiment than '${d.experiment}', and stays there`,
  ),
  ASSESSMENT_NOT_FOUND: define(
    "not_found",
    (d: { trace: string; assessment: string }) => `trace '${d.trace}' has no assessment '${d.assessment}'`,
  ),
  EVALUATION_DATASET_NOT_FOUND: define(
    "not_found",
    (d: { dataset: string }) => `there is no evaluation data set '${d.dataset}'`,
  ),
} as const;
