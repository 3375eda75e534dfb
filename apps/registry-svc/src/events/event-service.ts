/**
 * RPC face of events.
 * @module
 */
import type { ServiceImpl } from "@connectrpc/connect";
import { parseModelName } from "@mintmark/names/model-name";
import type { EventService } from "@mintmark/proto/mintmark/registry/v1/event_service";
import { sql } from "kysely";
import { findModel } from "../models/find-model.ts";
import { cutPage, pageSize, pageToken, readNumberToken } from "../paging.ts";
import type { ServiceDeps } from "../service-deps.ts";
import { eventMessage, selectEvents, watchEvents } from "./event-feed.ts";

export function eventService({
  db,
  listener,
  closing,
}: Pick<ServiceDeps, "db" | "listener" | "closing">): ServiceImpl<typeof EventService> {
  return {
    async *watch({ after }, { signal }) {
      for await (const { events, head } of watchEvents(db, listener, {
        after,
        signal: AbortSignal.any([signal, closing]),
      }))
        yield { events: events.map(eventMessage), head };
    },
    async listEvents({ model, pageSize: requested, pageToken: token }) {
      const size = pageSize(requested);
      const before = readNumberToken("events", token);
      const conditions = [
        ...(before === undefined ? [sql`true`] : [sql`e.number < ${before}`]),
        ...(model === "" ? [] : [sql`e.model_pk = ${(await findModel(db, parseModelName(model))).model_pk}`]),
      ];
      const rows = await selectEvents(
        db,
        sql`${sql.join(conditions, sql` and `)} order by e.number desc limit ${size + 1}`,
      );
      const { page, next } = cutPage(rows, size, (last) => pageToken("events", [String(last.number)]));
      return { events: page.map(eventMessage), nextPageToken: next };
    },
  };
}
