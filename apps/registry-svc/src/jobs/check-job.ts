/**
 * Checks what a job would be given: the training file, the snapshots, and the data itself against the file.
 * @module
 */
import type { DescribedData } from "@mintmark/dataset";
import { isRemote } from "@mintmark/dataset/snapshot";
import { AppError } from "@mintmark/errors";
import type { Snapshot } from "@mintmark/proto/mintmark/training/v1/job";
import type { ServiceDeps } from "../service-deps.ts";
import { checkedSnapshot, readConfig, requireUploaded } from "./training-request.ts";

export interface CheckJob {
  readonly configJson: string;
  readonly snapshots: readonly Snapshot[];
}

/**
 * @param signal ends the check
 * @throws AppError TRAINING_FILE_INVALID, SNAPSHOT_NOT_UPLOADED, REQUEST_INVALID, DATA_NOT_CHECKABLE, CHECKS_BUSY, CHECK_TOO_LARGE,
 * and the failures of data
 */
export async function checkJob(
  { db, checks }: Pick<ServiceDeps, "db" | "checks">,
  request: CheckJob,
  signal: AbortSignal,
): Promise<DescribedData> {
  const config = readConfig(request.configJson);
  const snapshots = request.snapshots.map(checkedSnapshot);
  await requireUploaded(db, snapshots);
  const { source } = config.data;
  // What lies at a URI or below a worker's data root is read as that worker's policy allows, which only it knows.
  if (isRemote(source) || snapshots.length === 0) throw new AppError("DATA_NOT_CHECKABLE", { source });
  return checks.check({ config, snapshots }, signal);
}
