-- Names, models, blobs, and the numbered events that every later migration builds on.
-- Serves: every service. Needs PostgreSQL 17 or later (the collation pg_c_utf8).
-- Conventions: bigint keys ending in _pk inside, public identities (uuid, names) at the edge; text that is ordered or searched
-- is collated pg_c_utf8 (code-point order, LIKE prefixes by plain index, ILIKE over all of Unicode, whatever the system's libc).
-- What the service may do with each table stands in ../privileges.sql, not here.

create extension if not exists pg_trgm with schema mintmark;

create function refuse() returns trigger language plpgsql as $$
begin
  raise exception '% on % is refused: its rows are kept as they are', tg_op, tg_table_name using errcode = 'MM001';
end $$;

create table catalog (
  catalog_pk bigint primary key generated always as identity,
  name text collate pg_c_utf8 not null unique
);

create table namespace (
  namespace_pk bigint primary key generated always as identity,
  catalog_pk bigint not null references catalog,
  name text collate pg_c_utf8 not null,
  unique (catalog_pk, name)
);

-- The number of a schema, made with its catalog if it is new.
create function namespace_of(catalog_name text, schema_name text) returns bigint language plpgsql as $$
declare found_pk bigint;
begin
  loop
    select n.namespace_pk into found_pk from namespace n join catalog c using (catalog_pk)
    where c.name = catalog_name and n.name = schema_name;
    if found then return found_pk; end if;
    insert into catalog (name) values (catalog_name) on conflict do nothing;
    insert into namespace (catalog_pk, name) select catalog_pk, schema_name from catalog where name = catalog_name
    on conflict do nothing;
  end loop;
end $$;

-- Keys of tags, parameters and metrics, interned: every child row and index entry carries 4 bytes instead of the text.
create table key_name (
  key_id int primary key generated always as identity,
  name text collate pg_c_utf8 not null unique check (length(name) between 1 and 250)
);

-- The number of a key, made if it is new. The first select keeps the usual case from writing.
create function key_of(key text) returns int language plpgsql as $$
declare found_id int;
begin
  select key_id into found_id from key_name where name = key;
  while found_id is null loop
    insert into key_name (name) values (key) on conflict do nothing;
    select key_id into found_id from key_name where name = key;
  end loop;
  return found_id;
end $$;

create table model (
  model_pk bigint primary key generated always as identity,
  id uuid not null unique default gen_random_uuid(),
  namespace_pk bigint not null references namespace,
  -- catalog.schema.model, by which it is found; neither catalog nor schema has a dot, so no two models share one.
  full_name text collate pg_c_utf8 not null,
  -- The form in which it was registered, by which it is shown.
  shown_name text collate pg_c_utf8 not null,
  description text not null default '',
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  deleted_at timestamptz
);
create unique index model_name on model (full_name) where deleted_at is null;
-- For what a name was before.
create index model_name_deleted on model (full_name) where deleted_at is not null;
create index model_trgm on model using gin (full_name gin_trgm_ops) where deleted_at is null;
create index model_namespace on model (namespace_pk);

-- The only row that a registration changes per model: the counter of its versions, and when anything below it last changed.
create table model_head (
  model_pk bigint primary key references model,
  last_version int not null default 0,
  updated_at timestamptz not null default clock_timestamp()
) with (fillfactor = 50);
create index model_head_updated on model_head (updated_at desc);

-- Bytes that the store holds; a row appears after the bytes are safe and both digests were computed from them.
create table blob (
  blake3 bytea primary key check (length(blake3) = 32),
  sha256 bytea not null check (length(sha256) = 32),
  size bigint not null check (size >= 0),
  created_at timestamptz not null default clock_timestamp()
);

create table event (
  number bigint primary key,
  kind text not null check (kind ~ '^[a-z_]+\.[a-z_]+$'),
  model_pk bigint references model,
  -- The model's name at the time, in the form in which it was registered.
  model text,
  actor text not null,
  at timestamptz not null default clock_timestamp(),
  detail jsonb not null
);
create index event_model on event (model_pk, number) where model_pk is not null;
create trigger event_keep before update or delete or truncate on event execute function refuse();

create table event_head (
  one bool primary key default true check (one),
  number bigint not null
) with (fillfactor = 10, autovacuum_vacuum_threshold = 100);
insert into event_head values (true, 0);

-- Numbers and records what a transaction has done, and wakes who listens. Call it LAST in the transaction: from here to the
-- commit, every other writer waits. Numbers have no gaps, and who sees n sees all up to n (a rollback gives the number back).
create function record_event(kind text, model_pk bigint, actor text, detail jsonb) returns bigint
language plpgsql security definer set search_path = mintmark, pg_temp as $$
declare n bigint;
begin
  update event_head set number = event_head.number + 1 returning event_head.number into n;
  insert into event (number, kind, model_pk, model, actor, detail)
  values (n, record_event.kind, record_event.model_pk,
          (select shown_name from model where model.model_pk = record_event.model_pk), record_event.actor, record_event.detail);
  perform pg_notify('mintmark_event', n::text);
  return n;
end $$;
