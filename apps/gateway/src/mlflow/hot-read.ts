/**
 * One of MLflow's reads that are answered from the gateway's view, and how long such an answer holds.
 * @module
 */
import type { RegistryClient } from "@mintmark/registry-client";
import type { z } from "zod";
import type { View } from "../view/view.ts";

/** What a hot read is answered from. */
export interface HotSource {
  readonly view: View;
  /** The gateway's own, as the view's is: what comes of it is kept for everyone who may ask. */
  readonly registry: RegistryClient;
}

export interface HotAnswer {
  readonly fields: object;
  /** False as soon as an event says that the registry may answer otherwise. */
  readonly isCurrent: () => boolean;
}

export interface HotRead {
  /** Below `/api/` and `/ajax-api/`; always a GET. */
  readonly path: string;
  readonly request: z.ZodType;
  readonly find: (raw: unknown, source: HotSource) => Promise<HotAnswer>;
}

/** `find` gets the message as `request` reads it. */
export function hotRead<T>(
  path: string,
  request: z.ZodType<T>,
  find: (message: T, source: HotSource) => Promise<HotAnswer>,
): HotRead {
  return { path, request, find: find as HotRead["find"] };
}

/** What `ask` answers, until anything changes in any model: a search may find another by whatever has changed. */
export async function untilAnyChange(view: View, ask: () => Promise<object>): Promise<HotAnswer> {
  view.requireFresh();
  const changes = view.modelChanges();
  return { fields: await ask(), isCurrent: () => view.modelChanges() === changes };
}
