-- Jobs: runs that the system executes. What changes while a job lives is in its run's row, so that every step (queue, claim,
-- heartbeat, end) is one UPDATE whose condition Postgres re-checks on the newest row: of any number of claims one wins.
-- Serves: JobService, AttemptService, the reconciler.

alter table run
  -- Names the queue entry `<run>.<number>`; goes up with each queueing.
  add column queue_number int not null default 0,
  add column queued_at timestamptz,
  -- Until when the present attempt holds without a sign of life.
  add column claim_expires_at timestamptz,
  -- How far a sign of life moves that.
  add column claim_lease interval,
  -- How often it was started; attempts that a worker gave back do not count.
  add column attempts int not null default 0,
  -- How often it ended by an error that was worth another try.
  add column failures int not null default 0,
  add column log_lines bigint not null default 0,
  add column cancel_requested boolean not null default false,
  add column worker text not null default '',
  -- Progress and JobError of the native API as JSON.
  add column progress jsonb,
  add column error jsonb,
  -- The attempt that ended last, so that ending it again gives the same answer.
  add column ended_token uuid,
  add check (attempt_token is null or (status = 2 and claim_expires_at is not null));
create index run_job on run (status, run_pk desc) where is_job;
alter table run set (fillfactor = 80);

create table job (
  run_pk bigint primary key references run,
  idempotency_key text collate pg_c_utf8 check (length(idempotency_key) between 1 and 255),
  model text not null,
  -- json, not jsonb: the order of keys stays as it was given.
  config json not null,
  -- [{name, blake3, sha256, size}]
  snapshots jsonb not null,
  checkpoint_blake3 bytea references blob,
  constraint job_idempotency_key unique (idempotency_key)
);

-- What a job wrote, numbered 1, 2, 3 … over all its attempts.
create table job_log (
  run_pk bigint not null references run,
  number bigint not null,
  at timestamptz not null,
  level text not null check (level in ('debug', 'info', 'warn', 'error')),
  text text not null,
  primary key (run_pk, number)
);
create trigger job_log_keep before update on job_log for each row execute function refuse();
