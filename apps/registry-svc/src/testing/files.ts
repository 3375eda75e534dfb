/**
 * Files under paths, for tests.
 * @module
 */
import { sql } from "kysely";
import { lockPath } from "../files/path-lock.ts";
import { putFile } from "../files/put-file.ts";
import type { ServiceDeps } from "../service-deps.ts";

type Deps = Pick<ServiceDeps, "db" | "blobs">;

export async function putText(deps: Deps, path: string, text: string): Promise<void> {
  await putFile(deps, { path, actor: "test" }, chunks(text));
}

/** As a version that is made from the folder does. @returns what the folder held then */
export async function freeze({ db }: Deps, folder: string): Promise<readonly string[]> {
  return await db.transaction().execute(async (tx) => {
    await lockPath(tx, folder);
    const held = await filesBelow(tx, folder);
    await sql`insert into frozen_folder (path) values (${folder}) on conflict do nothing`.execute(tx);
    return held;
  });
}

export async function filesBelow(db: Deps["db"], folder: string): Promise<readonly string[]> {
  const { rows } = await sql<{ path: string }>`
    select path from stored_file where path ^@ ${`${folder}/`} order by path`.execute(db);
  return rows.map(({ path }) => path);
}

async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}
