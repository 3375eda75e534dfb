/**
 * Every service of the registry, on one router.
 * @module
 */
import type { DescService } from "@bufbuild/protobuf";
import type { ConnectRouter, ServiceImpl } from "@connectrpc/connect";
import { Health } from "@mintmark/proto/grpc/health/v1/health";
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
import { aliasService } from "./aliases/alias-service.ts";
import { artifactService } from "./artifacts/artifact-service.ts";
import { evaluationDatasetService } from "./evaluation-datasets/evaluation-dataset-service.ts";
import { eventService } from "./events/event-service.ts";
import { experimentService } from "./experiments/experiment-service.ts";
import { fileService } from "./files/file-service.ts";
import { healthService } from "./grpc/health-service.ts";
import { addReflection } from "./grpc/reflection.ts";
import { attemptService } from "./jobs/attempt-service.ts";
import { jobService } from "./jobs/job-service.ts";
import { keyService } from "./keys/key-service.ts";
import { lineageService } from "./lineage/lineage-service.ts";
import { loggedModelService } from "./logged-models/logged-model-service.ts";
import { modelService } from "./models/model-service.ts";
import { resolveService } from "./resolve/resolve-service.ts";
import { runService } from "./runs/run-service.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { tokenService } from "./tokens/token-service.ts";
import { traceService } from "./traces/trace-service.ts";
import { versionService } from "./versions/version-service.ts";
import { webhookService } from "./webhooks/webhook-service.ts";

const services = [
  entry(ModelService, modelService),
  entry(VersionService, versionService),
  entry(AliasService, aliasService),
  entry(ArtifactService, artifactService),
  entry(ResolveService, resolveService),
  entry(EventService, eventService),
  entry(LineageService, lineageService),
  entry(WebhookService, webhookService),
  entry(KeyService, keyService),
  entry(TokenService, tokenService),
  entry(ExperimentService, experimentService),
  entry(RunService, runService),
  entry(FileService, fileService),
  entry(LoggedModelService, loggedModelService),
  entry(TraceService, traceService),
  entry(EvaluationDatasetService, evaluationDatasetService),
  entry(JobService, jobService),
  entry(AttemptService, attemptService),
];

/** @param streamedBytes how large one message of a stream to the registry may be; anything if absent */
export function addServices(router: ConnectRouter, deps: ServiceDeps, streamedBytes?: number): void {
  for (const { service, addTo } of services) addTo(router, deps, takesStream(service) ? streamedBytes : undefined);
  const described = services.map(({ service }) => service);
  router.service(Health, healthService(deps, described));
  addReflection(router, [...described, Health]);
}

function takesStream({ methods }: DescService): boolean {
  return methods.some(({ methodKind }) => methodKind === "client_streaming" || methodKind === "bidi_streaming");
}

function entry<Service extends DescService>(service: Service, make: (deps: ServiceDeps) => ServiceImpl<Service>) {
  return {
    service,
    addTo: (router: ConnectRouter, deps: ServiceDeps, readMaxBytes: number | undefined) =>
      router.service(service, make(deps), readMaxBytes === undefined ? undefined : { readMaxBytes }),
  };
}
