/**
 * The number of a write's event, in the header of its answer: whoever has taken in that event sees the write.
 * @module
 */
import type { HandlerContext } from "@connectrpc/connect";
import { eventHeader } from "@mintmark/registry-client";
import type { Db } from "../db/schema.ts";

/** The head of the list where nothing changed: what the caller wants to see may have been the work of another call. */
export async function announce(context: HandlerContext, db: Db, event: bigint | undefined): Promise<void> {
  context.responseHeader.set(eventHeader, String(event ?? (await eventHead(db))));
}

/** The number of the last committed event; 0 if there is none yet. */
export async function eventHead(db: Db): Promise<bigint> {
  return (await db.selectFrom("event_head").select("number").executeTakeFirstOrThrow()).number;
}
