/**
 * MLflow's calls on runs.
 * @module
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type DatasetInputSchema, type MetricPointSchema, RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import type { LogBatchRequestSchema } from "@mintmark/proto/mintmark/tracking/v1/run_service";
import { z } from "zod";
import { makeOnce, newId } from "../lost-calls.ts";
import { experimentId, lifecycleView } from "./experiments.ts";
import {
  byKey,
  double,
  int64,
  list,
  message,
  pageLength,
  pairs,
  requiredList,
  requiredText,
  requiredWhole,
  runMessage,
  text,
  textCutAt,
  word,
} from "./fields.ts";
import { orAbsent, textOrAbsent, timeOf } from "./json.ts";
import { MlflowError } from "./mlflow-error.ts";
import { type Call, type Route, route } from "./route.ts";
import { roleTag, runInfoJson, runJson, runStatusNames } from "./run-json.ts";

const paramValue = textCutAt(6_000);
const tagValue = textCutAt(8_000);
const measured = {
  key: requiredText,
  value: double,
  timestamp: requiredWhole,
  step: int64,
  model_id: text,
  dataset_name: text,
  dataset_digest: text,
};
const metric = message(measured);
/** Of metrics, params and tags together; of each by itself the registry says how many there can be. */
const maxBatch = 1000;
const dataset = message({
  name: requiredText.max(500),
  digest: requiredText.max(36),
  source_type: text,
  source: text,
  schema: text,
  profile: text,
});
const oneRun = runMessage({});

export const runRoutes: readonly Route[] = [
  route(
    "POST",
    "2.0/mlflow/runs/create",
    message({
      experiment_id: experimentId.default("0"),
      user_id: text,
      run_name: text,
      start_time: int64,
      tags: pairs(tagValue),
    }),
    async (asked, { registry, as, baseUrl }) => {
      const startTime = timeOf(asked.start_time);
      const id = newId();
      const wanted = {
        id,
        experimentId: asked.experiment_id,
        name: asked.run_name,
        user: asked.user_id,
        tags: byKey(asked.tags),
        ...(startTime === undefined ? {} : { startTime }),
      };
      const { run } = await makeOnce(
        () => registry.runs.createRun(wanted, as),
        "RUN_ID_TAKEN",
        () => registry.runs.getRun({ id }, as),
      );
      return { run: runJson(run!, baseUrl) };
    },
  ),
  route("GET", "2.0/mlflow/runs/get", oneRun, async ({ run_id: id }, { registry, as, baseUrl }) => {
    const { run } = await registry.runs.getRun({ id }, as);
    return { run: runJson(run!, baseUrl) };
  }),
  route(
    "POST",
    "2.0/mlflow/runs/update",
    runMessage({ status: word(runStatusNames), end_time: int64, run_name: text }),
    async ({ run_id: id, status, end_time, run_name: name }, { registry, as }) => {
      const endTime = timeOf(end_time);
      const { run } = await registry.runs.updateRun(
        {
          id,
          name,
          status: status === undefined ? RunStatus.UNSPECIFIED : RunStatus[status],
          ...(endTime === undefined ? {} : { endTime }),
        },
        as,
      );
      return { run_info: runInfoJson(run!) };
    },
  ),
  route("POST", "2.0/mlflow/runs/delete", oneRun, async ({ run_id: id }, { registry, as }) => {
    await registry.runs.deleteRun({ id }, as);
    return {};
  }),
  route("POST", "2.0/mlflow/runs/restore", oneRun, async ({ run_id: id }, { registry, as }) => {
    await registry.runs.restoreRun({ id }, as);
    return {};
  }),
  route("POST", "2.0/mlflow/runs/log-metric", runMessage(measured), async ({ run_id: runId, ...point }, call) => {
    await log(call, { runId, metrics: [metricPoint(point)] });
    return {};
  }),
  route(
    "POST",
    "2.0/mlflow/runs/log-parameter",
    runMessage({ key: requiredText, value: paramValue }),
    async ({ run_id: runId, key, value }, call) => {
      await log(call, { runId, params: { [key]: value } });
      return {};
    },
  ),
  route(
    "POST",
    "2.0/mlflow/runs/set-tag",
    runMessage({ key: requiredText, value: tagValue }),
    async ({ run_id: runId, key, value }, call) => {
      await log(call, { runId, tags: { [key]: value } });
      return {};
    },
  ),
  route(
    "POST",
    "2.0/mlflow/runs/delete-tag",
    runMessage({ key: requiredText }),
    async ({ run_id: id, key }, { registry, as }) => {
      await registry.runs.deleteRunTag({ id, key }, as);
      return {};
    },
  ),
  route(
    "POST",
    "2.0/mlflow/runs/log-batch",
    runMessage({
      metrics: list(metric),
      params: pairs(paramValue),
      tags: pairs(tagValue),
    }),
    async (batch, call) => {
      requireBatch(batch);
      await log(call, {
        runId: batch.run_id,
        metrics: batch.metrics.map(metricPoint),
        params: byKey(batch.params),
        tags: byKey(batch.tags),
      });
      return {};
    },
    { carriesData: true },
  ),
  route(
    "POST",
    "2.0/mlflow/runs/log-inputs",
    runMessage({
      datasets: list(message({ tags: pairs(text), dataset })),
      models: list(message({ model_id: requiredText })),
    }),
    async ({ run_id: runId, datasets, models }, call) => {
      await log(call, {
        runId,
        inputs: datasets.map(datasetInput),
        modelInputs: models.map(({ model_id }) => model_id),
      });
      return {};
    },
    { carriesData: true },
  ),
  route(
    "POST",
    "2.0/mlflow/runs/outputs",
    runMessage({ models: requiredList(message({ model_id: requiredText, step: int64 })) }),
    async ({ run_id: runId, models }, call) => {
      const modelOutputs = models.map(({ model_id, step }) => ({ modelId: model_id, step: step ?? 0n }));
      await log(call, { runId, modelOutputs });
      return {};
    },
  ),
  route(
    "POST",
    "2.0/mlflow/runs/log-model",
    runMessage({ model_json: requiredText }),
    async ({ run_id: runId, model_json: modelJson }, { registry, as }) => {
      await registry.runs.logModel({ runId, modelJson }, as);
      return {};
    },
    { carriesData: true },
  ),
  route(
    "POST",
    "2.0/mlflow/runs/search",
    message({
      experiment_ids: list(experimentId),
      filter: text,
      run_view_type: lifecycleView,
      max_results: pageLength(),
      order_by: list(z.string()),
      page_token: text,
    }),
    async (asked, { registry, as, baseUrl }) => {
      const { runs, nextPageToken } = await registry.runs.searchRuns(
        {
          experimentIds: asked.experiment_ids,
          filter: asked.filter,
          view: asked.run_view_type,
          orderBy: asked.order_by,
          pageSize: asked.max_results,
          pageToken: asked.page_token,
        },
        as,
      );
      return { runs: orAbsent(runs.map((run) => runJson(run, baseUrl))), next_page_token: textOrAbsent(nextPageToken) };
    },
  ),
];

