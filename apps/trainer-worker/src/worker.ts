/**
 * A worker in one process: so many slots of the queue, and a child that is kept warm for the next job.
 * @module
 */
import { openWorker } from "@mintmark/job-queue/worker";
import type { RegistryClient } from "@mintmark/registry-client";
import type { Logger } from "pino";
import { keepWarmChild } from "./child/warm-child.ts";
import { runJob } from "./job-runner.ts";
import { type WorkerSettings, workerName } from "./settings.ts";

export interface WorkerDeps {
  readonly settings: WorkerSettings;
  readonly registry: RegistryClient;
  readonly log: Logger;
}

export interface RunningWorker {
  /** Takes no more work, gives back what runs, and resolves when its children are gone: within seconds. */
  readonly close: () => Promise<void>;
}

export async function startWorker({ settings, registry, log }: WorkerDeps): Promise<RunningWorker> {
  const stopping = new AbortController();
  const children = keepWarmChild((text) => log.warn({ output: text.trimEnd() }, "child"));
  const deps = { registry, children, log, worker: workerName(), heartbeatMs, leaseMs, stopping: stopping.signal };
  // What the queue thinks of the entry does not matter while a job runs: the claim in the registry is what counts, and a
  // second delivery is refused there.
  const queue = openWorker(settings.queueUrl, ({ runId }) => runJob(deps, runId), {
    concurrency: settings.slots,
    onError: (error) => log.warn(`the queue: ${error.message}`),
  });
  await queue.ready();
  return {
    close: async () => {
      stopping.abort(new Error("the worker is going away"));
      children.close();
      await queue.close();
    },
  };
}

const heartbeatMs = 2_000;
/** Long enough that a registry may be started again meanwhile, short enough that a dead worker's job soon goes on elsewhere. */
const leaseMs = 20_000;
