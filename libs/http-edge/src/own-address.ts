/**
 * Whether a request was meant for this server. Without authentication nobody is asked who he is, so a page of another site,
 * open in a browser on this machine, must not be able to act: its requests carry a foreign Origin, or, after DNS rebinding,
 * a foreign Host. Another port of this machine is another site: what is served there is somebody else's program.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { isLoopback } from "./loopback.ts";

export interface RequestAddress {
  /** The `Host` header, or `:authority`. */
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
}

/** How a server is addressed. */
export interface OwnAddress {
  /** Names besides those of loopback, in lower case. */
  readonly names: ReadonlySet<string>;
  /** That of the public URL, whatever the Host is: a proxy may put its own there. */
  readonly publicOrigin?: string | undefined;
}

/**
 * @param names of the server besides those of loopback
 * @param publicUrl under which others reach it; its name is one of them
 */
export function ownAddress(names: readonly string[], publicUrl?: string): OwnAddress {
  const url = publicUrl === undefined ? null : URL.parse(publicUrl);
  const all = url === null ? names : [...names, url.hostname];
  return { names: new Set(all.map((name) => name.toLowerCase())), publicOrigin: url?.origin };
}

/** @throws AppError `ORIGIN_REFUSED` */
export function requireOwnAddress(address: RequestAddress, own: OwnAddress): void {
  const foreign = foreignHeader(address, own);
  if (foreign !== undefined) throw new AppError("ORIGIN_REFUSED", foreign);
}

/**
 * The header by which a request is foreign; undefined if it was meant for this server. A Host of loopback is always its own; an Origin
 * (RFC 6454 §7) is if it is what the Host says, name and port, or the public URL's.
 */
export function foreignHeader(
  { host, origin }: RequestAddress,
  { names, publicOrigin }: OwnAddress,
): { readonly header: "Host" | "Origin"; readonly value: string } | undefined {
  if (host === undefined || !isOwn(host, names)) return { header: "Host", value: host ?? "" };
  if (origin !== undefined && origin !== publicOrigin && !isOf(host, origin))
    return { header: "Origin", value: origin };
  return undefined;
}

function isOwn(authority: string, ownNames: ReadonlySet<string>): boolean {
  const name = authority.replace(/:\d+$/, "").toLowerCase();
  return ownNames.has(name) || isLoopback(name);
}

/** Whether a page of that origin came from the server of that Host; the opaque origin `null` never did. */
function isOf(host: string, origin: string): boolean {
  const page = URL.parse(origin);
  if (page === null || !/^https?:$/.test(page.protocol)) return false;
  // Without a port, the Host is that of port 80, and so not of a page by https.
  if (page.port === "" && page.protocol !== "http:") return false;
  return URL.parse(`${page.protocol}//${host}`)?.origin === page.origin;
}
