-- Runs: what was executed, with parameters, metrics over steps, tags and the data that was read.
-- Serves: RunService, JobService, lineage. `experiment_pk` is repeated in the child tables (a run never changes its
-- experiment), so that "filter by metric, order by metric" within an experiment is one ordered index scan.

create table experiment (
  experiment_pk int primary key generated always as identity,
  name text collate pg_c_utf8 not null unique check (length(name) between 1 and 250),
  created_at timestamptz not null default clock_timestamp()
);

-- The number of an experiment, made if it is new.
create function experiment_of(experiment text) returns int language plpgsql as $$
declare found_pk int;
begin
  select experiment_pk into found_pk from experiment e where e.name = experiment;
  while found_pk is null loop
    insert into experiment (name) values (experiment) on conflict do nothing;
    select experiment_pk into found_pk from experiment e where e.name = experiment;
  end loop;
  return found_pk;
end $$;

create table run (
  run_pk bigint primary key generated always as identity,
  run_id uuid not null unique default gen_random_uuid(),
  experiment_pk int not null references experiment,
  parent_pk bigint references run,
  -- As RunStatus: 1 scheduled, 2 running, 3 finished, 4 failed, 5 killed.
  status smallint not null check (status between 1 and 5),
  -- Whether the system executes it; then only the present attempt may write.
  is_job boolean not null default false,
  attempt_token uuid,
  created_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  ended_at timestamptz,
  name text not null,
  user_name text not null,
  check (is_job or attempt_token is null),
  check ((ended_at is not null) = (status >= 3))
);
create index run_experiment on run (experiment_pk, status, run_pk desc);
create index run_status on run (status, run_pk desc);
create index run_parent on run (parent_pk) where parent_pk is not null;

create table run_tag (
  run_pk bigint not null references run,
  experiment_pk int not null,
  key_id int not null references key_name,
  value text collate pg_c_utf8 not null check (length(value) <= 100000),
  primary key (run_pk, key_id)
);
create index run_tag_kv on run_tag (experiment_pk, key_id, left(value, 128), run_pk);

create table param (
  run_pk bigint not null references run,
  experiment_pk int not null,
  key_id int not null references key_name,
  value text collate pg_c_utf8 not null check (length(value) <= 6000),
  primary key (run_pk, key_id)
);
create index param_kv on param (experiment_pk, key_id, left(value, 128), run_pk);
create trigger param_keep before update on param for each row when (old.* is distinct from new.*) execute function refuse();

-- The point with the highest (step, ts, value) of each series.
create table latest_metric (
  run_pk bigint not null references run,
  value float8 not null,
  step bigint not null,
  ts bigint not null,
  experiment_pk int not null,
  key_id int not null references key_name,
  primary key (run_pk, key_id)
) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02);
create index latest_metric_kv on latest_metric (experiment_pk, key_id, value, run_pk);

-- Every point. `ts` is in milliseconds since 1970, as MLflow's clients send it. The key makes a repeated point a no-op and is
-- the order in which a history is read.
create table metric_point (
  run_pk bigint not null references run,
  ts bigint not null,
  step bigint not null,
  value float8 not null,
  key_id int not null references key_name,
  primary key (run_pk, key_id, ts, step, value)
) with (autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.02);

-- A snapshot of data, whoever read it.
create table dataset (
  dataset_pk bigint primary key generated always as identity,
  blake3 bytea not null unique check (length(blake3) = 32),
  sha256 bytea not null check (length(sha256) = 32),
  size bigint not null check (size >= 0),
  created_at timestamptz not null default clock_timestamp()
);

-- That a run read it, and how it saw it: the same bytes may have another name or be read as other columns.
create table run_input (
  run_pk bigint not null references run,
  dataset_pk bigint not null references dataset,
  role text not null,
  name text not null,
  source text not null,
  row_count bigint not null check (row_count >= 0),
  schema_json text not null,
  primary key (run_pk, dataset_pk, role)
);
create index run_input_dataset on run_input (dataset_pk, run_pk);

