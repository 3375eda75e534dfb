-- Tokens by which people and programs are known.
-- Serves: authentication, TokenService.

create table token (
  -- The public part, by which it is looked up.
  id text collate pg_c_utf8 primary key check (id ~ '^[a-z0-9]{16}$'),
  name text not null check (length(name) between 1 and 100),
  -- Of the 256 random bits of the secret part: nothing to guess, so no slow hash is needed.
  secret_sha256 bytea not null check (length(secret_sha256) = 32),
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  revoked_at timestamptz
);
create index token_created on token (created_at, id);
create trigger token_immutable before update on token for each row when (
  (old.id, old.name, old.secret_sha256, old.created_by, old.created_at, old.expires_at)
  is distinct from (new.id, new.name, new.secret_sha256, new.created_by, new.created_at, new.expires_at)
  or old.revoked_at is not null) execute function refuse();
create trigger token_keep before delete or truncate on token execute function refuse();
