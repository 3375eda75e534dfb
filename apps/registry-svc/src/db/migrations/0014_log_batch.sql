-- Logging for less: what a batch of metrics cost was for the greater part keys that were looked up one by one, and checks of
-- references that hold already.
-- Serves: RunService.

-- `log_batch` alone writes points, and with each of them the row of latest_metric that says the same of run and key.
alter table metric_point drop constraint metric_point_run_pk_fkey, drop constraint metric_point_key_id_fkey;

-- As before, but keys that are known are joined, and of a snapshot that is there twice in one role one stays.
create or replace function log_batch(
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
      select target.run_pk, target.experiment_pk, coalesce(k.key_id, key_of(key)), given.value
      from unnest(param_keys, param_values) as given (key, value) left join key_name k on k.name = given.key
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
      select target.run_pk, target.experiment_pk, coalesce(k.key_id, key_of(key)), given.value
      from unnest(tag_keys, tag_values) as given (key, value) left join key_name k on k.name = given.key
      on conflict (run_pk, key_id) do update set value = excluded.value;
    if 'mlflow.runName' = any(tag_keys) then
      update run set name = given.value from unnest(tag_keys, tag_values) as given (key, value)
        where run_pk = target.run_pk and given.key = 'mlflow.runName' and given.value not in ('', name);
    end if;
  end if;

  if cardinality(metric_keys) > 0 then
    with ids as materialized (
      select name, coalesce(k.key_id, key_of(name)) as key_id
      from (select distinct unnest(metric_keys) as name) names left join key_name k using (name)
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
      select distinct on (d.dataset_pk, given.role)
        target.run_pk, d.dataset_pk, given.role, given.name, given.source, given.row_count, given.schema_json
      from jsonb_to_recordset(snapshots)
        as given (blake3 text, role text, name text, source text, row_count bigint, schema_json text)
      join dataset d on d.blake3 = decode(given.blake3, 'hex')
      order by d.dataset_pk, given.role
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
