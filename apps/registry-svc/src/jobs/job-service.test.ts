import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createRouterTransport } from "@connectrpc/connect";
import { openQueue } from "@mintmark/job-queue/queue";
import { RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import { AttemptEnd } from "@mintmark/proto/mintmark/training/v1/attempt_service";
import type { Job } from "@mintmark/proto/mintmark/training/v1/job";
import { clients, eventHeader, type RegistryClient } from "@mintmark/registry-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openListener } from "../db/listener.ts";
import { appRole } from "../db/migrate.ts";
import { errorInterceptor } from "../error-interceptor.ts";
import { addServices } from "../services.ts";
import { failureOf } from "../testing/failure.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";
import { authenticateNobody, authentication } from "../tokens/authentication.ts";
import { retries } from "./job-deps.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry();
});
afterAll(() => registry.close());
const jobs = () => registry.client.jobs;
const attempts = () => registry.client.attempts;
const config = {
  model: "titanic",
  data: { source: "titanic.csv", target: "survival" },
  algorithm: { name: "random-forest" },
};

/** What clients of MLflow read of a job's run. */
const jobTags = {
  "git.commit": "abc",
  "mlflow.user": "admin",
  "mlflow.source.type": "JOB",
  "mlflow.runName": expect.stringMatching(/^random-forest-/),
};

describe("SubmitJob", () => {
  it("queues a run of the training file with every default filled in", async () => {
    const snapshot = await uploaded("class,survival\n");
    const events: (string | null)[] = [];
    const { job } = await jobs().submitJob(
      { configJson: JSON.stringify(config), snapshots: [snapshot], tags: { "git.commit": "abc" } },
      { onHeader: (headers) => void events.push(headers.get(eventHeader)) },
    );
    expect(job).toMatchObject({
      model: "titanic",
      attempts: 0,
      cancelRequested: false,
      snapshots: [snapshot],
      run: { status: RunStatus.SCHEDULED, experiment: "titanic", tags: jobTags, user: "admin" },
    });
    expect(JSON.parse(job!.configJson)).toMatchObject({
      data: { split: { test: 0.2 } },
      algorithm: { params: { n_estimators: 100 } },
    });
    expect(job!.run!.name).toMatch(/^random-forest-[0-9a-f]{8}$/);
    const [last] = (await registry.client.events.listEvents({ pageSize: 1 })).events;
    expect(last).toMatchObject({ kind: "job.queued", detail: { run: job!.run!.id, model: "titanic" } });
    expect(events).toEqual([String(last!.number)]);
    expect(await registry.deps.queue.stateOf({ runId: job!.run!.id, number: 1 })).toBe("waiting");
  });

  it("keeps the order of keys that the file has", async () => {
    const labels = { zebra: "z", ant: "a", 10: "ten" };
    const job = await submitted({ output: { labels } });
    expect(Object.keys(JSON.parse(job.configJson).output.labels)).toEqual(Object.keys(labels));
  });

  it("refuses a training file with the reason and every problem", async () => {
    const call = jobs().submitJob({ configJson: JSON.stringify({ ...config, modle: "x" }) });
    expect(await failureOf(call)).toMatchObject({
      code: "InvalidArgument",
      reason: "TRAINING_FILE_INVALID",
      message: expect.stringContaining('did you mean "model"?'),
    });
    expect(await failureOf(jobs().submitJob({ configJson: "{" }))).toMatchObject({ reason: "REQUEST_INVALID" });
  });

  it("refuses a snapshot whose bytes are missing, or have another digest or size", async () => {
    const snapshot = await uploaded("some,data\n");
    for (const wrong of [{ blake3: "0".repeat(64) }, { sha256: "0".repeat(64) }, { size: 1n }]) {
      const call = jobs().submitJob({ configJson: JSON.stringify(config), snapshots: [{ ...snapshot, ...wrong }] });
      expect(await failureOf(call)).toMatchObject({ code: "FailedPrecondition", reason: "SNAPSHOT_NOT_UPLOADED" });
    }
  });

  it("makes one job of 20 racing calls with one idempotency key", async () => {
    const request = { configJson: JSON.stringify(config), idempotencyKey: "raced", tags: { a: "1" } };
    const answers = await Promise.all(Array.from({ length: 20 }, () => jobs().submitJob(request)));
    expect(new Set(answers.map(({ job }) => job!.run!.id)).size).toBe(1);
    const other = jobs().submitJob({ ...request, configJson: JSON.stringify({ ...config, model: "other" }) });
    expect(await failureOf(other)).toMatchObject({ code: "AlreadyExists", reason: "SUBMISSION_DIFFERS" });
  });

  it("leaves nothing of a call that fails", async () => {
    const before = await countOf("run");
    await failureOf(jobs().submitJob({ configJson: JSON.stringify({ ...config, model: "a/b" }) }));
    await failureOf(jobs().submitJob({ configJson: JSON.stringify(config), tags: { "": "x" } }));
    expect(await countOf("run")).toBe(before);
  });

  it("accepts a job while the queue is away", async () => {
    const { client, close } = await anotherProcess("redis://127.0.0.1:1");
    const { job } = await client.jobs.submitJob({ configJson: JSON.stringify(config) });
    expect(job!.run!.status).toBe(RunStatus.SCHEDULED);
    await close();
  });
});

