-- What a caller expects of an alias holds also where the alias is there already; but for who repeats a call whose answer was lost.
-- Serves: AliasService.SetAlias.

-- Moves an alias if everything that the caller expects holds. outcome: moved | unchanged | gone (the model) | no_version |
-- archived | no_alias | conflict; revision and number are those after the call. p_number null removes the alias.
create or replace function move_alias(
  p_model bigint, p_alias text, p_number int, p_expected_revision bigint, p_expected_number bigint, p_actor text, p_reason text,
  out outcome text, out revision int, out number int, out updated_at timestamptz, out event bigint
) language plpgsql security definer set search_path = mintmark, pg_temp as $$
declare
  target version;
  latest alias_move;
  is_expected boolean;
  -- The revision that a caller saw before the latest move.
  seen bigint;
  move alias_move;
begin
  perform from model_head h join model m using (model_pk) where h.model_pk = p_model and m.deleted_at is null for update of h;
  if not found then outcome := 'gone'; return; end if;

  select a.revision, a.number, a.updated_at into revision, number, updated_at
  from alias a where a.model_pk = p_model and a.name = p_alias;
  is_expected := coalesce(p_expected_revision, revision, 0) = coalesce(revision, 0)
    and coalesce(p_expected_number, number, 0) = coalesce(number, 0);

  if p_number is null and number is null then outcome := 'no_alias'; return; end if;
  if p_number is not null then
    select * into target from version v where v.model_pk = p_model and v.number = p_number and v.deleted_at is null;
    if target.version_pk is null then outcome := 'no_version'; return; end if;
    if number = p_number then
      -- The same call before, by the same caller, made exactly the move that this one asks for.
      select * into latest from alias_move m where m.model_pk = p_model and m.alias = p_alias order by m.revision desc limit 1;
      seen := case when latest.from_number is null then 0 else latest.revision - 1 end;
      if is_expected or (latest.actor = p_actor
          and coalesce(p_expected_revision, seen) = seen
          and coalesce(p_expected_number, latest.from_number, 0) = coalesce(latest.from_number, 0))
      then outcome := 'unchanged'; else outcome := 'conflict'; end if;
      return;
    end if;
    if target.archived then outcome := 'archived'; return; end if;
  end if;
  if not is_expected then outcome := 'conflict'; return; end if;

  move := write_alias(p_model, p_alias, p_number, p_actor, p_reason);
  outcome := 'moved';
  revision := move.revision; number := move.to_number; updated_at := move.at;
  event := record_event('alias.moved', p_model, p_actor, jsonb_build_object(
    'alias', p_alias, 'revision', move.revision, 'from', move.from_number, 'to', move.to_number, 'reason', p_reason));
end $$;
