/**
 * Where this server keeps the files of an artifact URI: `mlflow-artifacts:/P` is the folder P.
 * @module
 */
import { MlflowError } from "./mlflow-error.ts";

/**
 * @param path below the URI; may be empty
 * @throws MlflowError INVALID_PARAMETER_VALUE if the files are elsewhere
 */
export function artifactPath(uri: string, path: string): string {
  const [, root] = /^mlflow-artifacts:(?:\/\/[^/]*)?\/([^?#]*)$/.exec(uri) ?? [];
  if (root === undefined)
    throw new MlflowError(
      "INVALID_PARAMETER_VALUE",
      `The files are at ${uri || "no place that is known"}, not on this server.`,
    );
  return path === "" ? root : `${root.replace(/\/$/, "")}/${path}`;
}
