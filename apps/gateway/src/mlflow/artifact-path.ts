/**
 * Where this server keeps the files of an artifact URI: `mlflow-artifacts:/P` is the folder P.
 * @module
 */
import { pathOfArtifactUri } from "@mintmark/registry-client";
import { MlflowError } from "./mlflow-error.ts";

/**
 * @param path below the URI; may be empty
 * @throws MlflowError INVALID_PARAMETER_VALUE if the files are elsewhere
 */
export function artifactPath(uri: string, path: string): string {
  // Whoever names this server by an address asks it for the files.
  const root = pathOfArtifactUri(uri.replace(/^mlflow-artifacts:\/\/[^/]+(?=\/)/, "mlflow-artifacts:"));
  if (root === undefined)
    throw new MlflowError(
      "INVALID_PARAMETER_VALUE",
      `The files are at ${uri || "no place that is known"}, not on this server.`,
    );
  return path === "" ? root : `${root}/${path}`;
}
