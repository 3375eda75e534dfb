/**
 * What a folder holds, one level: each entry is found by one step in the index, however much lies below it.
 * @module
 */
import { sql } from "kysely";
import { prepared } from "../db/prepared.ts";
import type { Db } from "../db/schema.ts";
import { pathsBelow } from "./file-path.ts";
import { placeOf } from "./find-file.ts";

export interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
  readonly size: bigint;
}

/** By name in UTF-8 order; none if there is no such folder. */
export async function listFiles(db: Db, folder: string): Promise<readonly FolderEntry[]> {
  const { files, path } = placeOf(folder);
  const [from, to] = pathsBelow(path);
  const start = from.length + 1;
  // After a file comes what is greater at all; after a folder what is greater than all below it.
  const { rows } = await sql<{ name: string; is_folder: boolean; size: bigint }>`${prepared}
    with recursive entry as (
      (select path, size, split_part(substr(path, ${start}), '/', 1) as name
       from ${files} file where path >= ${from} and path < ${to} order by path limit 1)
      union all
      select next.path, next.size, split_part(substr(next.path, ${start}), '/', 1)
      from entry, lateral (
        select path, size from ${files} file
        where path >= (case when entry.path = ${from} || entry.name then entry.path || chr(1)
                            else ${from} || entry.name || '0' end) collate pg_c_utf8
          and path < ${to} order by path limit 1
      ) next
    )
    select name, path <> ${from} || name as is_folder,
           case when path = ${from} || name then size else 0 end as size
    from entry order by name collate pg_c_utf8`.execute(db);
  return rows.map(({ name, is_folder, size }) => ({ name, isFolder: is_folder, size: BigInt(size) }));
}

export async function isFile(db: Db, path: string): Promise<boolean> {
  const place = placeOf(path);
  const { rows } = await sql`${prepared} select from ${place.files} file where path = ${place.path}`.execute(db);
  return rows.length > 0;
}
