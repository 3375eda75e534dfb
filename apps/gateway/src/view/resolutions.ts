/**
 * What names resolve to, kept in memory as the registry decided it and dropped when an event says that it may have changed.
 * @module
 */
import type { Event } from "@mintmark/proto/mintmark/registry/v1/event";
import type { ResolveResponse } from "@mintmark/proto/mintmark/registry/v1/resolve_service";
import { Lru } from "./lru.ts";

/** How the registry answers; in production its `Resolve` call. */
export type Resolver = (uri: string) => Promise<ResolveResponse>;

export interface Resolutions {
  /** The version that `uri` names. Fails as the registry does. */
  readonly resolve: (uri: string) => Promise<ResolveResponse>;
  /** The remembered answer, if there is one. Counts as a use. */
  readonly recall: (uri: string) => ResolveResponse | undefined;
  readonly event: (event: Event) => void;
  readonly reset: () => void;
  readonly size: () => number;
}

export interface ResolutionLimits {
  /** How many URIs are remembered. */
  readonly uris: number;
  /** Of how many models the last event is remembered. */
  readonly models: number;
}

export function rememberResolutions(
  ask: Resolver,
  limits: ResolutionLimits = { uris: 50_000, models: 50_000 },
): Resolutions {
  const answers = new Lru<string, ResolveResponse>(limits.uris, (uri, answer) => unlink(uri, answer));
  const urisOfModel = new Map<string, Set<string>>();
  const asked = new Map<string, Promise<ResolveResponse>>();
  // An answer that was under way while an event came may be older than the event; it is given, but not remembered.
  let forgottenUpTo = 0n;
  let history = 0;
  const lastEvent = new Lru<string, bigint>(limits.models, (_, number) => {
    if (number > forgottenUpTo) forgottenUpTo = number;
  });

  const unlink = (uri: string, answer: ResolveResponse) => {
    const uris = urisOfModel.get(answer.version!.modelId);
    uris?.delete(uri);
    if (uris?.size === 0) urisOfModel.delete(answer.version!.modelId);
  };

  const remember = (uri: string, answer: ResolveResponse, askedIn: number) => {
    const modelId = answer.version!.modelId;
    if (askedIn !== history || answer.event < (lastEvent.peek(modelId) ?? forgottenUpTo)) return;
    answers.set(uri, answer);
    const uris = urisOfModel.get(modelId);
    if (uris) uris.add(uri);
    else urisOfModel.set(modelId, new Set([uri]));
  };

  return {
    recall: (uri) => answers.get(uri),
    resolve: async (uri) => {
      const known = answers.get(uri);
      if (known) return known;
      const underWay = asked.get(uri);
      if (underWay) return underWay;
      const askedIn = history;
      const question = ask(uri);
      asked.set(uri, question);
      try {
        const answer = await question;
        // What a name was at a given time needs no watching, and is asked too seldom to be worth the room.
        if (!uri.includes("?")) remember(uri, answer, askedIn);
        return answer;
      } finally {
        if (asked.get(uri) === question) asked.delete(uri);
      }
    },
    event: (event) => {
      if (event.modelId === "") return;
      lastEvent.set(event.modelId, event.number);
      for (const uri of urisOfModel.get(event.modelId) ?? []) {
        answers.delete(uri);
        asked.delete(uri);
      }
      urisOfModel.delete(event.modelId);
      // A call under way may be for this model under a name that is not known yet: who asks from now on asks afresh.
      asked.clear();
    },
    reset: () => {
      answers.clear();
      urisOfModel.clear();
      asked.clear();
      lastEvent.clear();
      forgottenUpTo = 0n;
      history += 1;
    },
    size: () => answers.size,
  };
}
