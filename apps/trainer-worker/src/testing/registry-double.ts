/**
 * What a worker sees of a registry, in memory and over real HTTP/2, with its outages and refusals at the test's command.
 * The registry itself is another app; whole-system tests run the two together.
 * @module
 */
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { digestsOf } from "@mintmark/crypto/digests";
import { ArtifactService } from "@mintmark/proto/mintmark/registry/v1/artifact_service";
import type { Version } from "@mintmark/proto/mintmark/registry/v1/version";
import { VersionSchema } from "@mintmark/proto/mintmark/registry/v1/version";
import { type RegisterVersionRequest, VersionService } from "@mintmark/proto/mintmark/registry/v1/version_service";
import { type LogBatchRequest, RunService } from "@mintmark/proto/mintmark/tracking/v1/run_service";
import { AttemptService, type EndAttemptRequest } from "@mintmark/proto/mintmark/training/v1/attempt_service";
import { type Job, JobSchema, type LogLine, type Progress } from "@mintmark/proto/mintmark/training/v1/job";
import { JobService } from "@mintmark/proto/mintmark/training/v1/job_service";
import { reasonHeader } from "@mintmark/registry-client";

export interface RegistryDouble {
  readonly url: string;
  /** Uploads the data, if there is any, and makes the job that reads it. */
  readonly submit: (config: object, data?: { readonly name: string; readonly bytes: Uint8Array }) => string;
  /** As if an earlier attempt had left these tags on the job's run. */
  readonly tag: (run: string, tags: Record<string, string>) => void;
  readonly state: DoubleState;
  /** As if the process had been killed: connections are cut and new ones refused. */
  readonly goDown: () => Promise<void>;
  readonly comeBack: () => Promise<void>;
  readonly close: () => Promise<void>;
}

interface DoubleState {
  readonly blobs: Map<string, Uint8Array>;
  readonly progress: Progress[];
  readonly logs: LogLine[];
  readonly batches: LogBatchRequest[];
  /** Of the run: BLAKE3 by path. */
  readonly artifacts: Map<string, string>;
  readonly registrations: RegisterVersionRequest[];
  readonly ends: EndAttemptRequest[];
  /** How often jobs were claimed. */
  claims: number;
  cancelRequested: boolean;
  /** The last state that was kept, by BLAKE3. */
  checkpoint: string;
  /** The token that counts; another one than was given out means that the attempt was lost. */
  token: string;
}

export async function startRegistryDouble(): Promise<RegistryDouble> {
  const state = newState();
  const jobs = new Map<string, Job>();
  const handler = connectNodeAdapter({ routes: (router) => routes(router, state, jobs) });
  let server = await listen(handler, 0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    state,
    submit: (config, data) => {
      const id = String(jobs.size + 1).padStart(32, "0");
      const snapshots = data === undefined ? [] : [keep(state, data.name, data.bytes)];
      jobs.set(id, create(JobSchema, { run: { id }, configJson: JSON.stringify(config), snapshots }));
      return id;
    },
    tag: (run, tags) => void Object.assign(jobs.get(run)!.run!.tags, tags),
    goDown: () => server.stop(),
    comeBack: async () => {
      server = await listen(handler, port);
    },
    close: () => server.stop(),
  };
}

function newState(): DoubleState {
  return {
    blobs: new Map(),
    progress: [],
    logs: [],
    batches: [],
    artifacts: new Map(),
    registrations: [],
    ends: [],
    claims: 0,
    cancelRequested: false,
    checkpoint: "",
    token: "token-1",
  };
}

function keep(state: DoubleState, name: string, bytes: Uint8Array) {
  const { blake3, sha256, size } = digestsOf(bytes);
  state.blobs.set(blake3, bytes);
  return { name, blake3, sha256, size: BigInt(size) };
}

function routes(router: ConnectRouter, state: DoubleState, jobs: Map<string, Job>): void {
  const fence = (token: string) => {
    if (token !== state.token) throw new ConnectError("lost", Code.Aborted, { [reasonHeader]: "ATTEMPT_LOST" });
  };
  router.service(AttemptService, {
    claimJob: ({ runId }) => {
      const job = jobs.get(runId);
      if (job === undefined) throw new ConnectError("no job", Code.NotFound, { [reasonHeader]: "JOB_NOT_FOUND" });
      state.claims++;
      return { job, attemptToken: state.token, checkpointBlake3: state.checkpoint };
    },
    heartbeat: ({ attemptToken, progress }) => {
      fence(attemptToken);
      if (progress !== undefined) state.progress.push(progress);
      return { cancelRequested: state.cancelRequested };
    },
    appendLogs: ({ attemptToken, lines }) => {
      fence(attemptToken);
      state.logs.push(...lines);
      return {};
    },
    saveCheckpoint: ({ attemptToken, blake3 }) => {
      fence(attemptToken);
      state.checkpoint = blake3;
      return {};
    },
    putArtifacts: ({ attemptToken, files }) => {
      fence(attemptToken);
      for (const { path, blake3 } of files) state.artifacts.set(path, blake3);
      return {};
    },
    endAttempt: (request) => {
      fence(request.attemptToken);
      state.ends.push(request);
      return {};
    },
  });
  router.service(JobService, { listJobs: () => ({ jobs: [...jobs.values()] }) });
  router.service(RunService, {
    logBatch: (request) => {
      fence(request.attemptToken);
      state.batches.push(request);
      return {};
    },
  });
  router.service(VersionService, {
    registerVersion: (request) => {
      fence(request.attemptToken);
      state.registrations.push(request);
      return { version: registered(jobs, request), created: true };
    },
  });
  router.service(ArtifactService, {
    findMissingBlobs: ({ blake3 }) => ({ blake3: blake3.filter((digest) => !state.blobs.has(digest)) }),
    getUpload: ({ blake3 }) => ({ complete: state.blobs.has(blake3), receivedBytes: 0n }),
    uploadBlob: async (messages) => {
      const chunks: Uint8Array[] = [];
      for await (const { part } of messages) if (part.case === "chunk") chunks.push(part.value);
      const bytes = Buffer.concat(chunks);
      const { blake3, sha256, size } = digestsOf(bytes);
      state.blobs.set(blake3, bytes);
      return { blake3, sha256, size: BigInt(size) };
    },
    downloadBlob: async function* ({ blake3, offset }) {
      const bytes = state.blobs.get(blake3);
      if (bytes === undefined) throw new ConnectError("no blob", Code.NotFound, { [reasonHeader]: "BLOB_NOT_FOUND" });
      yield { chunk: new Uint8Array(bytes.subarray(Number(offset))) };
    },
  });
}

function registered(jobs: Map<string, Job>, { model, runId }: RegisterVersionRequest): Version {
  const job = jobs.get(runId)!;
  job.version = `${model}/1`;
  return create(VersionSchema, { model, number: 1, semver: "1.0.0" });
}

interface Listening extends Pick<Http2Server, "address"> {
  readonly stop: () => Promise<void>;
}

async function listen(handler: ReturnType<typeof connectNodeAdapter>, port: number): Promise<Listening> {
  const server = createServer(handler);
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
    session.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    address: () => server.address(),
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}
