-- Files that are kept under paths, and folders that may not change any more.
-- Serves: FileService, /v1/files, VersionService.CreateVersion.
--
-- Who writes a path locks it, and the folders above it together with others (files/path-lock.ts), so that nothing slips in
-- between reading a folder and freezing it.

create table stored_file (
  -- Parts with / between them; a btree entry is limited to 2,704 bytes.
  path text collate pg_c_utf8 primary key check (octet_length(path) between 1 and 2000),
  blake3 bytea not null references blob,
  size bigint not null check (size >= 0),
  updated_by text not null,
  updated_at timestamptz not null default clock_timestamp()
);
create index stored_file_blob on stored_file (blake3);

-- Folders that a version was made from: what lies in or below them stays as it is.
create table frozen_folder (
  path text collate pg_c_utf8 primary key check (octet_length(path) between 1 and 2000),
  frozen_at timestamptz not null default clock_timestamp()
);
create trigger frozen_folder_keep before update or delete or truncate on frozen_folder execute function refuse();

-- Uploads in parts that go straight to the bucket. One that is complete stays, so that completing it may be repeated.
create table file_upload (
  id uuid primary key,
  path text collate pg_c_utf8 not null check (octet_length(path) between 1 and 2000),
  -- By which the bucket knows it.
  store_id text not null,
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  completed_at timestamptz
);
