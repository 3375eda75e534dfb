-- Indexes behind the searches.
-- Serves: SearchRuns, SearchExperiments, SearchModels, SearchVersions. Those of keys within an experiment stand with their tables.

-- The order of runs where none is asked for: a run that waits to begin counts as begun when it was created.
create index run_start on run (experiment_pk, (coalesce(started_at, created_at)) desc, run_id);
create index run_start_deleted on run (experiment_pk, (coalesce(started_at, created_at)) desc, run_id)
  where deleted_at is not null;
create index experiment_created on experiment (created_at desc, experiment_pk);

-- Models are found by their full names, but ordered and matched as they are shown.
create index model_shown on model (shown_name) where deleted_at is null;
create index model_shown_trgm on model using gin (shown_name gin_trgm_ops) where deleted_at is null;

create index version_model_updated on version (model_pk, updated_at desc) where deleted_at is null;
create index version_tag_key on version_tag (key_id, left(value, 128), version_pk);
