/**
 * Finds or makes the experiments that runs are copied into; a name that is here already is the same experiment.
 * @module
 */
import type { Experiment } from "@mintmark/proto/mintmark/tracking/v1/experiment";
import { orAbsent } from "../or-absent.ts";
import { attempt, type Import, lacking, type SelectedExperiment, sourceTag, tagsOf } from "./import.ts";
import type { SourceExperiment } from "./records.ts";

/** The id here of each experiment at the source. */
export type Homes = ReadonlyMap<string, string>;

export async function importExperiments(context: Import, selected: readonly SelectedExperiment[]): Promise<Homes> {
  const homes = new Map<string, string>();
  for (const { experiment } of selected) {
    const what = `experiment '${experiment.name}'`;
    const id = await attempt(context, what, () => importExperiment(context, experiment));
    if (id === undefined) context.report.count("experiments", "failed");
    else homes.set(experiment.experiment_id, id);
  }
  return homes;
}

/** Deleted once everything is in them: what is deleted takes no writes. */
export async function deleteExperiments(
  context: Import,
  selected: readonly SelectedExperiment[],
  homes: Homes,
): Promise<void> {
  for (const { experiment } of selected) {
    const id = homes.get(experiment.experiment_id);
    if (experiment.lifecycle_stage !== "deleted" || id === undefined) continue;
    const { experiment: here } = await context.client.experiments.getExperiment({ by: { case: "id", value: id } });
    if (here?.deleted === false) await context.client.experiments.deleteExperiment({ id });
  }
}

async function importExperiment({ client, report, source }: Import, experiment: SourceExperiment): Promise<string> {
  const { name } = experiment;
  const tags = tagsOf(experiment.tags);
  const found = await orAbsent(client.experiments.getExperiment({ by: { case: "name", value: name } }));
  if (found?.experiment === undefined) {
    const made = await client.experiments.createExperiment({ name, tags: { ...tags, [sourceTag]: source.url } });
    report.count("experiments", "copied");
    return made.experiment!.id;
  }
  const { id, deleted } = found.experiment;
  if (deleted) await client.experiments.restoreExperiment({ id });
  for (const [key, value] of Object.entries(newTags(found.experiment, tags, source.url)))
    await client.experiments.setExperimentTag({ id, key, value });
  report.count("experiments", "present");
  return id;
}

/** What somebody else has said of the experiment here stays. */
function newTags({ tags: there }: Experiment, tags: Record<string, string>, url: string): Record<string, string> {
  const wanted = lacking(tags, there);
  if (there[sourceTag] === url) return wanted;
  return Object.fromEntries(Object.entries(wanted).filter(([key]) => there[key] === undefined));
}
