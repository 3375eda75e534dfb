/**
 * RPC face of the registry's keys.
 * @module
 */
import type { ServiceImpl } from "@connectrpc/connect";
import type { KeyService } from "@mintmark/proto/mintmark/registry/v1/key_service";
import type { ServiceDeps } from "../service-deps.ts";

export function keyService({ keys }: Pick<ServiceDeps, "keys">): ServiceImpl<typeof KeyService> {
  return {
    async listKeys() {
      const trusted = await keys.trusted();
      return {
        keys: trusted.map(({ id, name, algorithm, pem }) => ({
          id,
          name,
          algorithm,
          pem,
          own: id === keys.signing.public.id,
        })),
      };
    },
  };
}
