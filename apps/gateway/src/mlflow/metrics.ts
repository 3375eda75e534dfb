/**
 * MLflow's calls on metrics.
 * @module
 */
import type { MetricPoint } from "@mintmark/proto/mintmark/tracking/v1/run";
import { int64, message, pageLength, requiredList, requiredText, runMessage, text } from "./fields.ts";
import { orAbsent, textOrAbsent } from "./json.ts";
import { MlflowError } from "./mlflow-error.ts";
import { type Route, route } from "./route.ts";
import { metricJson } from "./run-json.ts";

/** The most points in one answer; more are on further pages, or thinned out. */
const maxPoints = 25_000;
const maxPointsOfRun = 2_500;
const maxRuns = 100;

export const metricRoutes: readonly Route[] = [
  route(
    "GET",
    "2.0/mlflow/metrics/get-history",
    runMessage({ metric_key: requiredText, max_results: pageLength(), page_token: text }),
    async ({ run_id: runId, metric_key: key, max_results, page_token: pageToken }, { registry, as }) => {
      const pageSize = Math.min(max_results || maxPoints, maxPoints);
      const { points, nextPageToken } = await registry.runs.getMetricHistory({ runId, key, pageSize, pageToken }, as);
      return { metrics: orAbsent(points.map(metricJson)), next_page_token: textOrAbsent(nextPageToken) };
    },
  ),
  // The calls of MLflow's own web page, and of whoever draws curves.
  route(
    "GET",
    "2.0/mlflow/metrics/get-history-bulk",
    message({
      run_id: requiredList(requiredText, maxRuns),
      metric_key: requiredText,
      max_results: pageLength(),
    }),
    async ({ run_id: runIds, metric_key: key, max_results }, { registry, as }) => {
      const most = Math.min(max_results || maxPoints, maxPoints);
      const { points } = await registry.runs.compareMetric({ runIds: once(runIds), key, maxPoints: most }, as);
      return { metrics: points.toSorted(byRunAndTime).slice(0, most).map(metricJson) };
    },
  ),
  route(
    "GET",
    "2.0/mlflow/metrics/get-history-bulk-interval",
    message({
      run_ids: requiredList(requiredText, maxRuns),
      metric_key: requiredText,
      start_step: int64,
      end_step: int64,
      max_results: pageLength(maxPointsOfRun),
    }),
    async (asked, { registry, as }) => {
      const { points } = await registry.runs.compareMetric(
        {
          runIds: once(asked.run_ids),
          key: asked.metric_key,
          maxPoints: asked.max_results,
          ...stepsOf(asked),
        },
        as,
      );
      return { metrics: orAbsent(points.map(metricJson)) };
    },
  ),
];

function once(runIds: readonly string[]): string[] {
  return [...new Set(runIds)];
}

function byRunAndTime(a: MetricPoint, b: MetricPoint): number {
  if (a.runId !== b.runId) return a.runId < b.runId ? -1 : 1;
  return Number((a.timeMs ?? 0n) - (b.timeMs ?? 0n)) || Number(a.step - b.step);
}

/** @throws MlflowError if only one end of the interval is given, or they are the wrong way round */
function stepsOf({ start_step, end_step }: { start_step?: bigint | undefined; end_step?: bigint | undefined }) {
  if (start_step === undefined && end_step === undefined) return {};
  if (start_step === undefined || end_step === undefined)
    throw new MlflowError("INVALID_PARAMETER_VALUE", "'start_step' and 'end_step' are given both or not at all.");
  if (start_step > end_step)
    throw new MlflowError(
      "INVALID_PARAMETER_VALUE",
      `'end_step' must not be before 'start_step', got start_step=${start_step}, end_step=${end_step}.`,
    );
  return { startStep: start_step, endStep: end_step };
}
