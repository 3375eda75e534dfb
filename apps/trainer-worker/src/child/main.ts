/**
 * The child process of one job: warms up, waits for the job, trains it, says how it ended, and ends. Its temporary folder is its own.
 *
 * It has no handler for SIGTERM: a fit holds the thread, and only the system's own handling ends it then.
 * @module
 */
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { JobSchema } from "@mintmark/proto/mintmark/training/v1/job";
import { connectRegistry, readSigningKeys } from "@mintmark/registry-client";
import { fetchCheckpoint } from "../checkpoint/fetch-checkpoint.ts";
import { failureOf } from "../failure.ts";
import { readWorkerSettings } from "../settings.ts";
import { trainJob } from "../train-job.ts";
import { warmUp } from "../warm-up.ts";
import type { ChildLogLine, ToChild, ToWorker } from "./messages.ts";

const worker = process.ppid;
const ending = new AbortController();
process.on("message", (message: ToChild) => {
  if (message.type === "abort") ending.abort(new Error("the job is to end"));
  else void work(message);
});
// Without a worker nobody would hear the result, and the claim lapses. Not by exit(), which waits for a query under way.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
await warmUp();
say({ type: "ready" });

async function work({ job, attemptToken, checkpoint }: Extract<ToChild, { type: "job" }>): Promise<void> {
  const settings = readWorkerSettings(process.argv.slice(2), process.env);
  const registry = connectRegistry({ baseUrl: settings.registryUrl, token: settings.token, httpVersion: "2" });
  try {
    const decoded = fromBinary(JobSchema, job);
    const { signal } = ending;
    const lastCheckpoint = await fetchCheckpoint(checkpoint, { registry, signal, log });
    const version = await trainJob({
      job: decoded,
      runId: decoded.run?.id ?? "",
      attemptToken,
      checkpoints: { last: lastCheckpoint, keep },
      registry,
      keys: await readSigningKeys(settings.job.keyDirectory),
      settings: settings.job,
      directory: tmpdir(),
      signal,
      report: (progress) => say({ type: "progress", progress }),
      log,
      requireWanted,
    });
    await end({ type: "finished", version });
  } catch (error) {
    const failure = failureOf(error);
    // What happened inside is for the worker's log; the run gets the reason and the message.
    if (failure.reason === "INTERNAL" && !ending.signal.aborted) console.error(error);
    await end({ type: "failed", failure });
  } finally {
    registry.close();
  }
}

/** A fit holds the thread, so nothing else would notice that the worker is gone. */
function requireWanted(): void {
  ending.signal.throwIfAborted();
  if (process.ppid !== worker) process.exit(1);
}

function log(level: ChildLogLine["level"], text: string): void {
  say({ type: "log", line: { time: Date.now(), level, text } });
}

/** At once, as the fit goes on holding the thread. Where the disk is full, it goes on without. */
function keep(state: Uint8Array, iteration: number): void {
  const path = join(tmpdir(), `checkpoint-${iteration}`);
  try {
    writeFileSync(path, state);
    say({ type: "checkpoint", checkpoint: { path, iteration } });
  } catch (error) {
    log("warn", `no checkpoint at iteration ${iteration}: ${error}`);
  }
}

function say(message: ToWorker): void {
  if (process.connected) process.send?.(message, () => {});
}

async function end(message: ToWorker): Promise<void> {
  await new Promise<void>((resolve) => process.send?.(message, () => resolve()));
  process.exit(0);
}
