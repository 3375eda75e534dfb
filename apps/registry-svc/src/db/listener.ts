/**
 * Wake-ups from the database (LISTEN): one connection for the whole process, handed out to whoever asks.
 *
 * A wake-up says only that there may be something new; listeners re-read. A connection that is cut is opened again, and every
 * listener is woken then, because what was sent meanwhile is lost.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { connectionConfig } from "./connect.ts";

export interface Listener {
  /** Calls `wake` after each NOTIFY on the channel, with its payload, and with "" after a reconnection. Returns how to stop. */
  readonly on: (channel: Channel, wake: (payload: string) => void) => () => void;
  readonly close: () => Promise<void>;
}

/**
 * `mintmark_event`: the number of an event; `mintmark_run`: the id of a run whose progress or log has changed;
 * `mintmark_webhook`: deliveries were queued.
 */
export type Channel = (typeof channels)[number];

const channels = ["mintmark_event", "mintmark_run", "mintmark_webhook"] as const;

/** Connects before it returns, so that nothing that is sent afterwards is missed. */
export async function openListener(url: string, role: string | undefined): Promise<Listener> {
  const waiting = new Map<Channel, Set<(payload: string) => void>>(channels.map((channel) => [channel, new Set()]));
  let closed = false;
  let client = await connect();

  async function connect(): Promise<pg.Client> {
    const fresh = new pg.Client({ ...connectionConfig(url, role), statement_timeout: 0 });
    fresh.on("error", () => {});
    fresh.on("notification", ({ channel, payload = "" }) => wakeAll(channel as Channel, payload));
    try {
      await fresh.connect();
      for (const channel of channels) await fresh.query(`listen ${channel}`);
    } catch (error) {
      await fresh.end().catch(() => {});
      throw error;
    }
    // Not before: a connection that never came to be ends as well, and is tried again by whoever asked for it.
    fresh.on("end", () => void reconnect());
    return fresh;
  }

  function wakeAll(channel: Channel, payload: string): void {
    for (const wake of waiting.get(channel) ?? []) wake(payload);
  }

  async function reconnect(): Promise<void> {
    for (let delay = 50; !closed; delay = Math.min(delay * 2, 2_000)) {
      await sleep(delay);
      try {
        client = await connect();
      } catch {
        continue;
      }
      for (const channel of channels) wakeAll(channel, "");
      return;
    }
  }

  return {
    on(channel, wake) {
      const set = waiting.get(channel);
      set?.add(wake);
      return () => void set?.delete(wake);
    },
    async close() {
      closed = true;
      await client.end();
    },
  };
}
