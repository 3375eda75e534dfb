/**
 * Whether a request was meant for this server. Without authentication nobody is asked who he is, so a page of another site,
 * open in a browser on this machine, must not be able to act: its requests carry a foreign Origin, or, after DNS rebinding,
 * a foreign Host.
 * @module
 */
import { AppError } from "@mintmark/errors";

export interface RequestAddress {
  /** The `Host` header, or `:authority`. */
  readonly host: string | undefined;
  readonly origin: string | undefined;
}

/** @throws AppError `ORIGIN_REFUSED` */
export function requireOwnAddress({ host, origin }: RequestAddress, ownNames: ReadonlySet<string>): void {
  if (host === undefined || !ownNames.has(hostName(host)))
    throw new AppError("ORIGIN_REFUSED", { header: "Host", value: host ?? "" });
  if (origin !== undefined && !ownNames.has(hostName(authorityOf(origin))))
    throw new AppError("ORIGIN_REFUSED", { header: "Origin", value: origin });
}

/** The names under which this machine knows itself. */
export const loopbackNames: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** Without the port, in lower case. */
function hostName(authority: string): string {
  return authority.replace(/:\d+$/, "").toLowerCase();
}

/** What follows `scheme://`; the opaque origin `null` stays as it is, and is foreign. */
function authorityOf(origin: string): string {
  return origin.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "");
}
