/**
 * Puts among the artifacts of the run what people and MLflow's clients look for there: plots below `plots/`, and the model below
 * `model/`, whose bytes the registry has already.
 * @module
 */
import { bytesBlob, type LocalBlob, reasonOf, uploadBlobs } from "@mintmark/registry-client";
import type { TrainingConfig } from "@mintmark/training-file";
import type { BuiltModel } from "../build-model.ts";
import type { JobContext } from "../job-context.ts";
import { drawPlots } from "../plots/draw.ts";
import { plotsOf } from "../plots/plots-of.ts";
import { repeated } from "../retry.ts";

/** A version is worth more than its pictures: where they cannot be drawn, the log says why. */
export async function keepArtifacts(context: JobContext, config: TrainingConfig, built: BuiltModel): Promise<void> {
  const plots = await drawn(context, config, built);
  await repeated(() => uploadBlobs(context.registry, [...plots.values()], { signal: context.signal }), {
    forMs: patienceMs,
    signal: context.signal,
  });
  const files = [
    ...[...plots].map(([name, { blake3 }]) => ({ path: `plots/${name}`, blake3 })),
    ...built.packaged.manifest.map(({ path, blake3 }) => ({ path: `model/${path}`, blake3 })),
  ];
  await put(context, files);
}

const patienceMs = 60_000;

async function drawn(
  { log }: JobContext,
  config: TrainingConfig,
  built: BuiltModel,
): Promise<ReadonlyMap<string, LocalBlob>> {
  try {
    const { plots, notes } = plotsOf(config, built);
    for (const note of notes) log("info", note);
    const files = await drawPlots(plots);
    return new Map([...files].map(([name, bytes]) => [name, bytesBlob(bytes)]));
  } catch (error) {
    log("warn", `no plots: ${error instanceof Error ? error.message : String(error)}`);
    return new Map();
  }
}

async function put(
  { registry, runId, attemptToken, signal, log }: JobContext,
  files: readonly { readonly path: string; readonly blake3: string }[],
): Promise<void> {
  const call = () => registry.attempts.putArtifacts({ runId, attemptToken, files: [...files] }, { signal });
  try {
    await repeated(call, { forMs: patienceMs, signal });
  } catch (error) {
    if (reasonOf(error) !== "ARTIFACTS_ELSEWHERE") throw error;
    log("warn", `the run has no plots: ${(error as Error).message}`);
  }
}
