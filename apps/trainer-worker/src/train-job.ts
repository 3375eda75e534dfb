/**
 * One training run from its data to its version: load, split, fit, evaluate, package, sign, push, register.
 * Safe to run twice: what a step writes, it writes by digest or by run, and the registry lets only the present attempt write.
 * @module
 */
import { parseTrainingConfig } from "@mintmark/training-file";
import { buildModel } from "./build-model.ts";
import type { JobContext } from "./job-context.ts";
import { startClock } from "./step-clock.ts";
import { keepArtifacts } from "./steps/keep-artifacts.ts";
import { loadData } from "./steps/load.ts";
import { pushModel } from "./steps/push.ts";
import { recordData, recordMeasured } from "./steps/record.ts";
import { registerVersion } from "./steps/register.ts";
import { signTrained } from "./steps/sign.ts";

/** @returns the version, as `NAME/NUMBER` */
export async function trainJob(context: JobContext): Promise<string> {
  const startedAt = new Date();
  const config = parseTrainingConfig(JSON.parse(context.job.configJson));
  const clock = startClock((step) => context.report({ step, iteration: 0, iterations: 0 }), context.signal);

  const loaded = await clock.run("load", () => loadData(context, config));
  await recordData(context, config, loaded);
  const built = await buildModel(config, loaded, { ...context, clock });

  const request = { config, dataFiles: loaded.files, packaged: built.packaged };
  const timings = clock.metrics();
  const documents = await clock.run("sign", () => signTrained(context, { ...request, startedAt, timings }));
  await clock.run("push", () => pushModel(context, built.packaged));
  // Before the version, whose card shows them.
  const metrics = { ...built.evaluation.metrics, ...clock.metrics() };
  await recordMeasured(context, { metrics, losses: built.losses, warnings: built.warnings });

  await clock.run("push", () => keepArtifacts(context, config, built));

  const { facts, warnings } = built;
  const version = await registerVersion(context, { ...request, documents, facts, warnings });
  context.log("info", `registered ${version.model} version ${version.number} (${version.semver})`);
  return `${version.model}/${version.number}`;
}
