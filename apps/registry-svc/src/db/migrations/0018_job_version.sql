-- A job knows the version that it registered: of its run, others make versions too, such as copies.
-- Serves: JobService, VersionService.

alter table job add column version_pk bigint references version;

-- Without a source are those that were registered with their files, which of a job's run only its attempt could do. One that is
-- still there comes before those that were deleted.
update job set version_pk = made.version_pk
from (
  select distinct on (v.run_pk) v.run_pk, v.version_pk from version v join model m using (model_pk)
  where v.run_pk is not null and v.source = ''
  order by v.run_pk, v.deleted_at is not null or m.deleted_at is not null, v.version_pk
) made
where made.run_pk = job.run_pk;
