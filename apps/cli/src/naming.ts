/**
 * How a person names a version or a run on the command line, and what the native API calls it.
 * @module
 */
import { AppError } from "@mintmark/errors";
import type { Experiment } from "@mintmark/proto/mintmark/tracking/v1/experiment";
import type { Session } from "./session.ts";

/** A URI of the version that `version` names: a number, a semantic version, `latest`, or an alias with or without `@`. */
export function versionUri(model: string, version: string): string {
  return /^(\d+(\.\d+\.\d+)?|latest)$/i.test(version) ? `${model}/${version}` : `${model}@${aliasName(version)}`;
}

/** The number of that version. */
export async function versionNumber({ client }: Session, model: string, version: string): Promise<number> {
  if (/^\d{1,9}$/.test(version)) return Number(version);
  return (await client.versions.getVersion({ uri: versionUri(model, version) })).version!.number;
}

/** What an alias is called, also where somebody writes it as in a URI. */
export function aliasName(text: string): string {
  return text.replace(/^@/, "");
}

/**
 * By name first, as a name may look like an id.
 * @throws ConnectError where neither is there
 */
export async function findExperiment({ client }: Session, which: string): Promise<Experiment> {
  const answer = await client.experiments
    .getExperiment({ by: { case: "name", value: which } })
    .catch((error: unknown) => {
      if (!/^\d+$/.test(which)) throw error;
      return client.experiments.getExperiment({ by: { case: "id", value: which } });
    });
  return answer.experiment!;
}

/**
 * The id of the run of which `text` is the beginning; a text that is the beginning of none is given back, for the server
 * to say so.
 * @throws AppError RUN_AMBIGUOUS
 */
export async function runId({ client }: Session, text: string): Promise<string> {
  if (!/^[0-9a-f]{1,31}$/.test(text)) return text;
  const { runs } = await client.runs.listRuns({ idPrefix: text, pageSize: 3 });
  if (runs.length > 1) throw new AppError("RUN_AMBIGUOUS", { prefix: text, runs: runs.map(({ id }) => id) });
  return runs[0]?.id ?? text;
}