describe("ClaimJob", () => {
  it("gives a job to one of 50 racing workers", async () => {
    const { id } = await queued();
    const calls = Array.from({ length: 50 }, (_, i) => attempts().claimJob({ runId: id, worker: `w${i}` }));
    const results = await Promise.allSettled(calls);
    const winners = results.filter(({ status }) => status === "fulfilled");
    expect(winners).toHaveLength(1);
    expect((await jobs().getJob({ id })).job).toMatchObject({ attempts: 1, run: { status: RunStatus.RUNNING } });
  });

  it("is refused while another's claim is alive, and after the end", async () => {
    const { id, token } = await claimed();
    expect(await failureOf(attempts().claimJob({ runId: id, worker: "b" }))).toMatchObject({
      code: "FailedPrecondition",
      reason: "JOB_CLAIMED",
    });
    await attempts().endAttempt({ runId: id, attemptToken: token, end: AttemptEnd.FINISHED });
    expect(await failureOf(attempts().claimJob({ runId: id, worker: "b" }))).toMatchObject({ reason: "JOB_ENDED" });
    expect(await failureOf(attempts().claimJob({ runId: "0".repeat(32), worker: "b" }))).toMatchObject({
      reason: "JOB_NOT_FOUND",
    });
    expect(
      await failureOf(attempts().claimJob({ runId: id, worker: "b", lease: { seconds: 0n, nanos: 1 } })),
    ).toMatchObject({ reason: "REQUEST_INVALID" });
  });

  it("takes over a claim that lapsed, with the checkpoint that was kept", async () => {
    const { id, token } = await claimed();
    const { blake3 } = await uploaded("state");
    await attempts().saveCheckpoint({ runId: id, attemptToken: token, blake3 });
    await lapse(id);
    const taken = await attempts().claimJob({ runId: id, worker: "second" });
    expect(taken).toMatchObject({ checkpointBlake3: blake3, job: { attempts: 2, worker: "second" } });
    expect(taken.attemptToken).not.toBe(token);
  });

  it("of a lapsed claim is won by one of 50 racing workers", async () => {
    const { id } = await claimed();
    await lapse(id);
    const calls = Array.from({ length: 50 }, (_, i) => attempts().claimJob({ runId: id, worker: `w${i}` }));
    expect((await Promise.allSettled(calls)).filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});

it.each(["..", ".", "a/..", "a\\..", "../."])("a snapshot is not called %j, whoever says it", async (name) => {
  const snapshot = { ...(await uploaded("class,survival\n")), name };
  const job = jobs().submitJob({ configJson: JSON.stringify(config), snapshots: [snapshot] });
  expect((await failureOf(job)).message).toContain("must end with the name of a file");
  const { run } = await registry.client.runs.createRun({});
  const input = registry.client.runs.logBatch({ runId: run!.id, inputs: [{ ...snapshot, role: "training" }] });
  expect((await failureOf(input)).message).toContain("must end with the name of a file");
});

describe("a worker that was declared dead", () => {
  it("can write nothing", async () => {
    const { id, token } = await claimed();
    await lapse(id);
    const { attemptToken } = await attempts().claimJob({ runId: id, worker: "second" });
    const zombie = { runId: id, attemptToken: token };
    const { blake3 } = await uploaded("zombie state");
    const writes = [
      () => attempts().heartbeat({ ...zombie, progress: { step: "fit" } }),
      () => attempts().appendLogs({ ...zombie, lines: [{ level: "info", text: "boo" }] }),
      () => attempts().saveCheckpoint({ ...zombie, blake3 }),
      () => attempts().putArtifacts({ ...zombie, files: [{ path: "plots/a.svg", blake3 }] }),
      () => attempts().endAttempt({ ...zombie, end: AttemptEnd.FINISHED }),
      () => registry.client.runs.logBatch({ ...zombie, params: { a: "1" } }),
      () => registry.client.runs.logBatch({ ...zombie, tags: { a: "1" } }),
      () => registry.client.runs.logBatch({ runId: id, metrics: [{ key: "loss", value: 1 }] }),
    ];
    for (const write of writes)
      expect(await failureOf(write())).toMatchObject({ code: "Aborted", reason: "ATTEMPT_LOST" });
    const { job } = await jobs().getJob({ id });
    expect(job).toMatchObject({ run: { status: RunStatus.RUNNING, params: {}, metrics: {}, tags: {} } });
    expect(job!.progress).toBeUndefined();
    expect((await jobs().listJobLogs({ id })).lines).toEqual([]);
    await registry.client.runs.logBatch({ runId: id, attemptToken, params: { a: "1" } });
  });

  it("that raced its own successor never both wrote and lost", async () => {
    const { id, token } = await claimed();
    await lapse(id);
    const [end, claim] = await Promise.allSettled([
      attempts().endAttempt({ runId: id, attemptToken: token, end: AttemptEnd.FINISHED }),
      attempts().claimJob({ runId: id, worker: "second" }),
    ]);
    expect([end.status, claim.status].sort()).toEqual(["fulfilled", "rejected"]);
  });

  it("nor one whose run was never a job of its", async () => {
    const { id } = await claimed();
    for (const attemptToken of ["", "nonsense", "00000000-0000-0000-0000-000000000000"])
      expect(await failureOf(attempts().heartbeat({ runId: id, attemptToken }))).toMatchObject({
        reason: "ATTEMPT_LOST",
      });
  });
});

describe("PutArtifacts", () => {
  it("puts files among the artifacts of the run, as often as an attempt is repeated", async () => {
    const { id, token } = await claimed();
    const [{ blake3: first }, { blake3: second }] = [await uploaded("first"), await uploaded("second")];
    const put = (...files: { path: string; blake3: string }[]) =>
      attempts().putArtifacts({ runId: id, attemptToken: token, files });
    await put({ path: "plots/b.svg", blake3: first }, { path: "plots/a.csv", blake3: second });
    await put({ path: "plots/b.svg", blake3: second });
    const { run } = await registry.client.runs.getRun({ id });
    const folder = run!.artifactUri.replace("mlflow-artifacts:/", "");
    const { entries } = await registry.client.files.listFiles({ path: `${folder}/plots` });
    expect(entries.map(({ name, size }) => [name, size])).toEqual([
      ["a.csv", 6n],
      ["b.svg", 6n],
    ]);
  });

  it("puts all or none", async () => {
    const { id, token } = await claimed();
    const { blake3 } = await uploaded("there");
    const refused: [{ path: string; blake3: string }, string][] = [
      [{ path: "z", blake3: "0".repeat(64) }, "ARTIFACT_NOT_UPLOADED"],
      [{ path: "z", blake3: "x" }, "ARTIFACT_NOT_UPLOADED"],
      [{ path: "../z", blake3 }, "FILE_PATH_INVALID"],
    ];
    for (const [file, reason] of refused) {
      const files = [{ path: "a", blake3 }, file];
      const failure = await failureOf(attempts().putArtifacts({ runId: id, attemptToken: token, files }));
      expect(failure).toMatchObject({ reason });
    }
    const { run } = await registry.client.runs.getRun({ id });
    const path = run!.artifactUri.replace("mlflow-artifacts:/", "");
    expect((await registry.client.files.listFiles({ path })).entries).toEqual([]);
  });

  it("is where clients look for it, however the location of the experiment is written", async () => {
    const experiment = { name: "escaped", artifactLocation: "mlflow-artifacts:/in%20escapes//deep/" };
    await registry.client.experiments.createExperiment(experiment);
    const { id, token } = await claimed({ experiment: experiment.name });
    const files = [{ path: "a", blake3: (await uploaded("x")).blake3 }];
    await attempts().putArtifacts({ runId: id, attemptToken: token, files });
    const { entries } = await registry.client.files.listFiles({ path: `in escapes/deep/${id}/artifacts` });
    expect(entries.map(({ name }) => name)).toEqual(["a"]);
  });

  it("is refused where clients look for the artifacts elsewhere", async () => {
    const experiment = { name: "far away", artifactLocation: "s3://bucket/there" };
    await registry.client.experiments.createExperiment(experiment);
    const { id, token } = await claimed({ experiment: experiment.name });
    const files = [{ path: "a", blake3: (await uploaded("x")).blake3 }];
    expect(await failureOf(attempts().putArtifacts({ runId: id, attemptToken: token, files }))).toMatchObject({
      code: "FailedPrecondition",
      reason: "ARTIFACTS_ELSEWHERE",
    });
  });
});

describe("EndAttempt", () => {
  const broken = { reason: "REGISTRY_AWAY", message: "no answer", retryable: true };

  it("finishes the run, lets go of its checkpoint, and may be repeated", async () => {
    const { id, token } = await claimed();
    const { blake3 } = await uploaded("of a run that finishes");
    await attempts().saveCheckpoint({ runId: id, attemptToken: token, blake3 });
    const end = { runId: id, attemptToken: token, end: AttemptEnd.FINISHED };
    expect((await attempts().endAttempt(end)).job).toMatchObject({ run: { status: RunStatus.FINISHED } });
    expect((await attempts().endAttempt(end)).job).toMatchObject({ run: { status: RunStatus.FINISHED }, attempts: 1 });
    const { rows } = await registry.database.owner.pool.query(
      "select checkpoint_blake3 from mintmark.job join mintmark.run using (run_pk) where run_id = $1",
      [id],
    );
    expect(rows).toEqual([{ checkpoint_blake3: null }]);
  });

  it("fails the run at once for an error that will not go away", async () => {
    const { id, token } = await claimed();
    const error = { reason: "TARGET_NOT_FOUND", message: "no column\0 'x'", retryable: false };
    const { job } = await attempts().endAttempt({ runId: id, attemptToken: token, end: AttemptEnd.FAILED, error });
    expect(job).toMatchObject({
      run: { status: RunStatus.FAILED },
      error: { ...error, message: "no column\uFFFD 'x'" },
    });
  });

  it("queues the run again after a pause for one that may, three times in all", async () => {
    const { id } = await queued();
    for (let n = 1; n <= 3; n++) {
      const { attemptToken } = await attempts().claimJob({ runId: id, worker: "w" });
      const { job } = await attempts().endAttempt({ runId: id, attemptToken, end: AttemptEnd.FAILED, error: broken });
      expect(job!.run!.status).toBe(n < 3 ? RunStatus.SCHEDULED : RunStatus.FAILED);
      expect(job!.error).toMatchObject(broken);
      expect(await registry.deps.queue.stateOf({ runId: id, number: n + 1 })).toBe(n < 3 ? "waiting" : "gone");
    }
  });

  it("queues a released job again at once, without counting the attempt", async () => {
    const { id } = await queued();
    for (let n = 1; n <= retries.maxAttempts + 2; n++) {
      const { attemptToken } = await attempts().claimJob({ runId: id, worker: "w" });
      const { job } = await attempts().endAttempt({ runId: id, attemptToken, end: AttemptEnd.RELEASED });
      expect(job).toMatchObject({ attempts: 0, run: { status: RunStatus.SCHEDULED } });
    }
  });

  it("needs an end, and a reason with a failure", async () => {
    const { id, token } = await claimed();
    const attempt = { runId: id, attemptToken: token };
    expect(await failureOf(attempts().endAttempt(attempt))).toMatchObject({ reason: "REQUEST_INVALID" });
    expect(await failureOf(attempts().endAttempt({ ...attempt, end: AttemptEnd.FAILED }))).toMatchObject({
      reason: "REQUEST_INVALID",
    });
  });
});

describe("CancelJob", () => {
  it("ends a job that waits at once; it can be queued once more as the same run", async () => {
    const { id } = await queued();
    const { job } = await jobs().cancelJob({ id });
    expect(job).toMatchObject({
      run: { status: RunStatus.KILLED, endTime: expect.anything() },
      error: { reason: "CANCELLED", message: "cancelled by admin" },
    });
    expect(await failureOf(attempts().claimJob({ runId: id, worker: "w" }))).toMatchObject({ reason: "JOB_ENDED" });
    const again = await jobs().retryJob({ id });
    expect(again.job).toMatchObject({ run: { id, status: RunStatus.SCHEDULED }, cancelRequested: false, attempts: 0 });
    expect(again.job!.error).toBeUndefined();
    expect(await registry.deps.queue.stateOf({ runId: id, number: 2 })).toBe("waiting");
    expect((await attempts().claimJob({ runId: id, worker: "w" })).job!.run!.status).toBe(RunStatus.RUNNING);
  });

  it("asks the worker of one that runs, which hears it with its next heartbeat", async () => {
    const { id, token } = await claimed();
    const attempt = { runId: id, attemptToken: token };
    expect((await attempts().heartbeat(attempt)).cancelRequested).toBe(false);
    const { job } = await jobs().cancelJob({ id });
    expect(job).toMatchObject({ run: { status: RunStatus.RUNNING }, cancelRequested: true });
    const events = await countOf("event");
    await jobs().cancelJob({ id });
    expect(await countOf("event"), "a wish that is known already is no event").toBe(events);
    expect((await attempts().heartbeat(attempt)).cancelRequested).toBe(true);
    const ended = await attempts().endAttempt({ ...attempt, end: AttemptEnd.CANCELLED });
    expect(ended.job).toMatchObject({ run: { status: RunStatus.KILLED }, error: { reason: "CANCELLED" } });
  });

  it("ends one whose worker is dead, and one that its worker gives back", async () => {
    const dead = await claimed();
    await lapse(dead.id);
    expect((await jobs().cancelJob({ id: dead.id })).job!.run!.status).toBe(RunStatus.KILLED);
    const released = await claimed();
    await jobs().cancelJob({ id: released.id });
    const { job } = await attempts().endAttempt({
      runId: released.id,
      attemptToken: released.token,
      end: AttemptEnd.RELEASED,
    });
    expect(job!.run!.status).toBe(RunStatus.KILLED);
  });

  it("leaves one that has ended as it is; only failed and cancelled jobs can be retried", async () => {
    const { id, token } = await claimed();
    expect(await failureOf(jobs().retryJob({ id }))).toMatchObject({
      code: "FailedPrecondition",
      reason: "JOB_NOT_ENDED",
    });
    await attempts().endAttempt({ runId: id, attemptToken: token, end: AttemptEnd.FINISHED });
    expect((await jobs().cancelJob({ id })).job).toMatchObject({
      run: { status: RunStatus.FINISHED },
      cancelRequested: false,
    });
    expect(await failureOf(jobs().retryJob({ id }))).toMatchObject({ reason: "JOB_FINISHED" });
    expect(await failureOf(jobs().cancelJob({ id: "x" }))).toMatchObject({ code: "NotFound", reason: "JOB_NOT_FOUND" });
  });
});

describe("WatchJob", () => {
  it("sends each change that another process makes, NaN losses included, until the job has ended", async () => {
    const other = await anotherProcess();
    const { id, token } = await claimed();
    const seen: Job[] = [];
    const watching = (async () => {
      for await (const { job } of other.client.jobs.watchJob({ id })) seen.push(job!);
    })();
    await until(() => seen.length === 1);
    const attempt = { runId: id, attemptToken: token };
    const started = performance.now();
    await attempts().heartbeat({
      ...attempt,
      progress: { step: "fit", iteration: 3, iterations: 9, loss: Number.NaN },
    });
    await until(() => seen.at(-1)?.progress?.iteration === 3);
    expect(performance.now() - started).toBeLessThan(1_500);
    expect(seen.at(-1)!.progress).toMatchObject({ step: "fit", loss: Number.NaN });
    await other.client.jobs.cancelJob({ id });
    await until(() => seen.at(-1)?.cancelRequested === true);
    await attempts().endAttempt({ ...attempt, end: AttemptEnd.CANCELLED });
    await watching;
    expect(seen.at(-1)!.run!.status).toBe(RunStatus.KILLED);
    await other.close();
  });

  it("gives a sign of life at least every 2 seconds, and ends when the caller goes", async () => {
    const { id } = await queued();
    const stop = new AbortController();
    let count = 0;
    const watching = (async () => {
      for await (const _ of jobs().watchJob({ id }, { signal: stop.signal })) count++;
    })();
    await until(() => count >= 2, 3_500);
    stop.abort();
    await expect(watching).rejects.toMatchObject({ rawMessage: expect.stringContaining("abort") });
    expect(
      await failureOf(
        jobs()
          .watchJob({ id: "0".repeat(32) })
          [Symbol.asyncIterator]()
          .next(),
      ),
    ).toMatchObject({ reason: "JOB_NOT_FOUND" });
  });
});

describe("logs", () => {
  it("are numbered over attempts and read page by page", async () => {
    const { id, token } = await claimed();
    await attempts().appendLogs({ runId: id, attemptToken: token, lines: [line("a"), line("b\0"), line("c")] });
    await lapse(id);
    const { attemptToken } = await attempts().claimJob({ runId: id, worker: "second" });
    await attempts().appendLogs({ runId: id, attemptToken, lines: [line("d"), line("x".repeat(20_000))] });
    const first = await jobs().listJobLogs({ id, pageSize: 3 });
    const second = await jobs().listJobLogs({ id, pageSize: 3, pageToken: first.nextPageToken });
    const lines = [...first.lines, ...second.lines];
    expect(lines.map(({ number }) => number)).toEqual([1n, 2n, 3n, 4n, 5n]);
    expect(lines.map(({ text }) => text.slice(0, 3))).toEqual(["a", "b\uFFFD", "c", "d", "xxx"]);
    expect(lines[4]!.text).toHaveLength(16_001);
    const time = { seconds: 10n ** 15n, nanos: 0 };
    for (const wrong of [
      { level: "loud", text: "" },
      { ...line("of a time that no calendar has"), time },
    ])
      expect(await failureOf(attempts().appendLogs({ runId: id, attemptToken, lines: [wrong] }))).toMatchObject({
        reason: "REQUEST_INVALID",
      });
  });

  it("keep every line of racing batches, without gaps", async () => {
    const { id, token } = await claimed();
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        attempts().appendLogs({ runId: id, attemptToken: token, lines: [line(`${i}`), line(`${i}`)] }),
      ),
    );
    const { lines } = await jobs().listJobLogs({ id });
    expect(lines.map(({ number }) => Number(number))).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });
});

describe("ListJobs", () => {
  it("lists the latest first, page by page, by status", async () => {
    const { id: running } = await claimed();
    const { id: waiting } = await queued();
    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = await jobs().listJobs({ statuses: ["queued", "running"], pageSize: 2, pageToken });
      seen.push(...page.jobs.map((job) => job.run!.id));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen.slice(0, 2)).toEqual([waiting, running]);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength(await countOf("run where is_job and status in (1, 2)"));
    expect((await jobs().listJobs({ statuses: ["running"], pageSize: 1 })).jobs[0]!.run!.id).toBe(running);
    expect(await failureOf(jobs().listJobs({ statuses: ["done"] }))).toMatchObject({ reason: "REQUEST_INVALID" });
  });
});

