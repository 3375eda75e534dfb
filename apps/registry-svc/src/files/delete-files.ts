/**
 * Deletes a file, or a folder with all that it holds. The bytes stay: other paths and versions may name them.
 * @module
 */
import type { Db } from "../db/schema.ts";
import { retryDeadlock } from "../db/sqlstate.ts";
import { pathsBelow } from "./file-path.ts";
import { lockPath } from "./path-lock.ts";
import { requireDeletable } from "./writable.ts";

/**
 * @returns how many files there were
 * @throws AppError FOLDER_FROZEN
 */
export async function deleteFiles(db: Db, path: string): Promise<bigint> {
  const [from, to] = pathsBelow(path);
  return await retryDeadlock(() =>
    db.transaction().execute(async (tx) => {
      await lockPath(tx, path);
      await requireDeletable(tx, path);
      const { numDeletedRows } = await tx
        .deleteFrom("stored_file")
        .where((eb) => eb.or([eb("path", "=", path), eb.and([eb("path", ">=", from), eb("path", "<", to)])]))
        .executeTakeFirstOrThrow();
      return numDeletedRows;
    }),
  );
}
