/**
 * RPC face of resolving.
 * @module
 */
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { ResolveService } from "@mintmark/proto/mintmark/registry/v1/resolve_service";
import type { ServiceDeps } from "../service-deps.ts";
import { versionMessage } from "../versions/find-version.ts";
import { resolveUri } from "./resolve-uri.ts";

export function resolveService({ db }: Pick<ServiceDeps, "db">): ServiceImpl<typeof ResolveService> {
  return {
    async resolve({ uri }) {
      const { version, alias, asOf } = await resolveUri(db, uri);
      return { version: versionMessage(version), alias, event: version.event, asOf: timestampFromDate(asOf) };
    },
  };
}
