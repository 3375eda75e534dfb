-- Experiments with tags and a lifecycle, runs that can be deleted and restored, and data as clients describe it.
-- Serves: ExperimentService, RunService, JobService (its runs).
--
-- Refusals of the functions here, by SQLSTATE: MM404 something is not there (the detail is {"what", "id"}), MM409 the attempt
-- is not the run's, MM410 the job has ended, MM422 a parameter has another value, MM423 it is deleted (detail as of MM404).

-- The number of a key, made if it is new, and then by one transaction at a time: of those that make the same keys in other
-- orders, each would wait for the other.
create or replace function key_of(key text) returns int language plpgsql as $$
declare found_id int;
begin
  select key_id into found_id from key_name where name = key;
  if found_id is null then
    perform pg_advisory_xact_lock(hashtextextended('mintmark.key_name', 0));
    select key_id into found_id from key_name where name = key;
  end if;
  if found_id is null then
    insert into key_name (name) values (key) returning key_id into found_id;
  end if;
  return found_id;
end $$;

alter table experiment
  -- Where clients put the files of its runs; empty: here, at mlflow-artifacts:/<experiment_pk>.
  add column artifact_location text not null default '' check (length(artifact_location) <= 2000),
  add column updated_at timestamptz not null default clock_timestamp(),
  add column deleted_at timestamptz,
  drop constraint experiment_name_check,
  add constraint experiment_name_check check (length(name) between 1 and 500);

-- Clients that name no experiment mean this one, and know it by its number; an older release may have given it another.
do $$
declare old experiment;
begin
  update experiment set name = 'Default ' || gen_random_uuid() where name = 'Default' returning * into old;
  insert into experiment (experiment_pk, name, created_at) overriding system value
  values (0, 'Default', coalesce(old.created_at, clock_timestamp()));
  if old.experiment_pk is null then return; end if;
  alter table param disable trigger param_keep;
  update run set experiment_pk = 0 where experiment_pk = old.experiment_pk;
  update run_tag set experiment_pk = 0 where experiment_pk = old.experiment_pk;
  update param set experiment_pk = 0 where experiment_pk = old.experiment_pk;
  update latest_metric set experiment_pk = 0 where experiment_pk = old.experiment_pk;
  alter table param enable trigger param_keep;
  delete from experiment where experiment_pk = old.experiment_pk;
end $$;

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

-- A run's name is also its tag mlflow.runName, which clients read, search and set.
create function tag_run_name() returns trigger language plpgsql as $$
begin
  insert into run_tag (run_pk, experiment_pk, key_id, value)
  values (new.run_pk, new.experiment_pk, key_of('mlflow.runName'), new.name)
  on conflict (run_pk, key_id) do update set value = excluded.value where run_tag.value <> excluded.value;
  return null;
end $$;
create trigger run_name_tag after insert or update of name on run for each row execute function tag_run_name();
insert into run_tag (run_pk, experiment_pk, key_id, value)
  select run_pk, experiment_pk, key_of('mlflow.runName'), name from run on conflict do nothing;

-- That an experiment takes runs: it is there and not deleted, and stays so until the transaction ends.
create function hold_experiment(p_experiment int) returns int language plpgsql as $$
declare gone timestamptz;
begin
  select deleted_at into gone from experiment where experiment_pk = p_experiment for share;
  if not found then
    raise exception 'no such experiment' using errcode = 'MM404',
      detail = jsonb_build_object('what', 'experiment', 'id', p_experiment::text)::text;
  end if;
  if gone is not null then
    raise exception 'deleted' using errcode = 'MM423',
      detail = jsonb_build_object('what', 'experiment', 'id', p_experiment::text)::text;
  end if;
  return p_experiment;
end $$;

-- The number of an experiment that takes runs, made if it is new.
create or replace function experiment_of(experiment text) returns int language plpgsql as $$
declare found_pk int;
begin
  select experiment_pk into found_pk from experiment e where e.name = experiment;
  while found_pk is null loop
    insert into experiment (name) values (experiment) on conflict do nothing;
    select experiment_pk into found_pk from experiment e where e.name = experiment;
  end loop;
  return hold_experiment(found_pk);
end $$;

