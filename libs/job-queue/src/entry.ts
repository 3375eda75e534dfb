/**
 * What waits in the queue: nothing but which run, and which of its queueings. The registry knows the rest.
 * @module
 */

export interface QueueEntry {
  readonly runId: string;
  /** Goes up with each queueing of the run, so that a new entry is never taken for one that was there before. */
  readonly number: number;
}

/** The entry's identity; adding it twice adds it once. */
export function entryId({ runId, number }: QueueEntry): string {
  return `${runId}.${number}`;
}