it("a job's status is not anybody's to set, and nobody logs to it without its attempt", async () => {
  const { id } = await queued();
  expect(await failureOf(registry.client.runs.updateRun({ id, status: RunStatus.FINISHED }))).toMatchObject({
    reason: "RUN_IS_JOB",
  });
  expect(await failureOf(registry.client.runs.logBatch({ runId: id, params: { a: "1" } }))).toMatchObject({
    reason: "ATTEMPT_LOST",
  });
  await registry.client.runs.logBatch({ runId: id, tags: { note: "mine" } });
  expect((await registry.client.runs.getRun({ id })).run!.tags).toMatchObject({ note: "mine" });
});

it("deleting the run of a job hides it, and its attempt goes on to the end", async () => {
  const { runs, attempts } = registry.client;
  const { id, token } = await claimed();
  await runs.deleteRun({ id });
  await runs.logBatch({ runId: id, attemptToken: token, metrics: [{ key: "loss", value: 1 }] });
  expect(await failureOf(runs.logBatch({ runId: id, tags: { note: "late" } }))).toMatchObject({
    reason: "RUN_DELETED",
  });
  await attempts.endAttempt({ runId: id, attemptToken: token, end: AttemptEnd.FINISHED });
  expect(await failureOf(runs.logBatch({ runId: id, attemptToken: token, tags: { a: "b" } }))).toMatchObject({
    reason: "ATTEMPT_LOST",
  });
  await runs.restoreRun({ id });
  expect((await runs.getRun({ id })).run).toMatchObject({ status: RunStatus.FINISHED, metrics: { loss: 1 } });
  expect(await failureOf(runs.logBatch({ runId: id, params: { a: "b" } }))).toMatchObject({ reason: "RUN_ENDED" });
});

