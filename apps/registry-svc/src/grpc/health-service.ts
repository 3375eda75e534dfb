/**
 * gRPC health checking: the registry can be used as long as its database answers.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { DescService } from "@bufbuild/protobuf";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { type Health, HealthCheckResponse_ServingStatus as Status } from "@mintmark/proto/grpc/health/v1/health";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import type { ServiceDeps } from "../service-deps.ts";

const pollMs = 1_000;

export function healthService(
  { db, closing }: Pick<ServiceDeps, "db" | "closing">,
  services: readonly DescService[],
): ServiceImpl<typeof Health> {
  const names = new Set(["", ...services.map(({ typeName }) => typeName)]);
  return {
    async check({ service }) {
      if (!names.has(service)) throw new ConnectError(`there is no service '${service}'`, Code.NotFound);
      return { status: await statusOf(db) };
    },
    async *watch({ service }, context) {
      const signal = AbortSignal.any([context.signal, closing]);
      let last: Status | undefined;
      while (!signal.aborted) {
        const status = names.has(service) ? await statusOf(db) : Status.SERVICE_UNKNOWN;
        if (status !== last) yield { status };
        last = status;
        await sleep(pollMs, undefined, { signal }).catch(() => {});
      }
    },
  };
}

async function statusOf(db: Db): Promise<Status> {
  return sql`select 1`.execute(db).then(
    () => Status.SERVING,
    () => Status.NOT_SERVING,
  );
}
