/**
 * From the name of a receiver to its addresses.
 *
 * The machine's own look-up knows what is written in /etc/hosts, and holds one of the few threads by which files are read, for
 * as long as a name server does not answer. So it is for names of the operator's only. What anybody may name is asked of DNS by
 * sockets, which hold up nothing.
 * @module
 */
import type { LookupAddress } from "node:dns";
import { lookup, Resolver } from "node:dns/promises";

/** As the machine itself would connect to it. */
export function resolveTrusted(hostname: string): Promise<readonly LookupAddress[]> {
  return lookup(hostname, { all: true });
}

/**
 * By DNS alone.
 * @param servers those that the machine asks if not stated
 */
export async function resolveByDns(
  hostname: string,
  signal: AbortSignal,
  servers?: readonly string[],
): Promise<readonly LookupAddress[]> {
  signal.throwIfAborted();
  // A name that no server is to be asked about (RFC 6761, section 6.3).
  if (/(?:^|\.)localhost\.?$/.test(hostname)) return [{ address: "127.0.0.1", family: 4 }];
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  const cancel = () => resolver.cancel();
  signal.addEventListener("abort", cancel);
  try {
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    const found = [...addresses(v4, 4), ...addresses(v6, 6)];
    if (found.length === 0 && v4.status === "rejected") throw v4.reason;
    return found;
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

/** A name may well have addresses of one family only. */
function addresses(answer: PromiseSettledResult<string[]>, family: 4 | 6): LookupAddress[] {
  return answer.status === "rejected" ? [] : answer.value.map((address) => ({ address, family }));
}