it("nothing of all this left as an internal error", () => {
  expect(registry.unexpected).toEqual([]);
});

async function submitted(changes: object = {}): Promise<Job> {
  return (await jobs().submitJob({ configJson: JSON.stringify({ ...config, ...changes }) })).job!;
}

async function queued(changes: object = {}): Promise<{ id: string }> {
  return { id: (await submitted(changes)).run!.id };
}

async function claimed(changes: object = {}): Promise<{ id: string; token: string }> {
  const { id } = await queued(changes);
  const { attemptToken } = await attempts().claimJob({ runId: id, worker: "first" });
  return { id, token: attemptToken };
}

/** As if the worker had been silent for longer than its claim holds. */
async function lapse(id: string): Promise<void> {
  await registry.database.owner.pool.query(
    "update mintmark.run set claim_expires_at = now() - interval '1 second' where run_id = $1",
    [id],
  );
}

async function uploaded(text: string): Promise<{ name: string; blake3: string; sha256: string; size: bigint }> {
  const sha256 = createHash("sha256").update(text).digest("hex");
  // The registry's rule is about its table of blobs; any 32 bytes stand for a BLAKE3 here.
  const blake3 = createHash("sha256").update(`blake3 ${text}`).digest("hex");
  const size = Buffer.byteLength(text);
  await registry.database.owner.pool.query(
    "insert into mintmark.blob (blake3, sha256, size) values (decode($1, 'hex'), decode($2, 'hex'), $3) on conflict do nothing",
    [blake3, sha256, size],
  );
  return { name: "titanic.csv", blake3, sha256, size: BigInt(size) };
}

