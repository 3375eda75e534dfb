-- Webhooks, and the outbox of what they are told.
-- Serves: WebhookService, the delivery of webhooks.

create table webhook (
  webhook_pk bigint primary key generated always as identity,
  id uuid not null unique default gen_random_uuid(),
  name text not null check (length(name) between 1 and 63),
  url text not null check (length(url) between 1 and 2000),
  -- As entity.action in MLflow's words, such as model_version.created.
  events text[] not null check (cardinality(events) > 0),
  description text not null default '' check (length(description) <= 1000),
  -- Encrypted with age to the identity in the key directory; null: deliveries are not signed.
  secret bytea,
  active boolean not null default true,
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  deleted_at timestamptz,
  check (deleted_at is null or secret is null)
);
create index webhook_active on webhook (webhook_pk) where active and deleted_at is null;

create table webhook_delivery (
  delivery_pk bigint primary key generated always as identity,
  -- What receivers know a repeated attempt by.
  id uuid not null unique default gen_random_uuid(),
  webhook_pk bigint not null references webhook,
  event_number bigint not null references event,
  event text not null,
  -- The bytes that are signed and sent, the same in every attempt.
  body text not null,
  created_at timestamptz not null,
  -- As WebhookDeliveryStatus: 1 pending, 2 delivered, 3 dead.
  status smallint not null default 1 check (status between 1 and 3),
  attempts int not null default 0,
  -- When it may be tried; while it is being tried, when somebody else may, should this process have died.
  due_at timestamptz not null,
  response_status int,
  error text not null default '' check (length(error) <= 1000),
  ended_at timestamptz,
  check ((ended_at is null) = (status = 1))
);
create index webhook_delivery_due on webhook_delivery (webhook_pk, due_at, delivery_pk) where status = 1;
create index webhook_delivery_webhook on webhook_delivery (webhook_pk, delivery_pk desc);
create index webhook_delivery_ended on webhook_delivery (ended_at) where status <> 1;

-- What an event is called in MLflow's words; null if it has no word for it. Prompts are models with a tag.
create function webhook_event_of(e event) returns text language sql stable set search_path = mintmark, pg_temp as $$
  select case e.kind
    when 'model.created' then case when is_prompt then 'prompt.created' else 'registered_model.created' end
    when 'model.tag_set' then case when is_prompt then 'prompt_tag.set' end
    when 'model.tag_deleted' then case when is_prompt then 'prompt_tag.deleted' end
    when 'version.registered' then case when is_prompt then 'prompt_version.created' else 'model_version.created' end
    when 'version.tag_set' then case when is_prompt then 'prompt_version_tag.set' else 'model_version_tag.set' end
    when 'version.tag_deleted' then case when is_prompt then 'prompt_version_tag.deleted' else 'model_version_tag.deleted' end
    when 'alias.moved' then
      case when is_prompt then 'prompt_alias.' else 'model_version_alias.' end
      || case when e.detail->>'to' is null then 'deleted' else 'created' end
  end
  from (select exists (
    select from model_tag t join key_name k using (key_id)
    where t.model_pk = e.model_pk and k.name = 'mlflow.prompt.is_prompt' and lower(t.value) = 'true') as is_prompt);
$$;

-- What a receiver is told of an event, in the fields of MLflow's payloads.
create function webhook_data_of(e event, called text) returns json
language plpgsql stable set search_path = mintmark, pg_temp as $$
declare
  -- How clients of MLflow mark prompts; told by the kind of the event, or by a field of its own.
  prompt_marks constant text[] := array['mlflow.prompt.is_prompt', '_mlflow_prompt_type', 'mlflow.prompt.text'];
  is_prompt boolean := starts_with(called, 'prompt');
  tags jsonb;
  m model;
  v version;
begin
  case e.kind
  when 'model.created' then
    select * into m from model where model_pk = e.model_pk;
    select coalesce(jsonb_object_agg(k.name, t.value), '{}') into tags
    from model_tag t join key_name k using (key_id) where t.model_pk = e.model_pk;
    return json_build_object('name', e.model, 'tags', case when is_prompt then tags - prompt_marks else tags end,
      'description', m.description);
  when 'version.registered' then
    select * into m from model where model_pk = e.model_pk;
    select * into v from version where model_pk = e.model_pk and number = (e.detail->>'version')::int;
    select coalesce(jsonb_object_agg(k.name, t.value), '{}') into tags
    from version_tag t join key_name k using (key_id) where t.version_pk = v.version_pk;
    if is_prompt then
      return json_build_object('name', e.model, 'version', v.number::text, 'template', tags->>'mlflow.prompt.text',
        'tags', tags - prompt_marks, 'description', nullif(v.description, ''));
    end if;
    return json_build_object('name', e.model, 'version', v.number::text,
      'source', coalesce(nullif(v.source, ''), nullif(v.location, ''), 'mlflow-artifacts:/registry/' || m.id || '/' || v.number),
      'run_id', coalesce(v.foreign_run, (select replace(run_id::text, '-', '') from run where run_pk = v.run_pk)),
      'tags', tags, 'description', nullif(v.description, ''));
  when 'alias.moved' then
    if e.detail->>'to' is null then return json_build_object('name', e.model, 'alias', e.detail->>'alias'); end if;
    return json_build_object('name', e.model, 'alias', e.detail->>'alias', 'version', e.detail->>'to');
  else
    -- Tags: those of prompts have no version, and those that were deleted no value.
    return json_strip_nulls(json_build_object('name', e.model, 'version', e.detail->>'version', 'key', e.detail->>'key',
      'value', e.detail->>'value'));
  end case;
end $$;

-- Queues a delivery for each webhook that is told of the event, in the transaction that the event belongs to. Every other writer
-- waits meanwhile, so without webhooks it costs one look into an empty index.
create function queue_webhook_deliveries() returns trigger
language plpgsql security definer set search_path = mintmark, pg_temp as $$
declare
  called text;
  told bigint[];
begin
  if not exists (select from webhook where active and deleted_at is null) then return null; end if;
  called := webhook_event_of(new);
  select array_agg(webhook_pk) into told from webhook where active and deleted_at is null and called = any(events);
  if told is null then return null; end if;

  insert into webhook_delivery (webhook_pk, event_number, event, body, created_at, due_at)
  select webhook_pk, new.number, called, body, new.at, new.at
  from unnest(told) as webhook_pk, (select json_build_object(
    'entity', split_part(called, '.', 1), 'action', split_part(called, '.', 2),
    'timestamp', to_char(new.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
    'data', webhook_data_of(new, called))::text as body offset 0) as what;
  perform pg_notify('mintmark_webhook', '');
  return null;
end $$;

create trigger event_webhooks after insert on event for each row
  when (new.kind in ('model.created', 'model.tag_set', 'model.tag_deleted', 'version.registered', 'version.tag_set',
    'version.tag_deleted', 'alias.moved'))
  execute function queue_webhook_deliveries();
