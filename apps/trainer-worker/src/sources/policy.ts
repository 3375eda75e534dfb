/**
 * Which URIs this worker may read: those that lie below a prefix that its operator named, and no other.
 * @module
 */
import { AppError } from "@mintmark/errors";

/** The URI, if it lies below one of the `allowed` prefixes; whole path segments count, so `https://a/b` does not allow `https://a/bc`. */
export function requireAllowed(source: string, allowed: readonly string[]): URL {
  const url = URL.parse(source);
  if (url === null) throw new AppError("DATA_SOURCE_REFUSED", { source, problem: "it is not a URI" });
  if (url.username !== "" || url.password !== "")
    throw new AppError("DATA_SOURCE_REFUSED", {
      source: `${url.protocol}//${url.host}${url.pathname}`,
      problem: "it has a user name or password in it",
    });
  if (!allowed.some((prefix) => isBelow(url, prefix)))
    throw new AppError("DATA_SOURCE_REFUSED", {
      source,
      problem: `it is below no prefix in MINTMARK_ALLOWED_SOURCES (${allowed.join(", ") || "none"})`,
    });
  return url;
}

/** Compared after parsing, so that `..`, ports and escapes mean what they mean to whoever opens the URI. */
function isBelow(url: URL, prefix: string): boolean {
  const root = URL.parse(prefix);
  if (root === null || root.protocol !== url.protocol || root.host !== url.host) return false;
  // An escaped slash or dot could mean a path to the server that it does not mean here.
  if (/%2f|%5c|%2e/i.test(url.pathname)) return false;
  const folder = root.pathname.endsWith("/") ? root.pathname : `${root.pathname}/`;
  return url.pathname === root.pathname || url.pathname.startsWith(folder);
}
