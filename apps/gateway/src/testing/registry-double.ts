/**
 * The registry as the gateway's view sees it: answers that a test sets, and events that it sends.
 * @module
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { EventSchema } from "@mintmark/proto/mintmark/registry/v1/event";
import { EventService } from "@mintmark/proto/mintmark/registry/v1/event_service";
import { type GetModelResponseSchema, ModelService } from "@mintmark/proto/mintmark/registry/v1/model_service";
import { type ResolveResponseSchema, ResolveService } from "@mintmark/proto/mintmark/registry/v1/resolve_service";
import { type SearchVersionsRequest, VersionService } from "@mintmark/proto/mintmark/registry/v1/version_service";
import { clients, type RegistryClient } from "@mintmark/registry-client";

export type Resolved = MessageInitShape<typeof ResolveResponseSchema>;

export interface RegistryDouble {
  readonly client: RegistryClient;
  /** What each URI resolves to; others are not found. */
  readonly resolved: Map<string, Resolved>;
  /** Every URI that was asked for. */
  readonly asked: string[];
  /** What is known of each model; others are not found. */
  readonly models: Map<string, MessageInitShape<typeof GetModelResponseSchema>>;
  /** Every search of versions; none finds any. */
  readonly searched: SearchVersionsRequest[];
  /** What happens between a search and its answer. */
  beforeSearch: () => Promise<void>;
  /** Tells watchers of a change of the model. */
  readonly change: (modelId: string) => void;
  /** The number of the last event. */
  readonly head: () => bigint;
}

export function registryDouble(): RegistryDouble {
  const resolved = new Map<string, Resolved>();
  const asked: string[] = [];
  const models: RegistryDouble["models"] = new Map();
  const searched: SearchVersionsRequest[] = [];
  const watchers = new Set<() => void>();
  const events = [create(EventSchema, { number: 1n, kind: "model.created" })];
  const transport = createRouterTransport(({ service }) => {
    service(ResolveService, {
      resolve: ({ uri }) => {
        asked.push(uri);
        const answer = resolved.get(uri);
        if (answer === undefined) throw new ConnectError(`'${uri}' names nothing`, Code.NotFound);
        return { event: BigInt(events.length), ...answer };
      },
    });
    service(ModelService, {
      getModel: ({ name }) => {
        const answer = models.get(name);
        if (answer === undefined) throw new ConnectError(`there is no model '${name}'`, Code.NotFound);
        return answer;
      },
    });
    service(VersionService, {
      searchVersions: async (request) => {
        searched.push(request);
        await double.beforeSearch();
        return {};
      },
    });
    service(EventService, {
      async *watch(_request, { signal }) {
        let seen = events.length;
        yield { events: [], head: BigInt(seen) };
        while (!signal.aborted) {
          await new Promise<void>((wake) => {
            watchers.add(wake);
            signal.addEventListener("abort", () => wake());
          });
          yield { events: events.slice(seen), head: BigInt(events.length) };
          seen = events.length;
        }
      },
      listEvents: () => ({}),
    });
  });
  const double: RegistryDouble = {
    client: clients(transport, () => {}),
    resolved,
    asked,
    models,
    searched,
    beforeSearch: async () => {},
    head: () => BigInt(events.length),
    change: (modelId) => {
      events.push(create(EventSchema, { number: BigInt(events.length + 1), kind: "alias.moved", modelId }));
      for (const wake of watchers) wake();
      watchers.clear();
    },
  };
  return double;
}
