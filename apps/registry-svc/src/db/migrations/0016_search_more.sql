-- Indexes behind what clients of MLflow search for among many traces and versions.
-- Serves: SearchTraces, SearchVersions.

-- The traces that failed, or are still going on, newest first: few among many.
create index trace_not_ok on trace (experiment_pk, started_ms desc, trace_pk desc) where state <> 1;
-- The slowest first, and those that took longer than so and so many milliseconds.
create index trace_duration on trace (experiment_pk, duration_ms, trace_pk);

-- Versions in the order in which they were made, and what was made from a source: queries compare left(source, 128), then source.
create index version_created on version (created_at desc) where deleted_at is null;
create index version_source on version (left(source, 128)) where deleted_at is null;
