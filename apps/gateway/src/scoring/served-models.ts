/**
 * Models that are loaded for prediction. A name keeps answering with the version that it has until the next one is
 * pulled, verified and loaded; then the pointer swaps, so that no request fails and none waits while an alias moves.
 * @module
 */

import type { LoadedModel } from "@mintmark/model-runtime/model-runtime";
import type { Event } from "@mintmark/proto/mintmark/registry/v1/event";
import type { ResolveResponse } from "@mintmark/proto/mintmark/registry/v1/resolve_service";
import type { Version } from "@mintmark/proto/mintmark/registry/v1/version";
import type { Logger } from "pino";
import { httpFailure } from "../http-error.ts";
import { Lru } from "../view/lru.ts";
import { identityOf } from "./model-source.ts";

export interface ServedModel {
  readonly version: Version;
  readonly model: LoadedModel;
}

export interface ServedModels {
  /** The model that `uri` names, loaded. Fails if the URI names nothing, or its files do not verify. */
  readonly get: (uri: string) => Promise<ServedModel>;
  /** Returns when every name whose version may have changed serves what it resolves to now, or could not be loaded. */
  readonly settled: () => Promise<void>;
  readonly event: (event: Event) => void;
  readonly reset: () => void;
  /** How many versions are in memory. */
  readonly loaded: () => number;
}

export interface ServedModelsDeps {
  readonly resolve: (uri: string) => Promise<ResolveResponse>;
  /** Fails if what is remembered can no longer be relied upon. */
  readonly requireFresh: () => void;
  /** Pulls, verifies and loads. */
  readonly load: (version: Version) => Promise<LoadedModel>;
  readonly log: Logger;
}

export interface ServedModelsLimits {
  /** How many names are kept up to date. */
  readonly names: number;
  /** How many versions are kept in memory. */
  readonly versions: number;
  /** How long a name whose new version could not be loaded keeps the old one before it tries again. */
  readonly retryMs: number;
}

export function serveModels(
  { resolve, requireFresh, load, log }: ServedModelsDeps,
  limits: ServedModelsLimits = { names: 1_000, versions: 32, retryMs: 2_000 },
): ServedModels {
  const served = new Lru<string, ServedModel>(limits.names);
  // What leaves memory is no longer served under any name; the next request loads it again.
  const loaded = new Lru<string, Promise<LoadedModel>>(limits.versions, (gone, model) => {
    for (const [uri, { version }] of served.entries()) if (identityOf(version) === gone) served.delete(uri);
    model.then(({ unload }) => unload()).catch(() => {});
  });
  /** The newest attempt for each name. */
  const loading = new Map<string, Promise<ServedModel>>();
  const swaps = new Set<Promise<void>>();
  const retries = new Set<string>();

  const modelOf = (version: Version): Promise<LoadedModel> => {
    const key = identityOf(version);
    const known = loaded.get(key);
    if (known) return known;
    const model = load(version);
    loaded.set(key, model);
    model.catch(() => {
      if (loaded.peek(key) === model) loaded.delete(key);
    });
    return model;
  };

  const resolveAndLoad = async (uri: string): Promise<ServedModel> => {
    const { version } = await resolve(uri);
    return { version: version!, model: await modelOf(version!) };
  };

  const refresh = (uri: string): Promise<ServedModel> => {
    const attempt: Promise<ServedModel> = resolveAndLoad(uri).then(
      (model) => {
        const inMemory = loaded.peek(identityOf(model.version)) !== undefined;
        // A later attempt knows better.
        if (loading.get(uri) === attempt && loading.delete(uri) && inMemory) served.set(uri, model);
        return model;
      },
      (error: unknown) => {
        if (loading.get(uri) === attempt) loading.delete(uri);
        throw error;
      },
    );
    loading.set(uri, attempt);
    return attempt;
  };

  const swap = (uri: string) => {
    const swapping: Promise<void> = refresh(uri).then(
      () => {},
      (error: unknown) => {
        if (isGone(error)) {
          served.delete(uri);
          return;
        }
        log.error({ err: error, uri }, "the next version could not be loaded; the one before keeps answering");
        retryLater(uri);
      },
    );
    swaps.add(swapping);
    swapping.finally(() => swaps.delete(swapping));
  };

  const retryLater = (uri: string) => {
    if (retries.has(uri)) return;
    retries.add(uri);
    setTimeout(() => {
      retries.delete(uri);
      if (served.peek(uri) !== undefined && !loading.has(uri)) swap(uri);
    }, limits.retryMs).unref();
  };

  /** Names in use swap; what is loaded for the first time is asked for afresh by whoever comes from now on. */
  const changed = (mayHave: (model: ServedModel) => boolean) => {
    for (const uri of loading.keys()) if (served.peek(uri) === undefined) loading.delete(uri);
    for (const [uri, model] of [...served.entries()]) if (mayHave(model)) swap(uri);
  };

  return {
    get: async (uri) => {
      const model = served.get(uri);
      if (model === undefined) return loading.get(uri) ?? refresh(uri);
      requireFresh();
      loaded.get(identityOf(model.version));
      return model;
    },
    settled: async () => {
      await Promise.all(swaps);
    },
    event: ({ modelId }) => {
      if (modelId !== "") changed(({ version }) => version.modelId === modelId);
    },
    reset: () => changed(() => true),
    loaded: () => loaded.size,
  };
}

/** The name no longer names anything; any other failure may pass. */
function isGone(error: unknown): boolean {
  const { code } = httpFailure(error);
  return code === "not_found" || code === "invalid_argument";
}
