/**
 * `mintmark versions`: the numbered entries of a model.
 * @module
 */
import { pickleWarning } from "@mintmark/crypto/pickled-files";
import { AppError } from "@mintmark/errors";
import { Stage, type Version, VersionStatus } from "@mintmark/proto/mintmark/registry/v1/version";
import type { RegistryClient } from "@mintmark/registry-client/connect";
import type { Command } from "commander";
import { type Answer, date, fields, time } from "../answer.ts";
import { type MainMetric, mainMetric } from "../main-metric.ts";
import { versionNumber, versionUri } from "../naming.ts";
import { pages } from "../pages.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { digest, state, type TableColumn, table } from "../table.ts";
import { examples, group, integer, keyValue, versionArgument } from "./options.ts";

export function addVersionsCommands(program: Command, run: Run): void {
  const versions = group(program, "versions", "versions of a model", "mintmark versions list titanic");

  const list = versions.command("list").description("all versions, the latest first").argument("<name>", "the model");
  list.option("--limit <n>", "at most this many", integer("--limit", 1, 100_000), 1000);
  list.option("--tag <key=value>", "only with this tag; may be repeated", keyValue("--tag"), {});
  list.action((name: string, options: ListVersions) => run(list, (session) => listVersions(session, name, options)));

  examples(list, "mintmark versions list titanic", "mintmark versions list titanic --tag team=growth");

  const show = versions.command("show").description("one version, by any form of URI");
  show.argument("<uri>", "NAME@ALIAS, NAME/3, NAME/1.4.0, NAME/Production, NAME, m-ID …");
  show.action((uri: string) => run(show, (session) => showVersion(session, uri)));
  examples(show, "mintmark versions show titanic@champion");

  const remove = versions
    .command("delete")
    .description("delete a version, whose number is never given again; asks before");
  remove.argument("<name>", "the model").argument("<version>", versionArgument);
  remove.option("--yes", "do not ask", false);
  remove.action((name: string, version: string, { yes }: { yes: boolean }) =>
    run(remove, (session) => deleteVersion(session, name, version, yes)),
  );
  examples(remove, "mintmark versions delete titanic 3", "mintmark versions delete titanic 3 --yes");

  const archive = versions.command("archive").description("archive a version: aliases may no longer be moved to it");
  archive.argument("<name>", "the model").argument("<version>", versionArgument);
  archive.option("--restore", "take it back out of the archive", false);
  archive.action((name: string, version: string, { restore }: { restore: boolean }) =>
    run(archive, (session) => archiveVersion(session, name, version, restore)),
  );
  examples(archive, "mintmark versions archive titanic 2", "mintmark versions archive titanic 2 --restore");
}

interface ListVersions {
  readonly limit: number;
  readonly tag: Readonly<Record<string, string>>;
}

export async function listVersions({ client }: Session, model: string, { limit, tag }: ListVersions): Promise<Answer> {
  const versions = await pages(limit, "versions", (page) =>
    client.versions.listVersions({ model, tags: tag, ...page }),
  );
  const metrics = await mainMetrics(client, versions);
  return {
    text: (view) =>
      table(
        versionColumns,
        versions.map((version) => ({ version, metric: metrics.get(version.runId) })),
        view,
      ),
    json: versions.map((version) => ({ ...versionJson(version), metric: metrics.get(version.runId) ?? null })),
  };
}

interface ListedVersion {
  readonly version: Version;
  readonly metric: MainMetric | undefined;
}

const versionColumns: readonly TableColumn<ListedVersion>[] = [
  { heading: "VERSION", cell: ({ version }) => version.number },
  { heading: "SEMVER", cell: ({ version }) => version.semver },
  { heading: "DIGEST", cell: ({ version }) => digest(version.digest) },
  { heading: "ALIASES", cell: ({ version }) => version.aliases.join(" ") },
  {
    heading: "STAGE",
    cell: ({ version }) => (version.stage === Stage.NONE ? undefined : stageNames[version.stage]),
    optional: true,
  },
  {
    heading: "STATUS",
    cell: ({ version }) => (version.status === VersionStatus.ARCHIVED ? state("archived", "aside") : undefined),
    optional: true,
  },
  { heading: "METRIC", cell: ({ metric }) => metric?.name, optional: true },
  { heading: "VALUE", cell: ({ metric }) => metric?.value, optional: true },
  { heading: "CREATED", cell: ({ version }) => date(version.createTime) },
];

