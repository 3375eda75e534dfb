/**
 * Where deliveries may go: https to public addresses, and what the operator allows besides (`MINTMARK_WEBHOOK_ALLOW`).
 *
 * Whoever may create webhooks chooses where the registry connects to, so every URL is a way into the registry's own network.
 * A name is resolved once, all its addresses are checked, and the connection goes to those very addresses: a name that
 * answers differently the second time gains nothing. Only what is known to be public passes; forms of IPv6 that carry an IPv4
 * address inside (mapped, 6to4, NAT64, Teredo) are refused as a whole.
 * @module
 */
import type { LookupAddress } from "node:dns";
import { isIP } from "node:net";
import { AppError } from "@mintmark/errors";
import { SettingError } from "@mintmark/http-edge/settings";
import ipaddr from "ipaddr.js";
import { resolveByDns, resolveTrusted } from "./resolve-host.ts";

export interface ReceiverRules {
  /** `host` or `host:port`: http and any address are good there. */
  readonly allowed: ReadonlySet<string>;
  /** All addresses of a name; `trusted` if the operator allows it. */
  readonly resolve: (hostname: string, trusted: boolean, signal: AbortSignal) => Promise<readonly LookupAddress[]>;
}

/** A URL with the addresses that were checked: nothing else may be connected to. */
export interface Receiver {
  readonly url: URL;
  readonly addresses: readonly LookupAddress[];
}

/**
 * @param allow `host[:port],…`
 * @throws SettingError
 */
export function receiverRules(allow: string): ReceiverRules {
  const entries = allow
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  return {
    allowed: new Set(entries.map(allowedHost)),
    resolve: (hostname, trusted, signal) => (trusted ? resolveTrusted(hostname) : resolveByDns(hostname, signal)),
  };
}

/** @throws AppError `WEBHOOK_URL_REFUSED` */
export async function resolveReceiver(text: string, rules: ReceiverRules, signal: AbortSignal): Promise<Receiver> {
  const refuse = (problem: string) => new AppError("WEBHOOK_URL_REFUSED", { url: text, problem });
  const url = URL.parse(text);
  if (url === null) throw refuse("is not a URL");
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw refuse(`has the scheme ${url.protocol}//, not https://`);
  if (url.username !== "" || url.password !== "") throw refuse("has a user name or password in it");
  const free = isAllowed(url, rules.allowed);
  if (url.protocol === "http:" && !free) throw refuse("is not https");

  const addresses = await addressesOf(url, (host) => rules.resolve(host, free, signal), signal, refuse);
  const [refused] = free ? [] : addresses.filter(({ address }) => !isPublic(address));
  if (refused !== undefined) throw refuse(`is at ${refused.address}, which is not a public address`);
  return { url, addresses };
}

/** Whether anybody on the Internet can be meant by the address. */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== "unicast") return false;
  // Of IPv6, only 2000::/3 has been given out; `range` also calls unicast what is nothing yet, or nothing any more.
  return parsed.kind() === "ipv6" ? parsed.match(globalUnicast) : address !== azureHost;
}

const globalUnicast = ipaddr.parseCIDR("2000::/3");
/** Public by its number, but on Azure the host of the virtual machine, which hands out its secrets. */
const azureHost = "168.63.129.16";

async function addressesOf(
  url: URL,
  resolve: (hostname: string) => Promise<readonly LookupAddress[]>,
  signal: AbortSignal,
  refuse: (problem: string) => AppError,
): Promise<readonly LookupAddress[]> {
  const host = withoutBrackets(url.hostname);
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  try {
    const addresses = await Promise.race([resolve(host), aborted(signal)]);
    if (addresses.length > 0) return addresses;
  } catch (error) {
    if (signal.aborted) throw refuse(`has a host, ${host}, that was not resolved in time`);
    throw refuse(`has a host, ${host}, that cannot be resolved (${(error as NodeJS.ErrnoException).code ?? error})`);
  }
  throw refuse(`has a host, ${host}, without an address`);
}

function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  if (signal.aborted) reject(signal.reason);
  return promise;
}

function isAllowed(url: URL, allowed: ReadonlySet<string>): boolean {
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  return allowed.has(url.hostname) || allowed.has(`${url.hostname}:${port}`);
}

function allowedHost(entry: string): string {
  const [, host = "", port] = /^(.*?)(:\d{1,5})?$/.exec(entry) ?? [];
  const url = URL.parse(`http://${host}`);
  // Spelled by the parser of URLs, as the URLs that it is compared with are.
  if (
    url === null ||
    url.port !== "" ||
    url.pathname !== "/" ||
    url.username !== "" ||
    url.search !== "" ||
    host.endsWith("/")
  )
    throw new SettingError(`MINTMARK_WEBHOOK_ALLOW expected host[:port],…, got '${entry}'`);
  return url.hostname + (port ?? "");
}

function withoutBrackets(hostname: string): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}
