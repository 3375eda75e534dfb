/**
 * One call of MLflow's REST API: where it is, what it takes, and what it does with the native API.
 * @module
 */
import type { IncomingHttpHeaders } from "node:http";
import type { CallOptions } from "@connectrpc/connect";
import type { RegistryClient } from "@mintmark/registry-client";
import type { z } from "zod";

/** As call options of the registry: in the name of whoever sent these headers. */
export function inNameOf({ authorization }: IncomingHttpHeaders): CallOptions {
  return authorization === undefined ? {} : { headers: { authorization } };
}

/** What a call is made with. */
export interface Call {
  readonly registry: RegistryClient;
  /** For every call of the registry: in the name of the caller; the answer waits until the gateway has seen its writes. */
  readonly as: CallOptions;
  /** Where the client finds the gateway: `http://host:port`. */
  readonly baseUrl: string;
}

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

export interface Route {
  readonly methods: readonly Method[];
  /** Below `/api/` and `/ajax-api/`, with `:name` for parameters, which are fields of the message; `*` is the rest. */
  readonly paths: readonly string[];
  readonly handle: (raw: unknown, call: Call) => Promise<object>;
  readonly request: z.ZodType;
  /** Whether its body is data, which may be large. */
  readonly carriesData: boolean;
}

/** `handle` gets the message as `request` reads it, and returns the fields of the answer. */
export function route<T>(
  methods: Method | readonly Method[],
  paths: string | readonly string[],
  request: z.ZodType<T>,
  handle: (message: T, call: Call) => Promise<object>,
  { carriesData = false } = {},
): Route {
  return { methods: [methods].flat(), paths: [paths].flat(), request, handle: handle as Route["handle"], carriesData };
}
