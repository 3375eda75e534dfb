/**
 * MLflow's calls on assessments of traces.
 * @module
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Assessment, AssessmentKind, type AssessmentSchema } from "@mintmark/proto/mintmark/tracking/v1/trace";
import type { AssessmentValueSchema } from "@mintmark/proto/mintmark/tracking/v1/trace_service";
import { z } from "zod";
import { flag, message, optionalText, requiredText, text } from "./fields.ts";
import { textOrAbsent } from "./json.ts";
import { MlflowError } from "./mlflow-error.ts";
import { type Route, route } from "./route.ts";
import { instant, instantJson, texts } from "./trace-fields.ts";

const value = {
  feedback: message({
    value: z.unknown().optional(),
    error: message({ error_code: text, error_message: text, stack_trace: text }).optional(),
  }).optional(),
  expectation: message({
    value: z.unknown().optional(),
    serialized_value: message({ serialization_format: text, value: requiredText }).optional(),
  }).optional(),
};

/** As it is given, by itself or with a trace. */
export const assessment = message({
  assessment_name: requiredText,
  trace_id: text,
  span_id: text,
  source: message({ source_type: text, source_id: text }).default({ source_type: "", source_id: "" }),
  create_time: instant,
  last_update_time: instant,
  rationale: optionalText,
  metadata: texts,
  overrides: text,
  valid: flag,
  ...value,
});
const changes = message({ assessment_name: text, rationale: text, metadata: texts, ...value });
const named = { trace_id: requiredText, assessment_id: requiredText };

export const assessmentRoutes: readonly Route[] = [
  route(
    "POST",
    "3.0/mlflow/traces/:trace_id/assessments",
    message({ trace_id: requiredText, assessment }),
    async ({ trace_id, assessment }, { registry, as }) => {
      const given = { ...assessmentInit(assessment), traceId: trace_id };
      const { assessment: made } = await registry.traces.createAssessment({ assessment: given }, as);
      return { assessment: assessmentJson(made!) };
    },
  ),
  route(
    "GET",
    "3.0/mlflow/traces/:trace_id/assessments/:assessment_id",
    message(named),
    async ({ trace_id, assessment_id }, { registry, as }) => {
      const { assessment } = await registry.traces.getAssessment({ traceId: trace_id, id: assessment_id }, as);
      return { assessment: assessmentJson(assessment!) };
    },
  ),
  route(
    "PATCH",
    "3.0/mlflow/traces/:trace_id/assessments/:assessment_id",
    message({ ...named, assessment: changes, update_mask: requiredText }),
    async ({ trace_id, assessment_id, assessment: to, update_mask }, { registry, as }) => {
      const changed = changedFields(update_mask);
      const { assessment } = await registry.traces.updateAssessment(
        {
          traceId: trace_id,
          id: assessment_id,
          ...(changed.has("assessmentname") ? { name: to.assessment_name } : {}),
          ...(changed.has("feedback") || changed.has("expectation") ? { value: valueInit(to) } : {}),
          ...(changed.has("rationale") ? { rationale: to.rationale } : {}),
          ...(changed.has("metadata") ? { metadata: to.metadata } : {}),
        },
        as,
      );
      return { assessment: assessmentJson(assessment!) };
    },
  ),
  route(
    "DELETE",
    "3.0/mlflow/traces/:trace_id/assessments/:assessment_id",
    message(named),
    async ({ trace_id, assessment_id }, { registry, as }) => {
      await registry.traces.deleteAssessment({ traceId: trace_id, id: assessment_id }, as);
      return {};
    },
  ),
];

/** @throws MlflowError if it is neither feedback nor expectation */
export function assessmentInit(given: z.output<typeof assessment>): MessageInitShape<typeof AssessmentSchema> {
  return {
    name: given.assessment_name,
    ...valueInit(given),
    sourceType: given.source.source_type,
    sourceId: given.source.source_id,
    ...(given.create_time === undefined ? {} : { createTime: given.create_time }),
    ...(given.last_update_time === undefined ? {} : { updateTime: given.last_update_time }),
    ...(given.rationale === undefined ? {} : { rationale: given.rationale }),
    spanId: given.span_id,
    overrides: given.overrides,
    metadata: given.metadata,
  };
}

export function assessmentJson(assessment: Assessment): object {
  const { rationale, metadata } = assessment;
  return {
    assessment_id: assessment.id,
    assessment_name: assessment.name,
    trace_id: assessment.traceId,
    span_id: textOrAbsent(assessment.spanId),
    source: { source_type: assessment.sourceType, source_id: assessment.sourceId },
    create_time: instantJson(assessment.createTime),
    last_update_time: instantJson(assessment.updateTime),
    ...valueJson(assessment),
    rationale,
    metadata: Object.keys(metadata).length === 0 ? undefined : metadata,
    overrides: textOrAbsent(assessment.overrides),
    valid: assessment.valid,
  };
}

type Value = Pick<z.output<typeof changes>, "feedback" | "expectation">;

function valueInit({ feedback, expectation }: Value) {
  if ((feedback === undefined) === (expectation === undefined))
    throw new MlflowError("INVALID_PARAMETER_VALUE", "An assessment has either 'feedback' or 'expectation'.");
  if (expectation !== undefined)
    return {
      kind: AssessmentKind.EXPECTATION,
      valueJson: expectation.serialized_value?.value ?? JSON.stringify(expectation.value ?? null),
    } satisfies MessageInitShape<typeof AssessmentValueSchema>;
  const error = feedback!.error;
  return {
    kind: AssessmentKind.FEEDBACK,
    valueJson: JSON.stringify(feedback!.value ?? null),
    ...(error === undefined
      ? {}
      : { error: { code: error.error_code, message: error.error_message, stackTrace: error.stack_trace } }),
  } satisfies MessageInitShape<typeof AssessmentValueSchema>;
}

/** Expectations that are lists or objects travel as text, so that their numbers keep their digits. */
function valueJson({ kind, valueJson, error }: Assessment): object {
  const value: unknown = JSON.parse(valueJson);
  if (kind === AssessmentKind.EXPECTATION) {
    const isNested = typeof value === "object" && value !== null;
    return {
      expectation: isNested
        ? { serialized_value: { serialization_format: "JSON_FORMAT", value: valueJson } }
        : { value },
    };
  }
  return {
    feedback: {
      value,
      ...(error === undefined
        ? {}
        : {
            error: {
              error_code: error.code,
              error_message: error.message,
              stack_trace: textOrAbsent(error.stackTrace),
            },
          }),
    },
  };
}

/** A field mask names fields in camel case, others write them as they are. */
function changedFields(mask: string): ReadonlySet<string> {
  return new Set(mask.split(",").map((path) => path.trim().replaceAll("_", "").toLowerCase()));
}