-- Creates a run that its caller executes, in the experiment of that number, or else of that name, which is made if it is new.
-- The parent has to be there; a linked run, which only a tag names, is the parent if it is. Returns the number of the event.
create function create_run(
  p_id uuid, p_experiment int, p_experiment_name text, p_parent uuid,
  p_linked uuid, p_name text, p_user text, p_started_at timestamptz,
  tag_keys text[], tag_values text[], p_actor text
) returns bigint language plpgsql as $$
declare
  home int;
  new_home bool := false;
  parent bigint;
  made bigint;
begin
  if p_experiment is not null then
    home := hold_experiment(p_experiment);
  else
    if not exists (select from experiment where name = p_experiment_name) then
      insert into experiment (name) values (p_experiment_name) on conflict do nothing;
      new_home := found;
    end if;
    home := experiment_of(p_experiment_name);
  end if;
  select run_pk into parent from run where run_id = coalesce(p_parent, p_linked);
  if parent is null and p_parent is not null then
    raise exception 'no such run' using errcode = 'MM404',
      detail = jsonb_build_object('what', 'run', 'id', replace(p_parent::text, '-', ''))::text;
  end if;

  insert into run (run_id, experiment_pk, parent_pk, status, started_at, name, user_name)
  values (p_id, home, parent, 2, coalesce(p_started_at, clock_timestamp()), p_name, p_user) returning run_pk into made;
  insert into run_tag (run_pk, experiment_pk, key_id, value)
    select made, home, key_of(key), value
    from unnest(tag_keys, tag_values) as given (key, value)
    on conflict do nothing;

  if new_home then
    perform record_event('experiment.created', null, p_actor,
      jsonb_build_object('experiment', home::text, 'name', p_experiment_name));
  end if;
  return record_event('run.created', null, p_actor, jsonb_build_object(
    'run', replace(p_id::text, '-', ''), 'experiment', (select name from experiment where experiment_pk = home)));
end $$;

-- Deletes an experiment with the runs that are active in it, or restores it with those that were deleted with it.
-- outcome: done | missing | unchanged.
create function set_experiment_deleted(p_experiment int, p_deleted bool, p_actor text, out outcome text, out event bigint)
language plpgsql as $$
declare
  target experiment;
  now_at timestamptz := clock_timestamp();
begin
  select * into target from experiment where experiment_pk = p_experiment for no key update;
  if not found then outcome := 'missing'; return; end if;
  if (target.deleted_at is not null) = p_deleted then outcome := 'unchanged'; return; end if;
  update experiment set deleted_at = case when p_deleted then now_at end, updated_at = now_at
  where experiment_pk = p_experiment;
  if p_deleted then
    update run set deleted_at = now_at where experiment_pk = p_experiment and deleted_at is null;
  else
    update run set deleted_at = null where experiment_pk = p_experiment and deleted_at = target.deleted_at;
  end if;
  outcome := 'done';
  event := record_event(case when p_deleted then 'experiment.deleted' else 'experiment.restored' end, null, p_actor,
    jsonb_build_object('experiment', p_experiment::text, 'name', target.name));
end $$;

-- Keeps in the lineage which data that clients describe a run read: kind 1 is data, 3 a run.
create function trace_datasets(p_run run, described jsonb) returns void language plpgsql as $$
declare run_identity text := replace(p_run.run_id::text, '-', '');
begin
  insert into lineage_node (kind, identity, label)
    select 3, run_identity, p_run.name
    union
    select 1, name || '#' || digest, name from jsonb_to_recordset(described) as given (name text, digest text)
    order by 1, 2
    on conflict do nothing;
  insert into lineage_edge (source_pk, target_pk, role)
    select data.node_pk, this.node_pk, coalesce(nullif(left(given.role, 100), ''), 'input')
    from lineage_node this, jsonb_to_recordset(described) as given (name text, digest text, role text)
    join lineage_node data on data.kind = 1 and data.identity = given.name || '#' || given.digest
    where this.kind = 3 and this.identity = run_identity
    on conflict do nothing;
end $$;

