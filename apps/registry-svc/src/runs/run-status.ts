/**
 * The states of a run, as numbers in the database and as words of jobs.
 * @module
 */
import { RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";

/** What a job's state is called, by the run's. */
export const jobStatusNames = {
  [RunStatus.SCHEDULED]: "queued",
  [RunStatus.RUNNING]: "running",
  [RunStatus.FINISHED]: "finished",
  [RunStatus.FAILED]: "failed",
  [RunStatus.KILLED]: "cancelled",
} as const;

/** What a job in this state is called. */
export function jobStatusName(status: number): string {
  return jobStatusNames[status as keyof typeof jobStatusNames] ?? "unknown";
}

export function hasEnded(status: RunStatus): boolean {
  return status === RunStatus.FINISHED || status === RunStatus.FAILED || status === RunStatus.KILLED;
}