/** The one call behind everything that is logged: all of it is kept or nothing. */
async function log({ registry, as }: Call, batch: MessageInitShape<typeof LogBatchRequestSchema>): Promise<void> {
  await registry.runs.logBatch(batch, as);
}

function metricPoint(point: z.infer<typeof metric>): MessageInitShape<typeof MetricPointSchema> {
  return {
    key: point.key,
    value: point.value,
    step: point.step ?? 0n,
    timeMs: point.timestamp,
    modelId: point.model_id,
    datasetName: point.dataset_name,
    datasetDigest: point.dataset_digest,
  };
}

/** @throws MlflowError for too many entries together, or a parameter that is there twice */
function requireBatch(batch: {
  readonly metrics: readonly unknown[];
  readonly params: readonly { key: string }[];
  readonly tags: readonly unknown[];
}): void {
  const { metrics, params, tags } = batch;
  const entries = metrics.length + params.length + tags.length;
  if (entries > maxBatch)
    throw new MlflowError(
      "INVALID_PARAMETER_VALUE",
      `A batch can have at most ${maxBatch} metrics, params and tags together, got ${entries}; send the rest in another.`,
    );
  const seen = new Set<string>();
  for (const { key } of params) {
    if (seen.has(key))
      throw new MlflowError(
        "INVALID_PARAMETER_VALUE",
        `Duplicate parameter keys have been submitted: '${key}'; a parameter has one value.`,
      );
    seen.add(key);
  }
}

function datasetInput(input: {
  readonly tags: readonly { key: string; value: string }[];
  readonly dataset: z.infer<typeof dataset>;
}): MessageInitShape<typeof DatasetInputSchema> {
  const { [roleTag]: role = "", ...tags } = byKey(input.tags);
  const { name, digest, source_type, source, schema, profile } = input.dataset;
  return { name, digest, sourceType: source_type, source, schemaJson: schema, profileJson: profile, role, tags };
}
