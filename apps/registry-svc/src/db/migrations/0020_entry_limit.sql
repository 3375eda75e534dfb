-- What may be said of one object has an end, and many keys at once cost no more than in proportion.
-- Serves: every service whose objects have tags, parameters or metadata.

-- As before. A plan that was made while there were few keys reads the whole table for each; of 16,000 new keys in one statement that
-- were 9 s, as statistics change only after it.
alter function key_of(text) set enable_seqscan = off;

-- mintmark.max_entries is a setting of the connection; the registry's says how many tags, and how many parameters, an object may have.
do $$
declare
  kept record;
begin
  for kept in select * from (values
    ('run_tag', 'run_pk', 'tags', 'run'),
    ('param', 'run_pk', 'params', 'run'),
    ('experiment_tag', 'experiment_pk', 'tags', 'experiment'),
    ('model_tag', 'model_pk', 'tags', 'model'),
    ('version_tag', 'version_pk', 'tags', 'version'),
    ('logged_model_tag', 'logged_model_pk', 'tags', 'logged model'),
    ('logged_model_param', 'logged_model_pk', 'params', 'logged model'),
    ('trace_tag', 'trace_pk', 'tags', 'trace'),
    ('trace_metadata', 'trace_pk', 'metadata', 'trace'),
    ('evaluation_dataset_tag', 'evaluation_dataset_pk', 'tags', 'evaluation dataset')
  ) as each (named, owner, field, what)
  loop
    execute format($function$
      create function limit_%1$s() returns trigger language plpgsql as $body$
      declare
        most int := coalesce(nullif(current_setting('mintmark.max_entries', true), '')::int, 10000);
        counted bigint;
      begin
        select count(*) into counted from %1$I
          where %2$I in (select %2$I from added) group by %2$I having count(*) > most limit 1;
        if found then
          raise exception 'too many' using errcode = 'MM413', detail = jsonb_build_object(
            'field', %3$L, 'what', %4$L, 'most', most, 'count', counted)::text;
        end if;
        return null;
      end $body$
    $function$, kept.named, kept.owner, kept.field, kept.what);
    execute format(
      'create trigger %1$s_limit after insert on %1$I referencing new table as added for each statement execute function limit_%1$s()',
      kept.named);
  end loop;
end $$;
