/**
 * Where clients put files: below the location that was given for the experiment, else on this server.
 * @module
 */

/** @param location as given at creation; empty for this server */
export function artifactLocation(experimentPk: number, location: string): string {
  return location === "" ? `mlflow-artifacts:/${experimentPk}` : location;
}

/** Where the files of a run go; `runId` as it is shown. */
export function runArtifactUri(experimentPk: number, location: string, runId: string): string {
  return `${artifactLocation(experimentPk, location).replace(/\/+$/, "")}/${runId}/artifacts`;
}
