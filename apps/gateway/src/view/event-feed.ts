/**
 * The registry's events, followed for as long as the gateway lives: reconnects by itself, misses nothing, knows when it
 * is out of date.
 * @module
 */

import type { Event } from "@mintmark/proto/mintmark/registry/v1/event";
import type { RegistryClient } from "@mintmark/registry-client";
import type { Logger } from "pino";

export interface EventFeed {
  /** The number of the last event that was handed on; everything up to it has been seen. */
  readonly head: () => bigint;
  /** Milliseconds since the registry was last heard of; Infinity before the first time. */
  readonly silence: () => number;
  /** True once all events up to `event` were handed on, false if that takes longer than `timeoutMs`. */
  readonly reached: (event: bigint, timeoutMs: number) => Promise<boolean>;
  readonly close: () => Promise<void>;
}

export interface FeedListener {
  /** Called with each event, in order, before `head` moves past it. */
  readonly event: (event: Event) => void;
  /** Called when what was seen before can no longer be built upon: everything remembered must be forgotten. */
  readonly reset: () => void;
}

const reconnectMs = 250;
/** The registry gives a sign of life every 2 s; after three that did not come the stream is taken for broken. */
const brokenAfterMs = 6_000;

interface Waiter {
  readonly event: bigint;
  readonly resolve: () => void;
}

/** Begins to follow; the promise settles when the first word from the registry has come. */
export function followEvents(client: RegistryClient, listener: FeedListener, log: Logger): EventFeed {
  let head: bigint | undefined;
  let heard = Number.NEGATIVE_INFINITY;
  let waiters: Waiter[] = [];
  let broken = false;
  const ended = new AbortController();

  const advance = (to: bigint) => {
    head = to;
    if (waiters.length === 0) return;
    const ready = waiters.filter((waiter) => waiter.event <= to);
    waiters = waiters.filter((waiter) => waiter.event > to);
    for (const waiter of ready) waiter.resolve();
  };

  const take = (events: readonly Event[], committed: bigint) => {
    heard = performance.now();
    if (broken) log.info({ head: String(committed) }, "the event stream of the registry is back");
    broken = false;
    // A registry whose count is behind ours was restored from a backup: it is another history.
    if (head === undefined || committed < head) {
      listener.reset();
      advance(committed);
      return;
    }
    for (const event of events) {
      if (event.number <= head) continue;
      if (event.number !== head + 1n) listener.reset();
      listener.event(event);
      advance(event.number);
    }
  };

  const followOnce = async () => {
    const stream = new AbortController();
    const started = performance.now();
    const watchdog = setInterval(() => {
      if (performance.now() - Math.max(heard, started) > brokenAfterMs) stream.abort();
    }, 1_000);
    try {
      const signal = AbortSignal.any([stream.signal, ended.signal]);
      for await (const batch of client.events.watch(head === undefined ? {} : { after: head }, { signal }))
        take(batch.events, batch.head);
    } finally {
      clearInterval(watchdog);
    }
  };

  const following = (async () => {
    while (!ended.signal.aborted) {
      try {
        await followOnce();
      } catch (error) {
        if (ended.signal.aborted) return;
        // Once an outage: the next attempts, four a second, fail for the same reason.
        if (!broken)
          log.warn({ err: error }, "the event stream of the registry broke; connecting again until it is back");
        broken = true;
      }
      await new Promise((resolve) => setTimeout(resolve, reconnectMs));
    }
  })();

  return {
    head: () => head ?? 0n,
    silence: () => performance.now() - heard,
    reached: (event, timeoutMs) => {
      if (head !== undefined && head >= event) return Promise.resolve(true);
      return new Promise((resolve) => {
        const waiter: Waiter = { event, resolve: () => finish(true) };
        const timer = setTimeout(() => finish(false), timeoutMs);
        const finish = (seen: boolean) => {
          clearTimeout(timer);
          waiters = waiters.filter((other) => other !== waiter);
          resolve(seen);
        };
        waiters.push(waiter);
      });
    },
    close: async () => {
      ended.abort();
      await following;
    },
  };
}
