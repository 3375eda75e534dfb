-- Versions, their files and documents, aliases and stages with their history, tags, lineage.
-- Serves: ModelService, VersionService, AliasService, ResolveService, LineageService.
--
-- Order of locks in every write, so that no two wait for each other: model_head of the model, the rows themselves, event_head.
-- Functions stand here where a rule spans tables: in a function each statement sees what was committed before it began, while
-- the parts of one statement all see what was there before the first lock.

create table version (
  version_pk bigint primary key generated always as identity,
  model_pk bigint not null references model,
  number int not null check (number > 0),
  major int not null check (major >= 0),
  minor int not null check (minor >= 0),
  patch int not null check (patch >= 0),
  digest bytea not null check (length(digest) = 32),
  size_bytes bigint not null check (size_bytes >= 0),
  run_pk bigint references run,
  model_type text not null,
  -- What a caller must send and gets back, as a SHA-256; null where the files do not say. A change makes a new major version.
  interface bytea check (length(interface) = 32),
  -- The ids of the trusted keys whose signatures were verified.
  signed_by text[] not null,
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  -- What may change. Stage: 0 none, 1 staging, 2 production, 3 archived.
  description text not null default '',
  stage smallint not null default 0 check (stage between 0 and 3),
  archived boolean not null default false,
  updated_at timestamptz not null default clock_timestamp(),
  deleted_at timestamptz,
  unique (model_pk, number),
  unique (model_pk, major, minor, patch)
);
create index version_stage on version (model_pk, stage, number desc) where deleted_at is null;
create index version_updated on version (updated_at desc, version_pk desc) where deleted_at is null;
create index version_run on version (run_pk) where run_pk is not null;
create index version_digest on version (digest, model_pk);

create trigger version_immutable before update on version for each row when (
  (old.version_pk, old.model_pk, old.number, old.major, old.minor, old.patch, old.digest, old.size_bytes, old.run_pk,
   old.model_type, old.interface, old.signed_by, old.created_by, old.created_at)
  is distinct from
  (new.version_pk, new.model_pk, new.number, new.major, new.minor, new.patch, new.digest, new.size_bytes, new.run_pk,
   new.model_type, new.interface, new.signed_by, new.created_by, new.created_at)
  or old.deleted_at is not null) execute function refuse();
create trigger version_keep before delete or truncate on version execute function refuse();

create table manifest_file (
  version_pk bigint not null references version,
  path text collate pg_c_utf8 not null,
  size bigint not null check (size >= 0),
  blake3 bytea not null references blob,
  sha256 bytea not null check (length(sha256) = 32),
  primary key (version_pk, path)
);
create index manifest_blob on manifest_file (blake3);
create trigger manifest_file_keep before update or delete or truncate on manifest_file execute function refuse();

-- Signatures, attestations, the registry's own statement, the card: beside the artifact, not part of its digest.
create table version_document (
  version_pk bigint not null references version,
  name text collate pg_c_utf8 not null,
  content bytea not null,
  primary key (version_pk, name)
);
create trigger version_document_keep before update or delete or truncate on version_document execute function refuse();

-- tags: a key of this index must stay under 2,704 bytes, so queries compare left(value, 128) and then the value

create table model_tag (
  model_pk bigint not null references model,
  key_id int not null references key_name,
  value text not null check (length(value) <= 5000),
  primary key (model_pk, key_id)
);
create index model_tag_value on model_tag (key_id, left(value, 128), model_pk);

-- The model's number is repeated (a version never changes its model), so that the versions of a model that carry a tag are one
-- ordered index scan: within a model version_pk goes up with the number, because both are given under the lock on model_head.
create table version_tag (
  version_pk bigint not null references version,
  model_pk bigint not null,
  key_id int not null references key_name,
  value text not null check (length(value) <= 5000),
  primary key (version_pk, key_id)
);
create index version_tag_value on version_tag (model_pk, key_id, left(value, 128), version_pk);

-- aliases

