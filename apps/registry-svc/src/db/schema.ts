/**
 * The rows of the database as this service reads and writes them; `schema.test.ts` holds them equal to the migrated database.
 * Columns are named as in SQL. `int8` is a bigint here: numbers beyond 2^53 arrive as they are.
 * @module
 */
import type { ColumnType, Generated, Kysely } from "kysely";

export type Db = Kysely<Schema>;

export interface Schema {
  readonly alias: AliasTable;
  readonly alias_move: AliasMoveTable;
  readonly assessment: AssessmentTable;
  readonly blob: BlobTable;
  readonly catalog: CatalogTable;
  readonly dataset: DatasetTable;
  readonly evaluation_dataset: EvaluationDatasetTable;
  readonly evaluation_dataset_experiment: EvaluationDatasetExperimentTable;
  readonly evaluation_dataset_tag: EvaluationDatasetTagTable;
  readonly evaluation_record: EvaluationRecordTable;
  readonly event: EventTable;
  readonly event_head: EventHeadTable;
  readonly experiment: ExperimentTable;
  readonly experiment_tag: ExperimentTagTable;
  readonly file_upload: FileUploadTable;
  readonly frozen_folder: FrozenFolderTable;
  readonly job: JobTable;
  readonly job_log: JobLogTable;
  readonly key_name: KeyNameTable;
  readonly latest_metric: LatestMetricTable;
  readonly lineage_edge: LineageEdgeTable;
  readonly lineage_node: LineageNodeTable;
  readonly logged_dataset: LoggedDatasetTable;
  readonly logged_model: LoggedModelTable;
  readonly logged_model_metric: LoggedModelMetricTable;
  readonly logged_model_param: LoggedModelParamTable;
  readonly logged_model_tag: LoggedModelTagTable;
  readonly manifest_file: ManifestFileTable;
  readonly metric_point: MetricPointTable;
  readonly model: ModelTable;
  readonly model_head: ModelHeadTable;
  readonly model_tag: ModelTagTable;
  readonly namespace: NamespaceTable;
  readonly param: ParamTable;
  readonly run: RunTable;
  readonly run_input: RunInputTable;
  readonly run_logged_dataset: RunLoggedDatasetTable;
  readonly run_model_input: RunModelInputTable;
  readonly run_model_output: RunModelOutputTable;
  readonly run_tag: RunTagTable;
  readonly span: SpanTable;
  readonly stage_move: StageMoveTable;
  readonly stored_file: StoredFileTable;
  readonly token: TokenTable;
  readonly trace: TraceTable;
  readonly trace_metadata: TraceMetadataTable;
  readonly trace_run: TraceRunTable;
  readonly trace_tag: TraceTagTable;
  readonly version: VersionTable;
  readonly version_document: VersionDocumentTable;
  readonly version_tag: VersionTagTable;
  readonly webhook: WebhookTable;
  readonly webhook_delivery: WebhookDeliveryTable;
}

/** Given by the database. */
type Assigned<T> = ColumnType<T, never, never>;

export interface CatalogTable {
  catalog_pk: Assigned<bigint>;
  name: string;
}

export interface NamespaceTable {
  namespace_pk: Assigned<bigint>;
  catalog_pk: bigint;
  name: string;
}

export interface KeyNameTable {
  key_id: Assigned<number>;
  name: string;
}

export interface ModelTable {
  model_pk: Assigned<bigint>;
  id: Assigned<string>;
  namespace_pk: bigint;
  full_name: string;
  shown_name: string;
  description: Generated<string>;
  created_by: string;
  created_at: Generated<Date>;
  deleted_at: Date | null;
}

export interface ModelHeadTable {
  model_pk: bigint;
  last_version: Generated<number>;
  updated_at: Generated<Date>;
}

export interface BlobTable {
  blake3: Uint8Array;
  sha256: Uint8Array;
  size: bigint;
  created_at: Generated<Date>;
}

export interface EventTable {
  number: Assigned<bigint>;
  kind: Assigned<string>;
  model_pk: Assigned<bigint | null>;
  model: Assigned<string | null>;
  actor: Assigned<string>;
  at: Assigned<Date>;
  detail: Assigned<Readonly<Record<string, unknown>>>;
}

export interface EventHeadTable {
  one: Assigned<boolean>;
  number: Assigned<bigint>;
}

export interface VersionTable {
  version_pk: Assigned<bigint>;
  model_pk: bigint;
  number: number;
  major: number;
  minor: number;
  patch: number;
  /** Null where the bytes are elsewhere. */
  digest: Uint8Array | null;
  size_bytes: bigint;
  run_pk: bigint | null;
  model_type: string;
  interface: Uint8Array | null;
  signed_by: string[];
  created_by: string;
  created_at: Generated<Date>;
  description: Generated<string>;
  stage: Generated<number>;
  archived: Generated<boolean>;
  updated_at: Generated<Date>;
  deleted_at: Date | null;
  source: Generated<string>;
  location: Generated<string>;
  run_link: Generated<string>;
  foreign_run: string | null;
  logged_model_pk: bigint | null;
  request_id: string | null;
}

