/**
 * Says of the data that runs read where it can be fetched, as far as the bytes are here.
 * @module
 */
import type { Run } from "@mintmark/proto/mintmark/tracking/v1/run";
import { sql } from "kysely";
import type { ServiceDeps } from "../service-deps.ts";

/** Fills in the `download_path` of each snapshot that was uploaded; a worker may have read data that the registry never saw. */
export async function linkSnapshots(
  { db, dataLinks }: Pick<ServiceDeps, "db" | "dataLinks">,
  runs: readonly Run[],
): Promise<void> {
  const snapshots = runs.flatMap(({ inputs }) => inputs).filter(({ blake3 }) => blake3 !== "");
  if (snapshots.length === 0) return;
  const digests = [...new Set(snapshots.map(({ blake3 }) => blake3))].map((hex) => Buffer.from(hex, "hex"));
  const { rows } = await sql<{ blake3: Buffer }>`
    select blake3 from blob where blake3 = any(${digests}::bytea[])`.execute(db);
  const stored = new Set(rows.map(({ blake3 }) => blake3.toString("hex")));
  for (const snapshot of snapshots) if (stored.has(snapshot.blake3)) snapshot.downloadPath = dataLinks.make(snapshot);
}