create table alias (
  model_pk bigint not null,
  name text collate pg_c_utf8 not null check (length(name) between 1 and 255),
  number int not null,
  revision int not null,
  updated_at timestamptz not null,
  primary key (model_pk, name),
  foreign key (model_pk, number) references version (model_pk, number)
);
create index alias_version on alias (model_pk, number);

create table alias_move (
  model_pk bigint not null references model,
  alias text collate pg_c_utf8 not null,
  revision int not null check (revision > 0),
  from_number int,
  to_number int,
  actor text not null,
  reason text not null,
  at timestamptz not null,
  primary key (model_pk, alias, revision),
  foreign key (model_pk, to_number) references version (model_pk, number)
);
create index alias_move_time on alias_move (model_pk, at, alias, revision);
create trigger alias_move_keep before update or delete or truncate on alias_move execute function refuse();

-- Points an alias at a version (null: removes it) and records the move; asks nothing. Its revisions go on where a removed
-- alias of that name stopped, and its times never go back. The caller holds the lock on model_head.
create function write_alias(p_model bigint, p_alias text, p_number int, p_actor text, p_reason text) returns alias_move
language plpgsql security definer set search_path = mintmark, pg_temp as $$
declare
  before alias_move;
  move alias_move;
begin
  select * into before from alias_move m where m.model_pk = p_model and m.alias = p_alias order by m.revision desc limit 1;
  insert into alias_move (model_pk, alias, revision, from_number, to_number, actor, reason, at)
  values (p_model, p_alias, coalesce(before.revision, 0) + 1, before.to_number, p_number, p_actor, p_reason,
          greatest(clock_timestamp(), before.at + interval '1 microsecond'))
  returning * into move;
  if p_number is null then
    delete from alias where model_pk = p_model and name = p_alias;
  else
    insert into alias (model_pk, name, number, revision, updated_at) values (p_model, p_alias, p_number, move.revision, move.at)
    on conflict (model_pk, name) do update set number = excluded.number, revision = excluded.revision, updated_at = excluded.updated_at;
  end if;
  update model_head set updated_at = greatest(updated_at, move.at) where model_pk = p_model;
  return move;
end $$;

-- Moves an alias if everything that the caller expects holds. outcome: moved | unchanged | gone (the model) | no_version |
-- archived | no_alias | conflict; revision and number are those after the call. p_number null removes the alias.
create function move_alias(
  p_model bigint, p_alias text, p_number int, p_expected_revision bigint, p_expected_number bigint, p_actor text, p_reason text,
  out outcome text, out revision int, out number int, out updated_at timestamptz, out event bigint
) language plpgsql security definer set search_path = mintmark, pg_temp as $$
declare
  target version;
  move alias_move;
begin
  perform from model_head h join model m using (model_pk) where h.model_pk = p_model and m.deleted_at is null for update of h;
  if not found then outcome := 'gone'; return; end if;

  select a.revision, a.number, a.updated_at into revision, number, updated_at
  from alias a where a.model_pk = p_model and a.name = p_alias;

  if p_number is null and number is null then outcome := 'no_alias'; return; end if;
  if p_number is not null then
    select * into target from version v where v.model_pk = p_model and v.number = p_number and v.deleted_at is null;
    if target.version_pk is null then outcome := 'no_version'; return; end if;
    -- Before what was expected is looked at, so that repeating a call whose answer was lost succeeds.
    if number = p_number then outcome := 'unchanged'; return; end if;
    if target.archived then outcome := 'archived'; return; end if;
  end if;
  if coalesce(revision, 0) <> p_expected_revision or coalesce(number, 0) <> p_expected_number then
    outcome := 'conflict';
    return;
  end if;

  move := write_alias(p_model, p_alias, p_number, p_actor, p_reason);
  outcome := 'moved';
  revision := move.revision; number := move.to_number; updated_at := move.at;
  event := record_event('alias.moved', p_model, p_actor, jsonb_build_object(
    'alias', p_alias, 'revision', move.revision, 'from', move.from_number, 'to', move.to_number, 'reason', p_reason));
end $$;

-- stages

