-- Evaluation data sets: examples that applications are evaluated on.
-- Serves: EvaluationDatasetService.
-- JSON is kept as text, so that numbers keep their digits and every string that JSON can hold is taken.

create table evaluation_dataset (
  evaluation_dataset_pk bigint primary key generated always as identity,
  -- Shown as d-<32 hex digits>.
  id uuid not null unique default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  name text collate pg_c_utf8 not null check (length(name) between 1 and 255),
  digest text not null,
  -- Empty before the first record.
  schema_json text not null default '',
  record_count int not null default 0 check (record_count >= 0),
  created_by text collate pg_c_utf8 not null,
  updated_by text collate pg_c_utf8 not null
);
create index evaluation_dataset_created on evaluation_dataset (created_at desc, evaluation_dataset_pk desc);
create index evaluation_dataset_name on evaluation_dataset (name);

create table evaluation_dataset_tag (
  evaluation_dataset_pk bigint not null references evaluation_dataset on delete cascade,
  key_id int not null references key_name,
  value text collate pg_c_utf8 not null check (length(value) <= 5000),
  primary key (evaluation_dataset_pk, key_id)
);
create index evaluation_dataset_tag_value on evaluation_dataset_tag (key_id, left(value, 128), evaluation_dataset_pk);

create table evaluation_dataset_experiment (
  evaluation_dataset_pk bigint not null references evaluation_dataset on delete cascade,
  experiment_pk int not null references experiment,
  primary key (evaluation_dataset_pk, experiment_pk)
);
create index evaluation_dataset_experiment_experiment on evaluation_dataset_experiment (experiment_pk, evaluation_dataset_pk);

create table evaluation_record (
  record_pk bigint primary key generated always as identity,
  -- Shown as dr-<32 hex digits>.
  id uuid not null unique default gen_random_uuid(),
  evaluation_dataset_pk bigint not null references evaluation_dataset on delete cascade,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  -- SHA-256 of the inputs with sorted keys: equal inputs are one record.
  inputs_sha256 bytea not null check (length(inputs_sha256) = 32),
  inputs_json text not null,
  -- Empty, here and below: not said.
  outputs_json text not null,
  expectations_json text not null,
  tags_json text not null,
  source_json text not null,
  created_by text collate pg_c_utf8 not null,
  updated_by text collate pg_c_utf8 not null,
  unique (evaluation_dataset_pk, inputs_sha256)
);
create index evaluation_record_dataset on evaluation_record (evaluation_dataset_pk, record_pk);
