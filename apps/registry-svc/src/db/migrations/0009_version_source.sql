-- Versions that say what they were made from, and those whose bytes are elsewhere.
-- Serves: VersionService.

alter table version
  alter column digest drop not null,
  -- What it was made from, in the words of its maker: models:/m-…, models:/NAME/1, mlflow-artifacts:/…, s3://…
  add column source text collate pg_c_utf8 not null default '' check (length(source) <= 2000),
  -- Where a client of MLflow fetches its files from; empty: the version's own files, at
  -- mlflow-artifacts:/registry/<model id>/<number>.
  add column location text not null default '' check (length(location) <= 2000),
  add column run_link text not null default '' check (length(run_link) <= 2000),
  -- The run's id as it was given, where no run of that id is here.
  add column foreign_run text collate pg_c_utf8 check (length(foreign_run) between 1 and 256),
  add column logged_model_pk bigint references logged_model,
  add constraint version_run_check check (run_pk is null or foreign_run is null);
create index version_logged_model on version (logged_model_pk) where logged_model_pk is not null;
create index version_foreign_run on version (foreign_run) where foreign_run is not null;

drop trigger version_immutable on version;
create trigger version_immutable before update on version for each row when (
  (old.version_pk, old.model_pk, old.number, old.major, old.minor, old.patch, old.digest, old.size_bytes, old.run_pk,
   old.model_type, old.interface, old.signed_by, old.created_by, old.created_at, old.source, old.location, old.run_link,
   old.foreign_run, old.logged_model_pk)
  is distinct from
  (new.version_pk, new.model_pk, new.number, new.major, new.minor, new.patch, new.digest, new.size_bytes, new.run_pk,
   new.model_type, new.interface, new.signed_by, new.created_by, new.created_at, new.source, new.location, new.run_link,
   new.foreign_run, new.logged_model_pk)
  or old.deleted_at is not null) execute function refuse();

-- Clients of MLflow keep documents in tags.
alter table model_tag
  alter column value type text collate pg_c_utf8,
  drop constraint model_tag_value_check,
  add constraint model_tag_value_check check (length(value) <= 100000);
alter table version_tag
  alter column value type text collate pg_c_utf8,
  drop constraint version_tag_value_check,
  add constraint version_tag_value_check check (length(value) <= 100000);

-- Lineage of logged models, by m-<32 hex digits>.
alter table lineage_node
  drop constraint lineage_node_kind_check,
  add constraint lineage_node_kind_check check (kind between 1 and 5);

-- Archives a version, takes it back (p_archived false), or deletes it (p_archived null), on request with the aliases that point
-- at it. outcome: done | unchanged | no_version | in_use, and then aliases names what points at it.
drop function retire_version(bigint, int, boolean, text);
create function retire_version(p_model bigint, p_number int, p_archived boolean, p_remove_aliases boolean, p_actor text,
  out outcome text, out aliases text[], out event bigint
) language plpgsql security definer set search_path = mintmark, pg_temp as $$
declare
  target version;
  removed alias_move[];
begin
  perform from model_head h join model m using (model_pk) where h.model_pk = p_model and m.deleted_at is null for update of h;
  select * into target from version v where v.model_pk = p_model and v.number = p_number and v.deleted_at is null;
  if target.version_pk is null then outcome := 'no_version'; return; end if;
  if target.archived = p_archived then outcome := 'unchanged'; return; end if;

  if p_archived is distinct from false then
    select array_agg(a.name order by a.name) into aliases from alias a where a.model_pk = p_model and a.number = p_number;
    if aliases is not null and not p_remove_aliases then outcome := 'in_use'; return; end if;
  end if;
  select array_agg(write_alias(p_model, a.name, null, p_actor, 'its version was deleted')) into removed
    from unnest(aliases) as a (name);
  update version set updated_at = clock_timestamp(), archived = coalesce(p_archived, archived),
    deleted_at = case when p_archived is null then clock_timestamp() end
  where version_pk = target.version_pk;
  update model_head set updated_at = clock_timestamp() where model_pk = p_model;
  outcome := 'done';
  perform record_event('alias.moved', p_model, p_actor, jsonb_build_object(
    'alias', r.alias, 'revision', r.revision, 'from', r.from_number, 'to', null, 'reason', r.reason)) from unnest(removed) as r;
  event := record_event(
    case when p_archived is null then 'version.deleted' when p_archived then 'version.archived' else 'version.restored' end,
    p_model, p_actor, jsonb_build_object('version', p_number));
end $$;
