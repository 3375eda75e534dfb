/**
 * Whether a request was meant for this server. Without authentication nobody is asked who he is, so a page of another site,
 * open in a browser on this machine, must not be able to act: its requests carry a foreign Origin, or, after DNS rebinding,
 * a foreign Host.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { isLoopback } from "./loopback.ts";

export interface RequestAddress {
  /** The `Host` header, or `:authority`. */
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
}

/** @throws AppError `ORIGIN_REFUSED` */
export function requireOwnAddress(address: RequestAddress, ownNames: ReadonlySet<string>): void {
  const foreign = foreignHeader(address, ownNames);
  if (foreign !== undefined) throw new AppError("ORIGIN_REFUSED", foreign);
}

/**
 * The header by which a request is foreign; undefined if it was meant for this server. Loopback is always its own.
 * @param ownNames in lower case
 */
export function foreignHeader(
  { host, origin }: RequestAddress,
  ownNames: ReadonlySet<string>,
): { readonly header: "Host" | "Origin"; readonly value: string } | undefined {
  if (host === undefined || !isOwn(host, ownNames)) return { header: "Host", value: host ?? "" };
  if (origin !== undefined && !isOwn(authorityOf(origin), ownNames)) return { header: "Origin", value: origin };
  return undefined;
}

function isOwn(authority: string, ownNames: ReadonlySet<string>): boolean {
  const name = authority.replace(/:\d+$/, "").toLowerCase();
  return ownNames.has(name) || isLoopback(name);
}

/** What follows `scheme://`; the opaque origin `null` stays as it is, and is foreign. */
function authorityOf(origin: string): string {
  return origin.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "");
}
