-- Experiments with tags and a lifecycle, runs that can be deleted and restored, and data as clients describe it.
-- Serves: ExperimentService, RunService.

alter table experiment
  -- Where clients put the files of its runs; empty: here, at mlflow-artifacts:/<experiment_pk>.
  add column artifact_location text not null default '' check (length(artifact_location) <= 2000),
  add column updated_at timestamptz not null default clock_timestamp(),
  add column deleted_at timestamptz,
  drop constraint experiment_name_check,
  add constraint experiment_name_check check (length(name) between 1 and 500);

-- Clients that name no experiment mean this one, and know it by its number.
insert into experiment (experiment_pk, name) overriding system value values (0, 'Default') on conflict do nothing;

create table experiment_tag (
  experiment_pk int not null references experiment,
  key_id int not null references key_name,
  value text collate pg_c_utf8 not null check (length(value) <= 20000),
  primary key (experiment_pk, key_id)
);
create index experiment_tag_value on experiment_tag (key_id, left(value, 128), experiment_pk);

-- A run that was deleted with its experiment has the same deleted_at, by which restoring the experiment finds it.
alter table run
  add column deleted_at timestamptz,
  drop constraint run_check1,
  -- Clients end their runs as they like; what the system executes is exact.
  add constraint run_end_check check (not is_job or (ended_at is not null) = (status >= 3));

-- What a client says about data whose bytes it keeps: within an experiment, one name and digest is one data set, and what was
-- said first stays.
create table logged_dataset (
  dataset_pk bigint primary key generated always as identity,
  experiment_pk int not null references experiment,
  name text collate pg_c_utf8 not null check (length(name) between 1 and 500),
  digest text collate pg_c_utf8 not null check (length(digest) between 1 and 128),
  source_type text not null check (length(source_type) <= 36),
  source text not null check (length(source) <= 65535),
  schema_json text not null check (length(schema_json) <= 1048575),
  profile_json text not null check (length(profile_json) <= 16777215),
  unique (experiment_pk, name, digest)
);

create table run_logged_dataset (
  run_pk bigint not null references run,
  dataset_pk bigint not null references logged_dataset,
  role text collate pg_c_utf8 not null check (length(role) <= 500),
  tags jsonb not null default '{}',
  primary key (run_pk, dataset_pk)
);
create index run_logged_dataset_dataset on run_logged_dataset (dataset_pk, run_pk);
