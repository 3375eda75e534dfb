/**
 * Locks on paths, held until the transaction ends.
 *
 * Who changes a path (puts a file there, freezes or deletes the folder) holds it alone, and every folder above it together
 * with others. So files are added side by side, and nothing slips in between reading a folder and freezing it. Locks are taken
 * from the root down, so that those of two transactions with one path each never wait for each other.
 * @module
 */
import { sql } from "kysely";
import { prepared } from "../db/prepared.ts";
import type { Db } from "../db/schema.ts";
import { foldersAbove } from "./file-path.ts";

/** Tells these locks from other advisory locks of the database. */
const seed = 8;

/** What is read afterwards, in the next statement on, stays as it is at and below `path` until the transaction ends. */
export async function lockPath(tx: Db, path: string): Promise<void> {
  const above = foldersAbove(path);
  await sql`${prepared}
    select case when depth <= ${above.length} then pg_advisory_xact_lock_shared(hashtextextended(path, ${seed}))
                else pg_advisory_xact_lock(hashtextextended(path, ${seed})) end
    from unnest(${[...above, path]}::text[]) with ordinality as part (path, depth) order by depth`.execute(tx);
}
