/**
 * The worker: takes jobs from the queue and trains each in a child process. Stops taking work on SIGTERM, SIGINT or when
 * the process that started it is gone, and gives back what runs.
 * @module
 */
import { ConnectError } from "@connectrpc/connect";
import { AppError } from "@mintmark/errors";
import { badStart, explainIfAsked, tellReady, untilReleased } from "@mintmark/http-edge/program";
import { connectRegistry, readSigningKeys } from "@mintmark/registry-client";
import { sweepScratch } from "@mintmark/scratch/scratch";
import { pino } from "pino";
import { readWorkerSettings, usage, type WorkerSettings } from "./settings.ts";
import { startWorker } from "./worker.ts";

const log = pino({ name: "worker" }, pino.destination({ dest: 2, sync: true }));

explainIfAsked(usage);
await untilReleased();
try {
  await main(readWorkerSettings(process.argv.slice(2), process.env));
} catch (error) {
  badStart("worker", error);
}

async function main(settings: WorkerSettings): Promise<void> {
  // What would fail each job fails the start.
  await readSigningKeys(settings.job.keyDirectory);
  const registry = connectRegistry({ baseUrl: settings.registryUrl, token: settings.token, httpVersion: "2" });
  await requireRegistry(settings.registryUrl, () => registry.jobs.listJobs({ pageSize: 1 }, { timeoutMs: 5_000 }));
  await sweepScratch();
  const worker = await startWorker({ settings, registry, log }).catch((error: Error) => {
    if (error instanceof AppError && error.reason === "QUEUE_URL_INVALID") throw error;
    throw new AppError(
      "SERVER_UNREACHABLE",
      { url: hostOf(settings.queueUrl), cause: error.message },
      { cause: error },
    );
  });

  let isStopping = false;
  const stop = async (why: string) => {
    if (isStopping) return;
    isStopping = true;
    log.info({ why }, "stopping");
    setTimeout(() => process.exit(1), longestStopMs).unref();
    await worker.close();
    registry.close();
    process.exit(0);
  };
  process.on("SIGTERM", () => void stop("SIGTERM"));
  process.on("SIGINT", () => void stop("SIGINT"));
  process.on("disconnect", () => void stop("the parent process is gone"));
  tellReady();
  log.info({ slots: settings.slots }, "ready");
}

const longestStopMs = 8_000;

async function requireRegistry(url: string, call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    const cause = error instanceof ConnectError ? error.rawMessage : String(error);
    throw new AppError("SERVER_UNREACHABLE", { url, cause }, { cause: error });
  }
}

/** Without the password that may be in it. */
function hostOf(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}
