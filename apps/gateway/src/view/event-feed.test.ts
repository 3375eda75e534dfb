import { create } from "@bufbuild/protobuf";
import { createRouterTransport } from "@connectrpc/connect";
import { EventSchema } from "@mintmark/proto/mintmark/registry/v1/event";
import { EventService, type WatchRequest } from "@mintmark/proto/mintmark/registry/v1/event_service";
import { clients } from "@mintmark/registry-client";
import pino from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { type EventFeed, followEvents } from "./event-feed.ts";

const silent = pino({ level: "silent" });
const event = (number: number) => create(EventSchema, { number: BigInt(number), kind: "alias.moved", modelId: "m" });
type Batch = { events: ReturnType<typeof event>[]; head: bigint };

let feed: EventFeed | undefined;
afterEach(() => feed?.close());

/** A registry that plays one script a connection, then holds the last one open. */
function follow(scripts: readonly (readonly Batch[])[]) {
  const seen: (number | "reset")[] = [];
  const asked: (bigint | undefined)[] = [];
  const transport = createRouterTransport(({ service }) =>
    service(EventService, {
      async *watch(request: WatchRequest, { signal }) {
        const script = scripts[asked.length];
        asked.push(request.after);
        yield* script ?? [];
        if (asked.length >= scripts.length) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
      listEvents: () => ({}),
    }),
  );
  const listener = { event: (e: { number: bigint }) => seen.push(Number(e.number)), reset: () => seen.push("reset") };
  feed = followEvents(
    clients(transport, () => {}),
    listener,
    silent,
  );
  return { feed, seen, asked };
}

describe("followEvents", () => {
  it("begins at what is committed, then hands on each event once and in order", async () => {
    const { feed, seen, asked } = follow([
      [
        { events: [], head: 4n },
        { events: [event(5), event(6)], head: 6n },
      ],
    ]);
    expect(await feed.reached(6n, 2_000)).toBe(true);
    expect(seen).toEqual(["reset", 5, 6]);
    expect(asked).toEqual([undefined]);
  });

  it("goes on after the last event it saw when the stream breaks", async () => {
    const { feed, seen, asked } = follow([
      [
        { events: [], head: 4n },
        { events: [event(5)], head: 5n },
      ],
      [{ events: [event(6)], head: 6n }],
    ]);
    expect(await feed.reached(6n, 5_000)).toBe(true);
    expect(asked).toEqual([undefined, 5n]);
    expect(seen).toEqual(["reset", 5, 6]);
  });

  it("forgets everything on a gap in the numbers", async () => {
    const { feed, seen } = follow([
      [
        { events: [], head: 4n },
        { events: [event(7)], head: 7n },
      ],
    ]);
    await feed.reached(7n, 2_000);
    expect(seen).toEqual(["reset", "reset", 7]);
  });

  it("forgets everything when the registry is behind: it was restored from a backup", async () => {
    const { feed, seen } = follow([
      [{ events: [], head: 9n }],
      [
        { events: [], head: 3n },
        { events: [event(4)], head: 4n },
      ],
    ]);
    await expect.poll(() => seen, { timeout: 5_000 }).toEqual(["reset", "reset", 4]);
    expect(feed.head()).toBe(4n);
  });

  it("says so when an event does not come in time", async () => {
    const { feed } = follow([[{ events: [], head: 4n }]]);
    expect(await feed.reached(5n, 100)).toBe(false);
  });
});
