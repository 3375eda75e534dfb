-- Logged models: what a client saved as a model, before and apart from any registration.
-- Serves: LoggedModelService, RunService (model inputs and outputs), VersionService (what versions are made from).
-- `experiment_pk` is repeated in the child tables as in those of runs.

create table logged_model (
  logged_model_pk bigint primary key generated always as identity,
  -- Shown as m-<32 hex digits>.
  id uuid not null unique default gen_random_uuid(),
  experiment_pk int not null references experiment,
  source_run_pk bigint references run,
  -- As LoggedModelStatus: 1 pending, 2 ready, 3 upload failed.
  status smallint not null default 1 check (status between 1 and 3),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  deleted_at timestamptz,
  name text collate pg_c_utf8 not null check (length(name) between 1 and 500),
  model_type text collate pg_c_utf8 not null default '' check (length(model_type) <= 500)
);
create index logged_model_experiment on logged_model (experiment_pk, created_at desc, logged_model_pk desc) where deleted_at is null;
create index logged_model_run on logged_model (source_run_pk) where source_run_pk is not null;

create table logged_model_tag (
  logged_model_pk bigint not null references logged_model,
  experiment_pk int not null,
  key_id int not null references key_name,
  value text collate pg_c_utf8 not null check (length(value) <= 100000),
  primary key (logged_model_pk, key_id)
);
create index logged_model_tag_value on logged_model_tag (experiment_pk, key_id, left(value, 128), logged_model_pk);

create table logged_model_param (
  logged_model_pk bigint not null references logged_model,
  experiment_pk int not null,
  key_id int not null references key_name,
  value text collate pg_c_utf8 not null check (length(value) <= 6000),
  primary key (logged_model_pk, key_id)
);
create index logged_model_param_value on logged_model_param (experiment_pk, key_id, left(value, 128), logged_model_pk);
create trigger logged_model_param_keep before update on logged_model_param
  for each row when (old.* is distinct from new.*) execute function refuse();

-- The point with the highest (step, ts, value) of each metric of a logged model, for each run and data set that measured it.
create table logged_model_metric (
  logged_model_pk bigint not null references logged_model,
  run_pk bigint not null references run,
  value float8 not null,
  step bigint not null,
  ts bigint not null,
  experiment_pk int not null,
  key_id int not null references key_name,
  -- Empty if not said.
  dataset_name text collate pg_c_utf8 not null default '' check (length(dataset_name) <= 500),
  dataset_digest text collate pg_c_utf8 not null default '' check (length(dataset_digest) <= 128),
  primary key (logged_model_pk, key_id, run_pk, dataset_name, dataset_digest)
);
create index logged_model_metric_value on logged_model_metric (experiment_pk, key_id, value, logged_model_pk);

-- Logged models that a run read, and those that it made.
create table run_model_input (
  run_pk bigint not null references run,
  logged_model_pk bigint not null references logged_model,
  primary key (run_pk, logged_model_pk)
);
create index run_model_input_model on run_model_input (logged_model_pk);

create table run_model_output (
  run_pk bigint not null references run,
  logged_model_pk bigint not null references logged_model,
  step bigint not null default 0,
  primary key (run_pk, logged_model_pk)
);
create index run_model_output_model on run_model_output (logged_model_pk);
