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