export interface ManifestFileTable {
  version_pk: bigint;
  path: string;
  size: bigint;
  blake3: Uint8Array;
  sha256: Uint8Array;
}

export interface VersionDocumentTable {
  version_pk: bigint;
  name: string;
  content: Uint8Array;
}

export interface ModelTagTable {
  model_pk: bigint;
  key_id: number;
  value: string;
}

export interface VersionTagTable {
  version_pk: bigint;
  model_pk: bigint;
  key_id: number;
  value: string;
}

export interface AliasTable {
  model_pk: Assigned<bigint>;
  name: Assigned<string>;
  number: Assigned<number>;
  revision: Assigned<number>;
  updated_at: Assigned<Date>;
}

export interface AliasMoveTable {
  model_pk: Assigned<bigint>;
  alias: Assigned<string>;
  revision: Assigned<number>;
  from_number: Assigned<number | null>;
  to_number: Assigned<number | null>;
  actor: Assigned<string>;
  reason: Assigned<string>;
  at: Assigned<Date>;
}

export interface StageMoveTable {
  move_pk: Assigned<bigint>;
  version_pk: Assigned<bigint>;
  from_stage: Assigned<number>;
  to_stage: Assigned<number>;
  actor: Assigned<string>;
  at: Assigned<Date>;
}

export interface LineageNodeTable {
  node_pk: Assigned<bigint>;
  kind: number;
  identity: string;
  label: string;
}

export interface LineageEdgeTable {
  source_pk: bigint;
  target_pk: bigint;
  role: string;
}

export interface ExperimentTable {
  experiment_pk: Assigned<number>;
  name: string;
  created_at: Generated<Date>;
  artifact_location: Generated<string>;
  updated_at: Generated<Date>;
  deleted_at: Date | null;
}

export interface RunTable {
  run_pk: Assigned<bigint>;
  run_id: Generated<string>;
  experiment_pk: number;
  parent_pk: bigint | null;
  status: number;
  is_job: Generated<boolean>;
  attempt_token: string | null;
  created_at: Generated<Date>;
  started_at: Date | null;
  ended_at: Date | null;
  name: string;
  user_name: string;
  queue_number: Generated<number>;
  queued_at: Date | null;
  claim_expires_at: Date | null;
  claim_lease: unknown;
  attempts: Generated<number>;
  failures: Generated<number>;
  log_lines: Generated<bigint>;
  cancel_requested: Generated<boolean>;
  worker: Generated<string>;
  progress: unknown;
  error: unknown;
  ended_token: string | null;
  deleted_at: Date | null;
}

export interface RunTagTable {
  run_pk: bigint;
  experiment_pk: number;
  key_id: number;
  value: string;
}

export interface ParamTable {
  run_pk: bigint;
  experiment_pk: number;
  key_id: number;
  value: string;
}

export interface LatestMetricTable {
  run_pk: bigint;
  value: number;
  step: bigint;
  ts: bigint;
  experiment_pk: number;
  key_id: number;
}

export interface MetricPointTable {
  run_pk: bigint;
  ts: bigint;
  step: bigint;
  value: number;
  key_id: number;
}

export interface DatasetTable {
  dataset_pk: Assigned<bigint>;
  blake3: Uint8Array;
  sha256: Uint8Array;
  size: bigint;
  created_at: Generated<Date>;
}

export interface RunInputTable {
  run_pk: bigint;
  dataset_pk: bigint;
  role: string;
  name: string;
  source: string;
  row_count: bigint;
  schema_json: string;
}

export interface JobTable {
  run_pk: bigint;
  idempotency_key: string | null;
  model: string;
  config: unknown;
  snapshots: unknown;
  checkpoint_blake3: Uint8Array | null;
  version_pk: bigint | null;
}

export interface JobLogTable {
  run_pk: bigint;
  number: bigint;
  at: Date;
  level: string;
  text: string;
}

export interface TokenTable {
  id: string;
  name: string;
  secret_sha256: Uint8Array;
  created_by: string;
  created_at: Generated<Date>;
  expires_at: Date | null;
  revoked_at: Date | null;
}

export interface ExperimentTagTable {
  experiment_pk: number;
  key_id: number;
  value: string;
}

export interface LoggedDatasetTable {
  dataset_pk: Assigned<bigint>;
  experiment_pk: number;
  name: string;
  digest: string;
  source_type: string;
  source: string;
  schema_json: string;
  profile_json: string;
}

