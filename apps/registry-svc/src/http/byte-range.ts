/**
 * The `Range` header.
 * @module
 */

/**
 * One range of bytes (RFC 9110 §14.1.2); undefined, which means the whole, for several, for other units and for none, as
 * the RFC allows.
 */
export function parseRange(
  header: string | undefined,
  size: number,
): { readonly offset: number; readonly length: number } | "unsatisfiable" | undefined {
  const [match, first = "", last = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
  if (match === undefined || (first === "" && last === "")) return undefined;
  const offset = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== "" && last !== "" && Number(last) < offset) return undefined;
  return offset > end ? "unsatisfiable" : { offset, length: end - offset + 1 };
}