-- Logs a batch, all of it or none, in one call: locks the run, checks who writes, then writes.
-- Refusals: MM404 no such run, MM410 it has ended, MM409 the attempt is not the run's, MM422 a parameter has another value.
create function log_batch(
  id uuid, token uuid,
  param_keys text[], param_values text[],
  tag_keys text[], tag_values text[],
  metric_keys text[], metric_values float8[], metric_steps bigint[], metric_ts bigint[],
  inputs jsonb
) returns void language plpgsql as $$
declare
  target run;
  clash record;
  writes_more boolean;
begin
  -- Children of the run need only that it stays; an attempt that is taken away meanwhile waits for this, or is seen here.
  select * into target from run where run_id = id for no key update;
  if not found then raise exception 'no such run' using errcode = 'MM404'; end if;
  -- Tags are anybody's at any time; an attempt that is over may not even set those.
  writes_more := cardinality(param_keys) > 0 or cardinality(metric_keys) > 0 or jsonb_array_length(inputs) > 0;
  if target.status >= 3 and writes_more and token is null then
    raise exception 'ended' using errcode = 'MM410', detail = target.status::text;
  end if;
  if target.is_job and (writes_more or token is not null) and (token = target.attempt_token) is not true then
    raise exception 'not the attempt' using errcode = 'MM409';
  end if;

  insert into param (run_pk, experiment_pk, key_id, value)
    select target.run_pk, target.experiment_pk, key_of(key), value from unnest(param_keys, param_values) as given (key, value)
    on conflict do nothing;
  select key, p.value as old, given.value as new into clash
    from unnest(param_keys, param_values) as given (key, value)
    join key_name k on k.name = given.key
    join param p on p.run_pk = target.run_pk and p.key_id = k.key_id
    where p.value <> given.value order by key limit 1;
  if found then
    raise exception 'param changed' using errcode = 'MM422',
      detail = jsonb_build_object('key', clash.key, 'old', clash.old, 'new', clash.new)::text;
  end if;

  insert into run_tag (run_pk, experiment_pk, key_id, value)
    select target.run_pk, target.experiment_pk, key_of(key), value from unnest(tag_keys, tag_values) as given (key, value)
    on conflict (run_pk, key_id) do update set value = excluded.value;

  if cardinality(metric_keys) > 0 then
    with ids as materialized (select name, key_of(name) as key_id from (select distinct unnest(metric_keys) as name) names),
    point as materialized (
      select ids.key_id, given.value, given.step, given.ts
      from unnest(metric_keys, metric_values, metric_steps, metric_ts) as given (key, value, step, ts)
      join ids on ids.name = given.key
    ),
    kept as (
      insert into metric_point (run_pk, ts, step, value, key_id)
      select target.run_pk, ts, step, value, key_id from point
      on conflict do nothing
    )
    insert into latest_metric as latest (run_pk, value, step, ts, experiment_pk, key_id)
    select distinct on (key_id) target.run_pk, value, step, ts, target.experiment_pk, key_id
    from point order by key_id, step desc, ts desc, value desc
    on conflict (run_pk, key_id) do update set value = excluded.value, step = excluded.step, ts = excluded.ts
      where (excluded.step, excluded.ts, excluded.value) > (latest.step, latest.ts, latest.value);
  end if;

  if jsonb_array_length(inputs) > 0 then
    insert into dataset (blake3, sha256, size)
      select distinct on (blake3) decode(blake3, 'hex'), decode(sha256, 'hex'), size
      from jsonb_to_recordset(inputs) as given (blake3 text, sha256 text, size bigint) order by blake3
      on conflict do nothing;
    insert into run_input (run_pk, dataset_pk, role, name, source, row_count, schema_json)
      select target.run_pk, d.dataset_pk, given.role, given.name, given.source, given.row_count, given.schema_json
      from jsonb_to_recordset(inputs)
        as given (blake3 text, role text, name text, source text, row_count bigint, schema_json text)
      join dataset d on d.blake3 = decode(given.blake3, 'hex')
      on conflict (run_pk, dataset_pk, role) do update
        set name = excluded.name, source = excluded.source, row_count = excluded.row_count, schema_json = excluded.schema_json;
  end if;
end $$;
