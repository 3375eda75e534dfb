/**
 * Runs in MLflow's form.
 * @module
 */
import { type DatasetInput, type MetricPoint, type Run, RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import { doubleJson, int64Json, milliseconds, orAbsent, tagsJson, textOrAbsent } from "./json.ts";

/** MLflow's names of a run's states, in the order of its numbers. */
export const runStatusNames = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"] as const;

/** The tag of a dataset input that says in which role it was read. */
export const roleTag = "mlflow.data.context";

/** @param baseUrl of this gateway, as the client addressed it */
export function runJson(run: Run, baseUrl: string): object {
  return {
    info: runInfoJson(run),
    data: {
      metrics: orAbsent(run.latestPoints.map(metricJson)),
      params: tagsJson(run.params),
      tags: tagsJson(run.tags),
    },
    inputs: {
      dataset_inputs: orAbsent(run.inputs.map((input) => datasetInputJson(input, baseUrl))),
      model_inputs: orAbsent(run.modelInputs.map((id) => ({ model_id: id }))),
    },
    outputs: {
      model_outputs: orAbsent(
        run.modelOutputs.map(({ modelId, step }) => ({ model_id: modelId, step: int64Json(step) })),
      ),
    },
  };
}

export function runInfoJson(run: Run): object {
  return {
    run_id: run.id,
    run_uuid: run.id,
    run_name: run.name,
    experiment_id: run.experimentId,
    user_id: run.user,
    status: runStatusNames.find((name) => RunStatus[name] === run.status),
    start_time: milliseconds(run.startTime),
    end_time: milliseconds(run.endTime),
    artifact_uri: run.artifactUri,
    lifecycle_stage: run.deleted ? "deleted" : "active",
  };
}

export function metricJson(point: MetricPoint): object {
  return {
    key: point.key,
    value: doubleJson(point.value),
    timestamp: int64Json(point.timeMs ?? 0n),
    step: int64Json(point.step),
    dataset_name: textOrAbsent(point.datasetName),
    dataset_digest: textOrAbsent(point.datasetDigest),
    model_id: textOrAbsent(point.modelId),
    run_id: textOrAbsent(point.runId),
  };
}

function datasetInputJson(input: DatasetInput, baseUrl: string): object {
  const role = input.role === "" ? [] : [{ key: roleTag, value: input.role }];
  return {
    tags: orAbsent([...role, ...(tagsJson(input.tags) ?? [])]),
    dataset: input.blake3 === "" ? describedJson(input) : snapshotJson(input, baseUrl),
  };
}

/** What a client said of data that is elsewhere. */
function describedJson(input: DatasetInput): object {
  return {
    name: input.name,
    digest: input.digest,
    source_type: input.sourceType,
    source: input.source,
    schema: textOrAbsent(input.schemaJson),
    profile: textOrAbsent(input.profileJson),
  };
}

/** A snapshot; its digest is cut to the 36 characters that MLflow's have at most. */
function snapshotJson(input: DatasetInput, baseUrl: string): object {
  const profile = {
    num_rows: int64Json(input.rows),
    size_bytes: int64Json(input.size),
    blake3: input.blake3,
    sha256: input.sha256,
  };
  return {
    name: input.name,
    digest: input.blake3.slice(0, 36),
    ...sourceJson(input, baseUrl),
    schema: textOrAbsent(input.schemaJson),
    profile: JSON.stringify(profile),
  };
}

/** Where MLflow's clients fetch a snapshot: here, by plain HTTP; else where its worker found it. */
function sourceJson({ source, downloadPath }: DatasetInput, baseUrl: string): object {
  if (downloadPath !== "") return { source_type: "http", source: JSON.stringify({ url: `${baseUrl}${downloadPath}` }) };
  if (/^https?:/.test(source)) return { source_type: "http", source: JSON.stringify({ url: source }) };
  return { source_type: source.startsWith("s3:") ? "s3" : "local", source: JSON.stringify({ uri: source }) };
}
