-- A call that creates a version may be repeated when its answer was lost.
-- Serves: VersionService.

-- The caller's name for the call that made it.
alter table version add column request_id uuid;
create unique index version_request on version (model_pk, request_id) where request_id is not null;

drop trigger version_immutable on version;
create trigger version_immutable before update on version for each row when (
  (old.version_pk, old.model_pk, old.number, old.major, old.minor, old.patch, old.digest, old.size_bytes, old.run_pk,
   old.model_type, old.interface, old.signed_by, old.created_by, old.created_at, old.source, old.location, old.run_link,
   old.foreign_run, old.logged_model_pk, old.request_id)
  is distinct from
  (new.version_pk, new.model_pk, new.number, new.major, new.minor, new.patch, new.digest, new.size_bytes, new.run_pk,
   new.model_type, new.interface, new.signed_by, new.created_by, new.created_at, new.source, new.location, new.run_link,
   new.foreign_run, new.logged_model_pk, new.request_id)
  or old.deleted_at is not null) execute function refuse();