export interface RunLoggedDatasetTable {
  run_pk: bigint;
  dataset_pk: bigint;
  role: string;
  tags: Generated<Readonly<Record<string, string>>>;
}

export interface LoggedModelTable {
  logged_model_pk: Assigned<bigint>;
  id: Assigned<string>;
  experiment_pk: number;
  source_run_pk: bigint | null;
  status: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
  deleted_at: Date | null;
  name: string;
  model_type: Generated<string>;
}

export interface LoggedModelTagTable {
  logged_model_pk: bigint;
  experiment_pk: number;
  key_id: number;
  value: string;
}

export interface LoggedModelParamTable {
  logged_model_pk: bigint;
  experiment_pk: number;
  key_id: number;
  value: string;
}

export interface LoggedModelMetricTable {
  logged_model_pk: bigint;
  run_pk: bigint;
  value: number;
  step: bigint;
  ts: bigint;
  experiment_pk: number;
  key_id: number;
  dataset_name: Generated<string>;
  dataset_digest: Generated<string>;
}

export interface RunModelInputTable {
  run_pk: bigint;
  logged_model_pk: bigint;
}

export interface RunModelOutputTable {
  run_pk: bigint;
  logged_model_pk: bigint;
  step: Generated<bigint>;
}

export interface StoredFileTable {
  path: string;
  blake3: Uint8Array;
  size: bigint;
  updated_by: string;
  updated_at: Generated<Date>;
}

export interface FileUploadTable {
  id: string;
  path: string;
  store_id: string;
  created_by: string;
  created_at: Generated<Date>;
  completed_at: Date | null;
}

export interface FrozenFolderTable {
  path: string;
  frozen_at: Generated<Date>;
}

export interface WebhookTable {
  webhook_pk: Assigned<bigint>;
  id: Assigned<string>;
  name: string;
  url: string;
  events: readonly string[];
  description: Generated<string>;
  secret: Uint8Array | null;
  active: Generated<boolean>;
  created_by: string;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
  deleted_at: Date | null;
}

export interface WebhookDeliveryTable {
  delivery_pk: Assigned<bigint>;
  id: Assigned<string>;
  webhook_pk: bigint;
  event_number: bigint;
  event: string;
  body: string;
  created_at: Date;
  status: Generated<number>;
  attempts: Generated<number>;
  due_at: Date;
  response_status: number | null;
  error: Generated<string>;
  ended_at: Date | null;
}

export interface TraceTable {
  trace_pk: Assigned<bigint>;
  id: string;
  experiment_pk: number;
  started_ms: bigint;
  duration_ms: bigint | null;
  state: number;
  recorded: Generated<boolean>;
  client_request_id: string | null;
  request_preview: string | null;
  response_preview: string | null;
}

export interface TraceTagTable {
  trace_pk: bigint;
  experiment_pk: number;
  key_id: number;
  value: string;
}

export interface TraceMetadataTable {
  trace_pk: bigint;
  experiment_pk: number;
  key_id: number;
  value: string;
}

export interface TraceRunTable {
  trace_pk: bigint;
  run_pk: bigint;
}

export interface SpanTable {
  trace_pk: bigint;
  span_id: Uint8Array;
  is_root: boolean;
  status: number;
  started_ns: bigint;
  ended_ns: bigint;
  name: string;
  type: string;
  encoded: Uint8Array;
}

export interface AssessmentTable {
  assessment_pk: Assigned<bigint>;
  id: Assigned<string>;
  trace_pk: bigint;
  kind: number;
  overrides_pk: bigint | null;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
  name: string;
  value_json: string;
  error_code: Generated<string>;
  error_message: string | null;
  error_stack: Generated<string>;
  source_type: string;
  source_id: string;
  rationale: string | null;
  span_id: Generated<string>;
  metadata: Generated<Readonly<Record<string, string>>>;
}

export interface EvaluationDatasetTable {
  evaluation_dataset_pk: Assigned<bigint>;
  id: Assigned<string>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
  name: string;
  digest: string;
  schema_json: Generated<string>;
  record_count: Generated<number>;
  created_by: string;
  updated_by: string;
}

export interface EvaluationDatasetTagTable {
  evaluation_dataset_pk: bigint;
  key_id: number;
  value: string;
}

export interface EvaluationDatasetExperimentTable {
  evaluation_dataset_pk: bigint;
  experiment_pk: number;
}

export interface EvaluationRecordTable {
  record_pk: Assigned<bigint>;
  id: Assigned<string>;
  evaluation_dataset_pk: bigint;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
  inputs_sha256: Uint8Array;
  inputs_json: string;
  outputs_json: string;
  expectations_json: string;
  tags_json: string;
  source_json: string;
  created_by: string;
  updated_by: string;
}
