/**
 * `mintmark experiments`: what runs are grouped by.
 * @module
 */
import { type Experiment, ExperimentSchema } from "@mintmark/proto/mintmark/tracking/v1/experiment";
import type { Command } from "commander";
import { type Answer, date, fields, messageJson, time } from "../answer.ts";
import { findExperiment } from "../naming.ts";
import { pages } from "../pages.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { type TableColumn, table } from "../table.ts";
import { examples, group, integer } from "./options.ts";

export function addExperimentsCommands(program: Command, run: Run): void {
  const experiments = group(program, "experiments", "what runs are grouped by", "mintmark experiments list");

  const list = experiments.command("list").description("experiments, the latest first");
  list.option("--limit <n>", "at most this many", integer("--limit", 1, 100_000), 1000);
  list.action(({ limit }: { limit: number }) => run(list, (session) => listExperiments(session, limit)));
  examples(list, "mintmark experiments list");

  const show = experiments.command("show").description("one experiment");
  show.argument("<experiment>", "its name, or its id");
  show.action((which: string) => run(show, (session) => showExperiment(session, which)));
  examples(show, "mintmark experiments show titanic", "mintmark runs list --experiment titanic");
}

export async function listExperiments({ client }: Session, limit: number): Promise<Answer> {
  const experiments = await pages(limit, "experiments", (page) => client.experiments.searchExperiments(page));
  return {
    text: (view) => table(columns, experiments, view),
    json: experiments.map((experiment) => messageJson(ExperimentSchema, experiment)),
  };
}

const columns: readonly TableColumn<Experiment>[] = [
  { heading: "ID", cell: ({ id }) => id },
  { heading: "NAME", cell: ({ name }) => name },
  { heading: "CREATED", cell: ({ createTime }) => date(createTime) },
  { heading: "UPDATED", cell: ({ updateTime }) => date(updateTime) },
];

export async function showExperiment(session: Session, which: string): Promise<Answer> {
  const experiment = await findExperiment(session, which);
  const text = fields([
    ["name", experiment.name],
    ["id", experiment.id],
    ["files", experiment.artifactLocation],
    ["tags", experiment.tags],
    ["created", time(experiment.createTime)],
    ["updated", time(experiment.updateTime)],
  ]);
  return { text, json: messageJson(ExperimentSchema, experiment) };
}