-- Keeps in the lineage which logged models a run read and made: kind 3 is a run, 5 a logged model.
create function trace_models(p_run run, model_inputs uuid[], model_outputs uuid[]) returns void language plpgsql as $$
declare run_identity text := replace(p_run.run_id::text, '-', '');
begin
  insert into lineage_node (kind, identity, label)
    select 3, run_identity, p_run.name
    union all
    select 5, 'm-' || replace(l.id::text, '-', ''), l.name from logged_model l where l.id = any(model_inputs || model_outputs)
    order by 1, 2
    on conflict do nothing;
  insert into lineage_edge (source_pk, target_pk, role)
    select model.node_pk, this.node_pk, 'input'
    from lineage_node this, unnest(model_inputs) as given (id)
    join lineage_node model on model.kind = 5 and model.identity = 'm-' || replace(given.id::text, '-', '')
    where this.kind = 3 and this.identity = run_identity
    union all
    select this.node_pk, model.node_pk, 'output'
    from lineage_node this, unnest(model_outputs) as given (id)
    join lineage_node model on model.kind = 5 and model.identity = 'm-' || replace(given.id::text, '-', '')
    where this.kind = 3 and this.identity = run_identity
    on conflict do nothing;
end $$;

-- Logs a batch, all of it or none, in one call: locks the run, checks who writes, then writes.
drop function log_batch(uuid, uuid, text[], text[], text[], text[], text[], float8[], bigint[], bigint[], jsonb);
create function log_batch(
  id uuid, token uuid,
  param_keys text[], param_values text[],
  tag_keys text[], tag_values text[],
  metric_keys text[], metric_values float8[], metric_steps bigint[], metric_ts bigint[],
  -- As long as the others, or empty if no point is about a logged model.
  metric_models uuid[], metric_datasets text[], metric_digests text[],
  snapshots jsonb, described jsonb,
  model_inputs uuid[], model_outputs uuid[], output_steps bigint[]
) returns void language plpgsql as $$
declare
  target run;
  models uuid[] := metric_models || model_inputs || model_outputs;
  writes_more boolean;
  written int;
  clash record;
