/**
 * `mintmark runs`: what MLflow's clients and the worker logged.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { type Run as LoggedRun, RunSchema, RunStatus } from "@mintmark/proto/mintmark/tracking/v1/run";
import { Argument, type Command, Option } from "commander";
import { type Answer, date, fields, messageJson, metricLines, stepPrefix, time } from "../answer.ts";
import { mainMetric } from "../main-metric.ts";
import { findExperiment, runId } from "../naming.ts";
import { pages } from "../pages.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { type Cell, digest, state, type TableColumn, table } from "../table.ts";
import { type Style, styled } from "../view.ts";
import { examples, group, integer } from "./options.ts";

export function addRunsCommands(program: Command, run: Run): void {
  const runs = group(
    program,
    "runs",
    "what MLflow's clients and the worker logged",
    "mintmark runs list --experiment titanic",
  );

  const list = runs.command("list").description("runs, the latest first");
  list.option("--experiment <experiment>", "only runs of this one: its name, or its id");
  list.addOption(new Option("--status <status>", "only in this state").choices(Object.keys(statuses)));
  list.option("--limit <n>", "at most this many", integer("--limit", 1, 100_000), 100);
  list.action((options: ListRuns) => run(list, (session) => listRuns(session, options)));
  examples(list, "mintmark runs list --experiment titanic");

  const show = runs.command("show").description("one run: parameters, metrics, tags, data");
  show.argument("<run>", "its id, or the beginning of it");
  show.action((id: string) => run(show, (session) => showRun(session, id)));
  examples(show, "mintmark runs show 0af1c2");

  const compare = runs.command("compare").description("metrics and parameters of several runs, side by side");
  compare.addArgument(new Argument("<runs...>", "two or more ids, or the beginnings of them"));
  compare.option("--all", "also what is the same in all of them", false);
  compare.action((ids: readonly string[], options: { all: boolean }) =>
    run(compare, (session) => compareRuns(session, ids, options.all)),
  );
  examples(compare, "mintmark runs compare 0af1c2 77ab03");
}

const statuses: Readonly<Record<string, RunStatus>> = {
  scheduled: RunStatus.SCHEDULED,
  running: RunStatus.RUNNING,
  finished: RunStatus.FINISHED,
  failed: RunStatus.FAILED,
  killed: RunStatus.KILLED,
};

interface ListRuns {
  readonly experiment?: string;
  readonly status?: string;
  readonly limit: number;
}

export async function listRuns(session: Session, { experiment: which, status, limit }: ListRuns): Promise<Answer> {
  const { client } = session;
  const experiment = which === undefined ? "" : (await findExperiment(session, which)).name;
  const filter = { experiment, ...(status === undefined ? {} : { status: statuses[status]! }) };
  const runs = await pages(limit, "runs", (page) => client.runs.listRuns({ ...filter, ...page }));
  return {
    text: (view) => table(runColumns, runs, view),
    json: runs.map(runJson),
  };
}

export async function showRun(session: Session, text: string): Promise<Answer> {
  const { run } = await session.client.runs.getRun({ id: await runId(session, text) });
  const about = run!;
  return {
    text: (view) => {
      const block = (heading: string, entries: Readonly<Record<string, string>>) => {
        const pairs = Object.entries(entries).sort();
        const lines = fields(pairs).replaceAll(/^/gm, "  ");
        return pairs.length === 0 ? [] : [styled(heading, "heading", view), lines];
      };
      const head = fields([
        ["run", about.id],
        ["name", about.name],
        ["experiment", about.experiment],
        ["status", statusName(about)],
        ["user", about.user],
        ["versions", about.outputs],
        ["data", about.inputs.map(({ name, blake3, digest }) => `${name} ${blake3 || digest}`).join(", ")],
        ["started", time(about.startTime)],
        ["ended", time(about.endTime)],
      ]);
      return [
        head,
        ...metricLines(about.metrics, view),
        ...block("parameters", about.params),
        ...block("tags", about.tags),
      ].join("\n");
    },
    json: runJson(about),
  };
}

/** @throws AppError OPTION_INVALID for fewer than two different runs */
export async function compareRuns(session: Session, texts: readonly string[], all: boolean): Promise<Answer> {
  const ids = await Promise.all(texts.map((text) => runId(session, text)));
  if (ids.length < 2 || new Set(ids).size < ids.length)
    throw new AppError("OPTION_INVALID", {
      option: "runs compare",
      expected: "two or more different runs",
      value: texts.join(" "),
    });
  const runs = await Promise.all(ids.map(async (id) => (await session.client.runs.getRun({ id })).run!));
  const metrics = sideBySide(runs.map((run) => run.metrics));
  const params = sideBySide(runs.map((run) => run.params));
  const block = (heading: string, entries: readonly ComparedRow[]): ComparedRow[] => {
    const shown = entries.filter(([, values]) => all || new Set(values.map(String)).size > 1);
    const indented = shown.map(([name, values]): ComparedRow => [{ ...textCell(String(name)), indent: 2 }, values]);
    return shown.length === 0 ? [] : [[{ ...textCell(heading), style: "heading" }, []], ...indented];
  };
  const [steps, judged] = [true, false].map((step) =>
    Object.entries(metrics).filter(([name]) => name.startsWith(stepPrefix) === step),
  );
  return {
    text: (view) => {
      const rows: ComparedRow[] = [
        ["name", runs.map(({ name }) => name)],
        ["experiment", runs.map(({ experiment }) => experiment)],
        ...block("metrics", judged!),
        ...block(
          "steps",
          steps!.map(([name, values]) => [name.slice(stepPrefix.length), values]),
        ),
        ...block("parameters", Object.entries(params)),
      ];
      const columns: TableColumn<ComparedRow>[] = [
        { heading: "", cell: ([name]) => name },
        ...runs.map(({ id }, at) => ({
          heading: view.wide ? id : id.slice(0, 12),
          cell: ([, values]: ComparedRow) => values[at] ?? undefined,
        })),
      ];
      return table(columns, rows, view);
    },
    json: { runs: ids, metrics, params },
  };
}

