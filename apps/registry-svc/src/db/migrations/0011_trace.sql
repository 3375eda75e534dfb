-- Traces: requests to applications, with the spans of what happened in them and what people and programs think of them.
-- Serves: TraceService.
-- Everything below a trace is deleted with it. `experiment_pk` is repeated in the child tables as in those of runs.

create table trace (
  trace_pk bigint primary key generated always as identity,
  -- `tr-` and OpenTelemetry's trace id, by which clients name it before the registry knows of it.
  id text collate pg_c_utf8 not null unique check (length(id) between 1 and 250),
  experiment_pk int not null references experiment,
  -- In milliseconds since 1970, as clients send it; derived from the spans until its maker has said it.
  started_ms bigint not null,
  duration_ms bigint check (duration_ms >= 0),
  -- As TraceState: 0 not known, 1 ok, 2 error, 3 in progress.
  state smallint not null check (state between 0 and 3),
  -- Whether its maker has said how it was: from then on spans change none of it.
  recorded boolean not null default false,
  client_request_id text collate pg_c_utf8 check (length(client_request_id) between 1 and 250),
  request_preview text collate pg_c_utf8 check (length(request_preview) <= 10000),
  response_preview text collate pg_c_utf8 check (length(response_preview) <= 10000)
) with (fillfactor = 90);
create index trace_experiment on trace (experiment_pk, started_ms desc, trace_pk desc);
create index trace_client_request on trace (experiment_pk, client_request_id) where client_request_id is not null;

create table trace_tag (
  trace_pk bigint not null references trace on delete cascade,
  experiment_pk int not null,
  key_id int not null references key_name,
  value text collate pg_c_utf8 not null check (length(value) <= 8000),
  primary key (trace_pk, key_id)
);
create index trace_tag_value on trace_tag (experiment_pk, key_id, left(value, 128), trace_pk);

create table trace_metadata (
  trace_pk bigint not null references trace on delete cascade,
  experiment_pk int not null,
  key_id int not null references key_name,
  value text collate pg_c_utf8 not null check (length(value) <= 8000),
  primary key (trace_pk, key_id)
);
create index trace_metadata_value on trace_metadata (experiment_pk, key_id, left(value, 128), trace_pk);

-- Runs that made a trace, besides what its metadata say.
create table trace_run (
  trace_pk bigint not null references trace on delete cascade,
  run_pk bigint not null references run,
  primary key (trace_pk, run_pk)
);
create index trace_run_run on trace_run (run_pk);

create table span (
  trace_pk bigint not null references trace on delete cascade,
  span_id bytea not null check (length(span_id) = 8),
  is_root boolean not null,
  -- As OpenTelemetry's StatusCode: 0 not stated, 1 ok, 2 error.
  status smallint not null check (status between 0 and 2),
  started_ns bigint not null,
  -- 0 if it has not ended.
  ended_ns bigint not null,
  name text collate pg_c_utf8 not null,
  type text collate pg_c_utf8 not null,
  -- The message opentelemetry.proto.trace.v1.Span as it came; the columns above are what is searched and ordered by.
  encoded bytea not null,
  primary key (trace_pk, span_id)
);

create table assessment (
  assessment_pk bigint primary key generated always as identity,
  -- Shown as a-<32 hex digits>.
  id uuid not null unique default gen_random_uuid(),
  trace_pk bigint not null references trace on delete cascade,
  -- As AssessmentKind: 1 feedback, 2 expectation.
  kind smallint not null check (kind between 1 and 2),
  -- The assessment that this one stands in for.
  overrides_pk bigint references assessment on delete set null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  name text collate pg_c_utf8 not null check (length(name) between 1 and 250),
  -- JSON as text: jsonb refuses some strings of JSON and rewrites numbers.
  value_json text collate pg_c_utf8 not null,
  error_code text not null default '',
  error_message text,
  error_stack text not null default '',
  source_type text collate pg_c_utf8 not null check (length(source_type) <= 250),
  source_id text collate pg_c_utf8 not null check (length(source_id) <= 250),
  rationale text,
  span_id text not null default '' check (length(span_id) <= 50),
  metadata jsonb not null default '{}'
);
create index assessment_trace on assessment (trace_pk, assessment_pk);
create index assessment_overrides on assessment (overrides_pk) where overrides_pk is not null;