begin
  -- Children of the run need only that it stays; an attempt that is taken away meanwhile waits for this, or is seen here.
  select * into target from run where run_id = id for no key update;
  if not found then
    raise exception 'no such run' using errcode = 'MM404', detail = jsonb_build_object('what', 'run')::text;
  end if;
  -- An attempt goes on while its run is deleted: that hides the run, and cancels nothing.
  if target.deleted_at is not null and token is null then
    raise exception 'deleted' using errcode = 'MM423', detail = jsonb_build_object('what', 'run')::text;
  end if;
  if target.is_job then
    -- Tags are anybody's at any time; an attempt that is over may not even set those.
    writes_more := cardinality(param_keys) + cardinality(metric_keys) + cardinality(models) > 0
      or jsonb_array_length(snapshots) + jsonb_array_length(described) > 0;
    if target.status >= 3 and writes_more and token is null then
      raise exception 'ended' using errcode = 'MM410', detail = target.status::text;
    end if;
    if (writes_more or token is not null) and (token = target.attempt_token) is not true then
      raise exception 'not the attempt' using errcode = 'MM409';
    end if;
  elsif token is not null then
    raise exception 'not the attempt' using errcode = 'MM409';
  end if;

  if cardinality(models) > 0 then
    select given.id into clash from unnest(models) as given (id)
      where given.id is not null
        and not exists (select from logged_model l where l.id = given.id and l.deleted_at is null) limit 1;
    if found then
      raise exception 'no such logged model' using errcode = 'MM404',
        detail = jsonb_build_object('what', 'logged_model', 'id', 'm-' || replace(clash.id::text, '-', ''))::text;
    end if;
  end if;

  if cardinality(param_keys) > 0 then
    insert into param (run_pk, experiment_pk, key_id, value)
      select target.run_pk, target.experiment_pk, key_of(key), value
      from unnest(param_keys, param_values) as given (key, value)
      on conflict do nothing;
    get diagnostics written = row_count;
    if written < cardinality(param_keys) then
      select key, p.value as old, given.value as new into clash
        from unnest(param_keys, param_values) as given (key, value)
        join key_name k on k.name = given.key
        join param p on p.run_pk = target.run_pk and p.key_id = k.key_id
        where p.value <> given.value order by key limit 1;
      if found then
        raise exception 'param changed' using errcode = 'MM422',
          detail = jsonb_build_object('key', clash.key, 'old', clash.old, 'new', clash.new)::text;
      end if;
    end if;
  end if;

  if cardinality(tag_keys) > 0 then
    insert into run_tag (run_pk, experiment_pk, key_id, value)
      select target.run_pk, target.experiment_pk, key_of(key), value
      from unnest(tag_keys, tag_values) as given (key, value)
      on conflict (run_pk, key_id) do update set value = excluded.value;
    if 'mlflow.runName' = any(tag_keys) then
      update run set name = given.value from unnest(tag_keys, tag_values) as given (key, value)
        where run_pk = target.run_pk and given.key = 'mlflow.runName' and given.value not in ('', name);
    end if;
  end if;

  if cardinality(metric_keys) > 0 then
    with ids as materialized (
      select name, key_of(name) as key_id from (select distinct unnest(metric_keys) as name) names
    ),
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

  if cardinality(metric_models) > 0 then
    insert into logged_model_metric as latest
      (logged_model_pk, run_pk, value, step, ts, experiment_pk, key_id, dataset_name, dataset_digest)
    select distinct on (l.logged_model_pk, k.key_id, given.dataset, given.digest)
      l.logged_model_pk, target.run_pk, given.value, given.step, given.ts, l.experiment_pk, k.key_id, given.dataset, given.digest
    from unnest(metric_keys, metric_values, metric_steps, metric_ts, metric_models, metric_datasets, metric_digests)
      as given (key, value, step, ts, model, dataset, digest)
    join key_name k on k.name = given.key join logged_model l on l.id = given.model
    order by l.logged_model_pk, k.key_id, given.dataset, given.digest, given.step desc, given.ts desc, given.value desc
    on conflict (logged_model_pk, key_id, run_pk, dataset_name, dataset_digest) do update
      set value = excluded.value, step = excluded.step, ts = excluded.ts
      where (excluded.step, excluded.ts, excluded.value) > (latest.step, latest.ts, latest.value);
  end if;

  if jsonb_array_length(snapshots) > 0 then
    insert into dataset (blake3, sha256, size)
      select distinct on (blake3) decode(blake3, 'hex'), decode(sha256, 'hex'), size
      from jsonb_to_recordset(snapshots) as given (blake3 text, sha256 text, size bigint) order by blake3
      on conflict do nothing;
    insert into run_input (run_pk, dataset_pk, role, name, source, row_count, schema_json)
      select target.run_pk, d.dataset_pk, given.role, given.name, given.source, given.row_count, given.schema_json
      from jsonb_to_recordset(snapshots)
        as given (blake3 text, role text, name text, source text, row_count bigint, schema_json text)
      join dataset d on d.blake3 = decode(given.blake3, 'hex')
      on conflict (run_pk, dataset_pk, role) do update
        set name = excluded.name, source = excluded.source, row_count = excluded.row_count, schema_json = excluded.schema_json;
  end if;

  if jsonb_array_length(described) > 0 then
    insert into logged_dataset (experiment_pk, name, digest, source_type, source, schema_json, profile_json)
      select distinct on (name, digest) target.experiment_pk, name, digest, source_type, source, schema_json, profile_json
      from jsonb_to_recordset(described)
        as given (name text, digest text, source_type text, source text, schema_json text, profile_json text)
      order by name, digest
      on conflict do nothing;
    insert into run_logged_dataset (run_pk, dataset_pk, role, tags)
      select target.run_pk, d.dataset_pk, given.role, given.tags
      from jsonb_to_recordset(described) as given (name text, digest text, role text, tags jsonb)
      join logged_dataset d on d.experiment_pk = target.experiment_pk and d.name = given.name and d.digest = given.digest
      on conflict do nothing;
    perform trace_datasets(target, described);
  end if;

  if cardinality(model_inputs) + cardinality(model_outputs) > 0 then
    insert into run_model_input (run_pk, logged_model_pk)
      select target.run_pk, l.logged_model_pk from unnest(model_inputs) as given (model) join logged_model l on l.id = given.model
      on conflict do nothing;
    insert into run_model_output (run_pk, logged_model_pk, step)
      select target.run_pk, l.logged_model_pk, given.step
      from unnest(model_outputs, output_steps) as given (model, step) join logged_model l on l.id = given.model
      on conflict do nothing;
    perform trace_models(target, model_inputs, model_outputs);
  end if;
end $$;
