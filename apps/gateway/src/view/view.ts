/**
 * The gateway's view of the registry: names in memory, kept fresh by the event feed, and how far it can be relied upon.
 * @module
 */
import { type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { AppError } from "@mintmark/errors";
import type { Event } from "@mintmark/proto/mintmark/registry/v1/event";
import { type GetModelResponse, GetModelResponseSchema } from "@mintmark/proto/mintmark/registry/v1/model_service";
import { type ResolveResponse, ResolveResponseSchema } from "@mintmark/proto/mintmark/registry/v1/resolve_service";
import type { RegistryClient } from "@mintmark/registry-client";
import type { Logger } from "pino";
import { rememberAnswers } from "./answers.ts";
import { type EventFeed, followEvents } from "./event-feed.ts";

export interface View {
  readonly resolve: (uri: string) => Promise<ResolveResponse>;
  /** The remembered answer, if there is one. */
  readonly recall: (uri: string) => ResolveResponse | undefined;
  /** What is known of the model of this name. */
  readonly model: (name: string) => Promise<GetModelResponse>;
  readonly recallModel: (name: string) => GetModelResponse | undefined;
  /** Stays the same for as long as nothing changed in any model. */
  readonly modelChanges: () => number;
  /** The number of the last event that the view has taken in. */
  readonly head: () => bigint;
  /** Milliseconds since the registry was last heard of. */
  readonly silence: () => number;
  /** True if the registry has been silent for so long that answers have to be marked. */
  readonly isStale: () => boolean;
  /** True if it has been silent for so long that answers from memory are refused; also before the first time. */
  readonly isTooOld: () => boolean;
  /** @throws AppError `REGISTRY_SILENT` if the registry was heard of once, and then too long not */
  readonly requireFresh: () => void;
  /** Returns when the view has taken in `event`, or has forgotten everything because it could not. */
  readonly reached: (event: bigint) => Promise<void>;
  /** The time, as RFC 3339 to the millisecond. */
  readonly now: () => string;
  /** How many answers are remembered. */
  readonly size: () => number;
  readonly close: () => Promise<void>;
}

/** After how much silence of the registry answers are marked as stale, and after how much they are refused. */
export interface Freshness {
  readonly staleAfterMs: number;
  readonly refuseAfterMs: number;
}

/** Who else wants to know of changes. */
export interface ViewListener {
  readonly event: (event: Event) => void;
  readonly reset: () => void;
}

/** How long a write waits for its own event to come back. */
const ownWriteMs = 5_000;
/** How long the registry may take to answer. */
const timeoutMs = 10_000;

export function openView(
  client: RegistryClient,
  freshness: Freshness,
  listeners: readonly ViewListener[],
  log: Logger,
): View {
  const resolutions = rememberAnswers(
    (uri) => client.resolver.resolve({ uri }, { timeoutMs }),
    ({ version }) => version!.modelId,
    { weight: 128 * 1024 * 1024, weigh: (answer) => weightOf(ResolveResponseSchema, answer, 1), models: 50_000 },
  );
  const models = rememberAnswers(
    (name) => client.models.getModel({ name }, { timeoutMs }),
    ({ model }) => model!.id,
    {
      weight: 64 * 1024 * 1024,
      weigh: (answer) => weightOf(GetModelResponseSchema, answer, 1 + answer.model!.latestVersions.length),
      models: 50_000,
    },
  );
  const changes = countChanges();
  const everyone = [resolutions, models, changes, ...listeners];
  const feed: EventFeed = followEvents(
    client,
    {
      event: (event) => {
        for (const listener of everyone) listener.event(event);
      },
      reset: () => {
        for (const listener of everyone) listener.reset();
      },
    },
    log,
  );
  const clock = millisecondClock();
  const requireFresh = () => {
    const silence = feed.silence();
    if (silence > freshness.refuseAfterMs && silence !== Number.POSITIVE_INFINITY)
      throw new AppError("REGISTRY_SILENT", { seconds: Math.round(silence / 1000) });
  };
  return {
    resolve: async (uri) => {
      requireFresh();
      return resolutions.ask(uri);
    },
    recall: resolutions.recall,
    model: async (name) => {
      requireFresh();
      return models.ask(name);
    },
    recallModel: models.recall,
    modelChanges: changes.count,
    requireFresh,
    head: feed.head,
    silence: feed.silence,
    isStale: () => feed.silence() > freshness.staleAfterMs,
    isTooOld: () => feed.silence() > freshness.refuseAfterMs,
    reached: async (event) => {
      if (await feed.reached(event, ownWriteMs)) return;
      log.warn(
        { event: String(event), head: String(feed.head()) },
        "an own write did not come back; forgetting everything",
      );
      for (const listener of everyone) listener.reset();
    },
    now: clock,
    size: () => resolutions.size() + models.size(),
    close: feed.close,
  };
}

/** Bytes of memory, about: the texts in it, which can be of any size, and the objects around them (2.6 kB a version, measured). */
function weightOf<Desc extends DescMessage>(schema: Desc, answer: MessageShape<Desc>, messages: number): number {
  return toBinary(schema, answer).byteLength + 2_600 * messages;
}

function countChanges(): ViewListener & { readonly count: () => number } {
  let changes = 0;
  return {
    count: () => changes,
    event: ({ modelId }) => {
      if (modelId !== "") changes += 1;
    },
    reset: () => {
      changes += 1;
    },
  };
}

/** Formatting a time costs more than all else in a hot answer, so it is done once a millisecond. */
function millisecondClock(): () => string {
  let at = 0;
  let text = "";
  return () => {
    const now = Date.now();
    if (now !== at) {
      at = now;
      text = new Date(now).toISOString();
    }
    return text;
  };
}
