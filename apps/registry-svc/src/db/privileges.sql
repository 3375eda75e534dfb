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
