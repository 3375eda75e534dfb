/**
 * A migrated database for tests, one per test file.
 * @module
 */
import { prepareQueue } from "@mintmark/job-queue/prepare";
import { type TestDatabase, testDatabase } from "@mintmark/testing/postgres";
import { connectDatabase, type Database } from "../db/connect.ts";
import { appRole, migrate } from "../db/migrate.ts";

export interface RegistryDatabase extends Database {
  /** The same database as its owner, for arranging and looking at what the service may not touch. */
  readonly owner: TestDatabase;
}

/** Schema and queue. */
async function prepare(url: string): Promise<void> {
  await migrate(url);
  await prepareQueue(url);
}

/** `db` and `pool` are connected as the service is: in the role that may not change history. */
export async function registryDatabase(): Promise<RegistryDatabase> {
  const owner = await testDatabase({ name: "registry", prepare });
  const database = connectDatabase({ url: owner.url, role: appRole, maxConnections: 25, onIdleError: () => {} });
  const close = async () => {
    await database.close();
    await owner.drop();
  };
  return { ...database, close, owner };
}
