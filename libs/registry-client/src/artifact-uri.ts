/**
 * URIs of files that a registry keeps: `mlflow-artifacts:/` and their path.
 * @module
 */

/** The path of the files, without scheme; `undefined` if they are elsewhere. */
export function pathOfArtifactUri(uri: string): string | undefined {
  // Of a URI with a query or a fragment it is not clear what would be appended to it, so it is that of nothing there.
  const path = /^mlflow-artifacts:(?!\/\/[^/])(\/[^?#]*)$/i.exec(uri)?.[1];
  return path === undefined ? undefined : storedPath(path);
}

/** As a path is written when files are uploaded to it: decoded once, without slashes that mean nothing. */
export function storedPath(path: string): string {
  return decodedOnce(path)
    .split("/")
    .filter((part) => part !== "")
    .join("/");
}

/** What is no valid escape stays as it is. */
export function decodedOnce(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => Buffer.from(escapes.replaceAll("%", ""), "hex").toString());
}
