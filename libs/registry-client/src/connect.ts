/**
 * Typed clients of every native service, over one connection.
 * @module
 */
import { type Client, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { TokenService } from "@mintmark/proto/mintmark/access/v1/token_service";
import { AliasService } from "@mintmark/proto/mintmark/registry/v1/alias_service";
import { ArtifactService } from "@mintmark/proto/mintmark/registry/v1/artifact_service";
import { EventService } from "@mintmark/proto/mintmark/registry/v1/event_service";
import { KeyService } from "@mintmark/proto/mintmark/registry/v1/key_service";
import { LineageService } from "@mintmark/proto/mintmark/registry/v1/lineage_service";
import { ModelService } from "@mintmark/proto/mintmark/registry/v1/model_service";
import { ResolveService } from "@mintmark/proto/mintmark/registry/v1/resolve_service";
import { VersionService } from "@mintmark/proto/mintmark/registry/v1/version_service";
import { WebhookService } from "@mintmark/proto/mintmark/registry/v1/webhook_service";
import { EvaluationDatasetService } from "@mintmark/proto/mintmark/tracking/v1/evaluation_dataset_service";
import { ExperimentService } from "@mintmark/proto/mintmark/tracking/v1/experiment_service";
import { FileService } from "@mintmark/proto/mintmark/tracking/v1/file_service";
import { LoggedModelService } from "@mintmark/proto/mintmark/tracking/v1/logged_model_service";
import { RunService } from "@mintmark/proto/mintmark/tracking/v1/run_service";
import { TraceService } from "@mintmark/proto/mintmark/tracking/v1/trace_service";
import { AttemptService } from "@mintmark/proto/mintmark/training/v1/attempt_service";
import { JobService } from "@mintmark/proto/mintmark/training/v1/job_service";
import type { BulkEndpoint } from "./bulk-http.ts";

export interface RegistryClient {
  readonly models: Client<typeof ModelService>;
  readonly versions: Client<typeof VersionService>;
  readonly aliases: Client<typeof AliasService>;
  readonly artifacts: Client<typeof ArtifactService>;
  readonly resolver: Client<typeof ResolveService>;
  readonly events: Client<typeof EventService>;
  readonly lineage: Client<typeof LineageService>;
  readonly webhooks: Client<typeof WebhookService>;
  readonly keys: Client<typeof KeyService>;
  readonly experiments: Client<typeof ExperimentService>;
  readonly runs: Client<typeof RunService>;
  readonly loggedModels: Client<typeof LoggedModelService>;
  readonly files: Client<typeof FileService>;
  readonly traces: Client<typeof TraceService>;
  readonly evaluationDatasets: Client<typeof EvaluationDatasetService>;
  readonly jobs: Client<typeof JobService>;
  readonly attempts: Client<typeof AttemptService>;
  readonly tokens: Client<typeof TokenService>;
  /** Where bulk bytes go by plain HTTP; without it they go through the calls as well. */
  readonly bulk?: BulkEndpoint;
  /** Ends the connection; calls under way fail. */
  readonly close: () => void;
}

export interface ConnectOptions {
  /** `http://host:port` of a registry or a gateway. */
  readonly baseUrl: string;
  readonly token?: string | undefined;
  /** `2` to a registry (calls share one connection), `1.1` to a gateway. */
  readonly httpVersion: "1.1" | "2";
  /** What every call goes through. */
  readonly interceptors?: readonly Interceptor[];
}

/** Nothing is sent before the first call. */
export function connectRegistry({ baseUrl, token, httpVersion, ...options }: ConnectOptions): RegistryClient {
  const interceptors = [...(options.interceptors ?? []), ...(token === undefined ? [] : [bearer(token)])];
  const bulk = { baseUrl, token };
  if (httpVersion === "1.1")
    return clients(
      createConnectTransport({ baseUrl, httpVersion, interceptors, useBinaryFormat: true }),
      () => {},
      bulk,
    );
  const sessionManager = new Http2SessionManager(baseUrl, { pingIntervalMs: 10_000, pingTimeoutMs: 5_000 });
  const transport = createConnectTransport({
    baseUrl,
    httpVersion,
    interceptors,
    sessionManager,
    useBinaryFormat: true,
    // The registry is near: what gzip saves on the way costs both ends more than the way.
    acceptCompression: [],
  });
  return clients(transport, () => sessionManager.abort(), bulk);
}

/** The same clients over a transport of the caller's, such as the in-memory one of tests. */
export function clients(transport: Transport, close: () => void, bulk?: BulkEndpoint): RegistryClient {
  return {
    models: createClient(ModelService, transport),
    versions: createClient(VersionService, transport),
    aliases: createClient(AliasService, transport),
    artifacts: createClient(ArtifactService, transport),
    resolver: createClient(ResolveService, transport),
    events: createClient(EventService, transport),
    lineage: createClient(LineageService, transport),
    webhooks: createClient(WebhookService, transport),
    keys: createClient(KeyService, transport),
    experiments: createClient(ExperimentService, transport),
    runs: createClient(RunService, transport),
    loggedModels: createClient(LoggedModelService, transport),
    files: createClient(FileService, transport),
    traces: createClient(TraceService, transport),
    evaluationDatasets: createClient(EvaluationDatasetService, transport),
    jobs: createClient(JobService, transport),
    attempts: createClient(AttemptService, transport),
    tokens: createClient(TokenService, transport),
    ...(bulk === undefined ? {} : { bulk }),
    close,
  };
}

function bearer(token: string): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
}
