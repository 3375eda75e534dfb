/**
 * What is loopback: the addresses that only this machine can reach.
 * @module
 */
import { BlockList, isIP } from "node:net";

const addresses = new BlockList();
addresses.addSubnet("127.0.0.0", 8, "ipv4");
addresses.addAddress("::1", "ipv6");

/** Whether `host` is `localhost` in any case, an address of 127.0.0.0/8, also within IPv6, or `::1`; with or without brackets. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  const family = isIP(name);
  if (family === 0) return name === "localhost";
  return addresses.check(name, family === 4 ? "ipv4" : "ipv6");
}
