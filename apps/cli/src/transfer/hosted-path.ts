/**
 * Under which path a server keeps the files of an artifact URI.
 * @module
 */

/** At this registry; `undefined` if they are elsewhere, as with the address of any server. */
export function hostedPath(uri: string): string | undefined {
  return /^mlflow-artifacts:\/([^/].*)$/.exec(uri)?.[1];
}

/** At the proxy of an MLflow server, which may be named by its address; `undefined` if it has them elsewhere. */
export function proxiedPath(uri: string): string | undefined {
  const path = /^mlflow-artifacts:(?:\/\/[^/]*)?\/(.*)$/.exec(uri)?.[1];
  return path?.replace(/\/+$/, "");
}
