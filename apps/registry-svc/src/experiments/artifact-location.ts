/**
 * Where clients put files: below the location that was given for the experiment, else on this server.
 * @module
 */
import { type RawBuilder, sql } from "kysely";

/** @param location as given at creation; empty for this server */
export function artifactLocation(experimentPk: number, location: string): string {
  return location === "" ? `mlflow-artifacts:/${experimentPk}` : location;
}

/** Where the files of a run go; `runId` as it is shown. */
export function runArtifactUri(experimentPk: number, location: string, runId: string): string {
  return `${root(experimentPk, location)}/${runId}/artifacts`;
}

/** The same of a run's id, in SQL, over a row `e` of the experiment. */
export function runArtifactUriSql(runId: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`rtrim(coalesce(nullif(e.artifact_location, ''), 'mlflow-artifacts:/' || e.experiment_pk), '/')
    || '/' || ${runId} || '/artifacts'`;
}

/** Where the files of a logged model go; `id` as it is shown. */
export function loggedModelArtifactUri(experimentPk: number, location: string, id: string): string {
  return `${root(experimentPk, location)}/models/${id}/artifacts`;
}

/** Where clients put what belongs to a trace. */
export function traceArtifactUri(experimentPk: number, location: string, id: string): string {
  return `${root(experimentPk, location)}/traces/${id}/artifacts`;
}

/** The run or logged model whose files these are, as 32 hex digits: `…/<run>/artifacts/…`, `…/models/m-<id>/artifacts/…`. */
export function artifactOwner(path: string): { readonly run: string | null; readonly loggedModel: string | null } {
  const [, isModel, id] = /(?:^|\/)(models\/m-)?([0-9a-f]{32})\/artifacts\//.exec(path) ?? [];
  if (id === undefined) return { run: null, loggedModel: null };
  return isModel === undefined ? { run: id, loggedModel: null } : { run: null, loggedModel: id };
}

function root(experimentPk: number, location: string): string {
  return artifactLocation(experimentPk, location).replace(/\/+$/, "");
}