/** What is compared, and what each run has for it. */
type ComparedRow = readonly [name: Cell, values: readonly (Cell | null)[]];

function textCell(text: string) {
  return { short: text, full: text };
}

/** Of each key, what each of them has for it; null where one has nothing. */
function sideBySide<Value>(each: readonly Readonly<Record<string, Value>>[]): Record<string, (Value | null)[]> {
  const keys = [...new Set(each.flatMap((one) => Object.keys(one)))].sort();
  return Object.fromEntries(keys.map((key) => [key, each.map((one) => one[key] ?? null)]));
}

const runColumns: readonly TableColumn<LoggedRun>[] = [
  { heading: "ID", cell: ({ id }) => digest(id) },
  { heading: "NAME", cell: ({ name }) => name },
  { heading: "EXPERIMENT", cell: ({ experiment }) => experiment },
  { heading: "STATUS", cell: (run) => state(statusName(run), styles[statusName(run)]) },
  { heading: "METRIC", cell: ({ metrics }) => mainMetric(metrics)?.name, optional: true },
  { heading: "VALUE", cell: ({ metrics }) => mainMetric(metrics)?.value, optional: true },
  { heading: "STARTED", cell: ({ startTime, createTime }) => date(startTime ?? createTime) },
];

/** As in the native API, but for the status, which is called as `--status` and `jobs` call it. */
function runJson(run: LoggedRun) {
  return { ...(messageJson(RunSchema, run) as object), status: statusName(run) };
}

function statusName({ status }: LoggedRun): string {
  return Object.keys(statuses).find((name) => statuses[name] === status) ?? "unknown";
}

const styles: Readonly<Record<string, Style>> = {
  scheduled: "aside",
  running: "uncertain",
  finished: "good",
  failed: "bad",
  killed: "aside",
};