create table stage_move (
  move_pk bigint primary key generated always as identity,
  version_pk bigint not null references version,
  from_stage smallint not null,
  to_stage smallint not null,
  actor text not null,
  at timestamptz not null default clock_timestamp()
);
create index stage_move_version on stage_move (version_pk, move_pk);
create trigger stage_move_keep before update or delete or truncate on stage_move execute function refuse();

-- Moves a version to a stage, and on request those that are there now to "archived". Returns the number of the event; null if
-- there is no such version, 0 if nothing changed.
create function set_stage(p_model bigint, p_number int, p_stage smallint, p_archive_existing boolean, p_actor text)
returns bigint language plpgsql security definer set search_path = mintmark, pg_temp as $$
declare
  target version;
  others int[];
begin
  perform from model_head h join model m using (model_pk) where h.model_pk = p_model and m.deleted_at is null for update of h;
  select * into target from version v where v.model_pk = p_model and v.number = p_number and v.deleted_at is null;
  if target.version_pk is null then return null; end if;

  if p_archive_existing then
    with changed as (
      update version set stage = 3, updated_at = clock_timestamp()
      where model_pk = p_model and stage = p_stage and version_pk <> target.version_pk and deleted_at is null
      returning version_pk, number
    ), moved as (
      insert into stage_move (version_pk, from_stage, to_stage, actor) select version_pk, p_stage, 3, p_actor from changed
    ) select array_agg(number order by number) into others from changed;
  end if;
  if target.stage = p_stage and others is null then return 0; end if;

  if target.stage <> p_stage then
    update version set stage = p_stage, updated_at = clock_timestamp() where version_pk = target.version_pk;
    insert into stage_move (version_pk, from_stage, to_stage, actor) values (target.version_pk, target.stage, p_stage, p_actor);
  end if;
  update model_head set updated_at = clock_timestamp() where model_pk = p_model;
  return record_event('version.stage_set', p_model, p_actor, jsonb_build_object(
    'version', p_number, 'from', target.stage, 'to', p_stage, 'archived', coalesce(to_jsonb(others), '[]')));
end $$;

-- Archives a version, takes it back (p_archived false), or deletes it (p_archived null). outcome: done | unchanged |
-- no_version | in_use, and then aliases names what points at it.
create function retire_version(p_model bigint, p_number int, p_archived boolean, p_actor text,
  out outcome text, out aliases text[], out event bigint
) language plpgsql security definer set search_path = mintmark, pg_temp as $$
declare target version;
begin
  perform from model_head h join model m using (model_pk) where h.model_pk = p_model and m.deleted_at is null for update of h;
  select * into target from version v where v.model_pk = p_model and v.number = p_number and v.deleted_at is null;
  if target.version_pk is null then outcome := 'no_version'; return; end if;
  if target.archived = p_archived then outcome := 'unchanged'; return; end if;

  if p_archived is distinct from false then
    select array_agg(a.name order by a.name) into aliases from alias a where a.model_pk = p_model and a.number = p_number;
    if aliases is not null then outcome := 'in_use'; return; end if;
  end if;
  update version set updated_at = clock_timestamp(), archived = coalesce(p_archived, archived),
    deleted_at = case when p_archived is null then clock_timestamp() end
  where version_pk = target.version_pk;
  update model_head set updated_at = clock_timestamp() where model_pk = p_model;
  outcome := 'done';
  event := record_event(
    case when p_archived is null then 'version.deleted' when p_archived then 'version.archived' else 'version.restored' end,
    p_model, p_actor, jsonb_build_object('version', p_number));
end $$;

-- lineage: kind as in LineageKind; a version's identity is <model uuid>/<number>, so that it outlives a rename

create table lineage_node (
  node_pk bigint primary key generated always as identity,
  kind smallint not null check (kind between 1 and 4),
  identity text collate pg_c_utf8 not null,
  label text not null,
  unique (kind, identity)
);

create table lineage_edge (
  source_pk bigint not null references lineage_node,
  target_pk bigint not null references lineage_node,
  role text not null check (length(role) between 1 and 100),
  primary key (source_pk, target_pk, role)
);
create index lineage_up on lineage_edge (target_pk, source_pk, role);
create trigger lineage_edge_keep before update or delete or truncate on lineage_edge execute function refuse();
