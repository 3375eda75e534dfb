import { rm } from "node:fs/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { JobSchema } from "@mintmark/proto/mintmark/training/v1/job";
import { afterAll, beforeAll, expect, it } from "vitest";
import { newKeyDirectory } from "../testing/key-directory.ts";
import { type ChildJob, startTrainingChild, type TrainingChild } from "./training-child.ts";
import { keepWarmChild } from "./warm-child.ts";

let directory: string;
beforeAll(async () => {
  directory = await newKeyDirectory();
  // Nothing listens there: what a child asks of the registry fails until its patience ends.
  process.env["MINTMARK_REGISTRY_URL"] = "http://127.0.0.1:1";
  process.env["QUEUE_URL"] = "redis://127.0.0.1:1";
  process.env["MINTMARK_KEY_DIR"] = directory;
});
afterAll(() => rm(directory, { recursive: true }));

it("says why a job failed, and is gone then", async () => {
  const child = start();
  const outcome = await child.run(job({ model: "m" }));
  expect(outcome).toMatchObject({ type: "failed", failure: { reason: "TRAINING_FILE_INVALID", retryable: false } });
  expect(child.hasEnded()).toBe(true);
});

it("is warm before it has a job", async () => {
  const child = start();
  await child.warm;
  expect(child.hasEnded()).toBe(false);
  child.kill();
});

it("is worth another try when it was killed", async () => {
  const child = start();
  const running = child.run(job(waiting));
  await child.warm;
  child.kill();
  expect(await running).toMatchObject({ failure: { reason: "TRAINING_PROCESS_KILLED", retryable: true } });
});

it("ends within seconds when it is to end", async () => {
  const child = start();
  await child.warm;
  const running = child.run(job(waiting));
  const begun = performance.now();
  child.stop();
  expect(await running).toMatchObject({ type: "failed" });
  expect(performance.now() - begun).toBeLessThan(4_500);
});

it("is replaced by a warm one after its job, and by a cold one beside it", async () => {
  const children = keepWarmChild(() => {});
  const [first, second] = [children.take(), children.take()];
  expect(new Set([first.pid, second.pid]).size).toBe(2);
  children.refill();
  const third = children.take();
  expect([first.pid, second.pid]).not.toContain(third.pid);
  children.close();
  for (const child of [first, second, third]) child.kill();
});

/** A job that waits for the registry to give it its data. */
const waiting = { model: "m", data: { source: "x.csv", target: "y" }, algorithm: { name: "ridge" } };

function start(): TrainingChild {
  return startTrainingChild((text) => process.stderr.write(text));
}

function job(config: object): ChildJob {
  const snapshots = [{ name: "x.csv", blake3: "0".repeat(64), sha256: "0".repeat(64), size: 1n }];
  const encoded = toBinary(JobSchema, create(JobSchema, { configJson: JSON.stringify(config), snapshots }));
  const heard = { onProgress: () => {}, onLog: () => {}, onCheckpoint: () => {} };
  return { job: encoded, attemptToken: "t", checkpoint: "", ...heard };
}