/** Of the runs that made the versions, by run. */
async function mainMetrics(
  client: RegistryClient,
  versions: readonly Version[],
): Promise<ReadonlyMap<string, MainMetric | undefined>> {
  const ids = [...new Set(versions.map(({ runId }) => runId).filter((id) => id !== ""))];
  const found = new Map<string, MainMetric | undefined>();
  for (let from = 0; from < ids.length; from += runsAQuestion) {
    const asked = ids.slice(from, from + runsAQuestion);
    const runs = await pages(asked.length, "runs", (page) => client.runs.listRuns({ ids: asked, ...page }));
    for (const { id, metrics } of runs) found.set(id, mainMetric(metrics));
  }
  return found;
}

const runsAQuestion = 500;

export async function showVersion({ client }: Session, uri: string): Promise<Answer> {
  const { version } = await client.versions.getVersion({ uri });
  return versionAnswer(version!);
}

/** @throws AppError ALIAS_IN_USE, CONFIRMATION_NEEDED, NOT_CONFIRMED */
export async function deleteVersion(session: Session, model: string, which: string, yes: boolean): Promise<Answer> {
  const { client } = session;
  const { version } = await client.versions.getVersion({ uri: versionUri(model, which) });
  const { number, semver, aliases } = version!;
  // The registry refuses the same; here, nobody is asked about what will be refused.
  if (aliases.length > 0) throw new AppError("ALIAS_IN_USE", { model, version: number, aliases });
  if (!yes) await session.confirm(`delete ${model}/${number} (${semver})`);
  await client.versions.deleteVersion({ model, number });
  return { text: `deleted ${model}/${number}`, json: { model, version: number, deleted: true } };
}

export async function archiveVersion(
  session: Session,
  model: string,
  which: string,
  restore: boolean,
): Promise<Answer> {
  const number = await versionNumber(session, model, which);
  const { version } = await session.client.versions.archiveVersion({ model, number, restore });
  return versionAnswer(version!);
}

/** A version as `versions list` gives it; `versions show` adds to this. */
export function versionJson(version: Version) {
  return {
    model: version.model,
    version: version.number,
    semver: version.semver,
    // Where the bytes are elsewhere there is none.
    digest: version.digest === "" ? null : version.digest,
    aliases: version.aliases,
    stage: stageNames[version.stage] ?? "None",
    run: version.runId,
    created_at: time(version.createTime),
    status: version.status === VersionStatus.ARCHIVED ? "archived" : "ready",
  };
}

/** MLflow's words. */
const stageNames: Readonly<Record<number, string>> = {
  [Stage.NONE]: "None",
  [Stage.STAGING]: "Staging",
  [Stage.PRODUCTION]: "Production",
  [Stage.ARCHIVED]: "Archived",
};

/** One version in full. */
export function versionAnswer(version: Version): Answer {
  const json = {
    ...versionJson(version),
    model_id: version.modelId,
    model_type: version.modelType,
    description: version.description,
    tags: version.tags,
    size_bytes: Number(version.sizeBytes),
    created_by: version.createdBy,
    signed_by: version.signedBy,
    source: version.source,
    download_uri: version.downloadUri,
    logged_model: version.loggedModelId,
    pickled_files: version.pickledFiles,
  };
  const { pickled_files, ...shown } = json;
  const warning = pickleWarning(pickled_files);
  const lines = warning === undefined ? [] : [["warning", warning] as const];
  return { text: fields([...Object.entries(shown), ...lines]), json };
}
