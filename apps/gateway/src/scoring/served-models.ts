/**
 * Models that are loaded for prediction. A name keeps answering with the version that it has until the next one is
 * pulled, verified and loaded; then the pointer swaps, so that no request fails and none waits while an alias moves.
 * @module
 */

import type { Predictor } from "@mintmark/model-package/predictor";
import type { Event } from "@mintmark/proto/mintmark/registry/v1/event";
import type { ResolveResponse } from "@mintmark/proto/mintmark/registry/v1/resolve_service";
import type { Version } from "@mintmark/proto/mintmark/registry/v1/version";
import type { Logger } from "pino";
import { httpFailure } from "../http-error.ts";
import { Lru } from "../view/lru.ts";

export interface ServedModel {
  readonly version: Version;
  readonly predictor: Predictor;
}

export interface ServedModels {
  /** The model that `uri` names, loaded. Fails if the URI names nothing, or its files do not verify. */
  readonly get: (uri: string) => Promise<ServedModel>;
  /** Returns when every name that is in use serves what it resolves to now, or could not be loaded. */
  readonly settled: () => Promise<void>;
  readonly event: (event: Event) => void;
  readonly reset: () => void;
  readonly loaded: () => number;
}

export interface ServedModelsDeps {
  readonly resolve: (uri: string) => Promise<ResolveResponse>;
  /** Pulls, verifies and loads. */
  readonly load: (version: Version) => Promise<Predictor>;
  readonly log: Logger;
}

/** Names in use, and versions in memory. */
const namesMax = 1_000;
const predictorsMax = 32;
/** How long a name whose new version could not be loaded keeps the old one before it tries again. */
const retryMs = 2_000;

export function serveModels({ resolve, load, log }: ServedModelsDeps): ServedModels {
  const served = new Lru<string, ServedModel>(namesMax);
  const predictors = new Lru<string, Promise<Predictor>>(predictorsMax);
  const refreshing = new Map<string, Promise<ServedModel>>();

  const predictorOf = (version: Version): Promise<Predictor> => {
    // By identity of the version, not by digest alone: another version's signatures were not checked.
    const key = `${version.modelId}/${version.number}`;
    const known = predictors.get(key);
    if (known) return known;
    const loading = load(version);
    predictors.set(key, loading);
    loading.catch(() => {
      if (predictors.peek(key) === loading) predictors.delete(key);
    });
    return loading;
  };

  const loadNow = async (uri: string): Promise<ServedModel> => {
    const { version } = await resolve(uri);
    const model = { version: version!, predictor: await predictorOf(version!) };
    return model;
  };

  const refresh = (uri: string): Promise<ServedModel> => {
    const loading: Promise<ServedModel> = loadNow(uri).then(
      (model) => {
        // A later refresh knows better.
        if (refreshing.get(uri) === loading) {
          refreshing.delete(uri);
          served.set(uri, model);
        }
        return model;
      },
      (error: unknown) => {
        if (refreshing.get(uri) === loading) refreshing.delete(uri);
        throw error;
      },
    );
    refreshing.set(uri, loading);
    return loading;
  };

  const refreshInUse = (uri: string) => {
    refresh(uri).catch((error: unknown) => {
      if (isGone(error)) {
        served.delete(uri);
        return;
      }
      log.error({ err: error, uri }, "the next version could not be loaded; the one before keeps answering");
      const timer = setTimeout(() => {
        if (served.peek(uri) !== undefined && !refreshing.has(uri)) refreshInUse(uri);
      }, retryMs);
      timer.unref();
    });
  };

  return {
    get: (uri) => {
      const model = served.get(uri);
      if (model) return Promise.resolve(model);
      return refreshing.get(uri) ?? refresh(uri);
    },
    settled: async () => {
      await Promise.allSettled(refreshing.values());
    },
    event: (event) => {
      if (event.modelId === "") return;
      for (const [uri, model] of served.entries()) if (model.version.modelId === event.modelId) refreshInUse(uri);
      for (const uri of refreshing.keys()) if (served.peek(uri) === undefined) refreshing.delete(uri);
    },
    reset: () => {
      for (const [uri] of served.entries()) refreshInUse(uri);
    },
    loaded: () => predictors.size,
  };
}

/** The name no longer names anything; any other failure may pass. */
function isGone(error: unknown): boolean {
  const { code } = httpFailure(error);
  return code === "not_found" || code === "invalid_argument";
}
