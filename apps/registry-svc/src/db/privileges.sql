-- What the service's role may do, in one list. Applied anew after every migration: what is not named here is taken away.
-- Reading is free; whatever is immutable or kept by a trigger or function of the owner's is not granted here at all, so that
-- neither a bug nor an injected statement can rewrite it.

revoke all on all tables in schema mintmark from mintmark_app;
grant usage on schema mintmark to mintmark_app;
grant select on all tables in schema mintmark to mintmark_app;

-- names and models
grant insert on catalog, namespace, key_name, model, model_head, blob to mintmark_app;
grant update (full_name, shown_name, namespace_pk, description, deleted_at) on model to mintmark_app;
grant update (last_version, updated_at) on model_head to mintmark_app;

-- versions: written once; what may change is named. Stage, archive and deletion go through functions of the owner's
grant insert on version, manifest_file, version_document, lineage_node, lineage_edge to mintmark_app;
grant update (description, updated_at) on version to mintmark_app;
grant insert, update (value), delete on model_tag, version_tag to mintmark_app;
-- aliases, their history, stages, events: only through write_alias, move_alias, set_stage, record_event

-- runs: parameters and points are written once; latest_metric, tags and inputs are replaced; a run's row carries its state
grant insert on experiment, run, param, metric_point, dataset to mintmark_app;
grant insert, update (value), delete on run_tag to mintmark_app;
grant insert, update (value, step, ts) on latest_metric to mintmark_app;
grant insert, update (name, source, row_count, schema_json) on run_input to mintmark_app;
grant update (name, status, started_at, ended_at, attempt_token, queue_number, queued_at, claim_expires_at, claim_lease, attempts,
  failures, log_lines, cancel_requested, worker, progress, error, ended_token, deleted_at) on run to mintmark_app;
grant update (name, updated_at, deleted_at) on experiment to mintmark_app;
grant insert, update (value), delete on experiment_tag to mintmark_app;
grant insert on logged_dataset, run_logged_dataset to mintmark_app;

-- logged models: what they are stays; status, tags and deletion change
grant insert, update (status, updated_at, deleted_at) on logged_model to mintmark_app;
grant insert, update (value), delete on logged_model_tag to mintmark_app;
grant insert on logged_model_param, run_model_input, run_model_output to mintmark_app;
grant insert, update (value, step, ts) on logged_model_metric to mintmark_app;

-- files under paths; folders are frozen for good
grant insert, update (blake3, size, updated_by, updated_at), delete on stored_file to mintmark_app;
grant insert on frozen_folder to mintmark_app;
grant insert, update (completed_at), delete on file_upload to mintmark_app;

-- jobs: what was submitted stays; logs are only added to
grant insert, update (checkpoint_blake3, version_pk) on job to mintmark_app;
grant insert on job_log to mintmark_app;

-- tokens: made and revoked
grant insert, update (revoked_at) on token to mintmark_app;

-- webhooks; deliveries are queued by the trigger on events, and what is sent stays as it was queued
grant insert, update (name, url, events, description, secret, active, updated_at, deleted_at) on webhook to mintmark_app;
grant update (status, attempts, due_at, response_status, error, ended_at), delete on webhook_delivery to mintmark_app;

-- traces: what spans say gives way to what their maker says; deleted whole, what is below goes with them
grant insert, update (started_ms, duration_ms, state, recorded, client_request_id, request_preview, response_preview), delete
  on trace to mintmark_app;
grant insert, update (value), delete on trace_tag to mintmark_app;
grant insert, update (value) on trace_metadata to mintmark_app;
grant insert on trace_run to mintmark_app;
grant insert, update (is_root, status, started_ns, ended_ns, name, type, encoded) on span to mintmark_app;
grant insert, update (name, value_json, error_code, error_message, error_stack, rationale, metadata, updated_at), delete
  on assessment to mintmark_app;

-- evaluation data sets: records are known by their inputs, which stay
grant insert, update (updated_at, digest, schema_json, record_count, updated_by), delete on evaluation_dataset to mintmark_app;
grant insert, update (value), delete on evaluation_dataset_tag to mintmark_app;
grant insert, delete on evaluation_dataset_experiment to mintmark_app;
grant insert, update (outputs_json, expectations_json, tags_json, updated_at, updated_by), delete on evaluation_record to mintmark_app;
