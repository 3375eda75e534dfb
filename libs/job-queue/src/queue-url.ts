/**
 * Where the queue is in the registry's own Postgres. Apart from what opens it, so that programs that only pass the address
 * on do not load BullMQ.
 * @module
 */

/** The role under which the queue's programs connect; it owns no table and has no right on the registry's. */
export const queueRole = "mintmark_queue";

/** The queue in this database, by its account in the queue's role; what `prepareQueue` gives where there is no other URL. */
export function queueUrlIn(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  url.searchParams.set("options", `-c role=${queueRole}`);
  return url.href;
}
