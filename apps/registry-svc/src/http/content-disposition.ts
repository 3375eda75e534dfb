/**
 * The `Content-Disposition` of bytes that somebody uploaded: to be kept as a file, never to be shown and run by a browser.
 * @module
 */

/** RFC 6266 §4.3; names beyond ASCII as RFC 8187 encodes them. */
export function attachment(name: string): string {
  if (/^[\w.-]+$/.test(name)) return `attachment; filename=${name}`;
  if (/^[\x20-\x7e]+$/.test(name) && !/["\\%]/.test(name)) return `attachment; filename="${name}"`;
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return `attachment; filename*=UTF-8''${encoded}`;
}