/** The same services with connections of their own, as another registry on the same database has them. */
async function anotherProcess(queueUrl?: string): Promise<{ client: RegistryClient; close: () => Promise<void> }> {
  const listener = await openListener(registry.database.owner.url, appRole);
  const queue =
    queueUrl === undefined ? registry.deps.queue : openQueue(queueUrl, { onError: () => {}, deadlineMs: 300 });
  const deps = { ...registry.deps, listener, queue, onQueueError: () => {} };
  const interceptors = [errorInterceptor(() => {})];
  const requestGate = authentication(
    authenticateNobody,
    () => false,
    () => {},
  );
  const transport = createRouterTransport((router) => void addServices(router, deps), {
    router: { interceptors, requestGate },
  });
  const close = async () => {
    await listener.close();
    if (queueUrl !== undefined) await queue.close();
  };
  return { client: clients(transport, () => {}), close };
}

async function countOf(what: string): Promise<number> {
  return Number((await registry.database.owner.pool.query(`select count(*) from mintmark.${what}`)).rows[0].count);
}

function line(text: string) {
  return { level: "info", text };
}

async function until(holds: () => boolean, milliseconds = 5_000): Promise<void> {
  for (const end = Date.now() + milliseconds; Date.now() < end; await sleep(10)) if (holds()) return;
  throw new Error("did not come to hold in time");
}
