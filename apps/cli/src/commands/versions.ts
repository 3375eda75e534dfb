/**
 * `mintmark versions`: the numbered entries of a model.
 * @module
 */
import { maxInt4 } from "@mintmark/names/int4";
import { Stage, type Version, VersionStatus } from "@mintmark/proto/mintmark/registry/v1/version";
import type { Command } from "commander";
import { type Answer, table, time } from "../answer.ts";
import { pages } from "../pages.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { group, integer, keyValue } from "./options.ts";

export function addVersionsCommands(program: Command, run: Run): void {
  const versions = group(program, "versions", "versions of a model");
  const version = integer("VERSION", 1, maxInt4);

  const list = versions.command("list").description("all versions, the latest first").argument("<name>");
  list.option("--limit <n>", "at most this many", integer("--limit", 1, 100_000), 1000);
  list.option("--tag <key=value>", "only with this tag; may be repeated", keyValue("--tag"), {});
  list.action((name: string, options: ListVersions) => run(list, (session) => listVersions(session, name, options)));

  const show = versions.command("show").description("one version, by any form of URI").argument("<uri>");
  show.action((uri: string) => run(show, (session) => showVersion(session, uri)));

  const remove = versions.command("delete").description("delete a version; its number is never given again");
  remove.argument("<name>").argument("<version>", "the number", version);
  remove.action((name: string, number: number) => run(remove, (session) => deleteVersion(session, name, number)));

  const archive = versions.command("archive").description("archive a version: aliases may no longer be moved to it");
  archive.argument("<name>").argument("<version>", "the number", version);
  archive.option("--restore", "take it back out of the archive", false);
  archive.action((name: string, number: number, { restore }: { restore: boolean }) =>
    run(archive, (session) => archiveVersion(session, name, number, restore)),
  );
}

interface ListVersions {
  readonly limit: number;
  readonly tag: Readonly<Record<string, string>>;
}

export async function listVersions({ client }: Session, model: string, { limit, tag }: ListVersions): Promise<Answer> {
  const versions = await pages(limit, "versions", (page) =>
    client.versions.listVersions({ model, tags: tag, ...page }),
  );
  const rows = versions
    .map(versionJson)
    .map((version) => [
      String(version.version),
      version.semver,
      version.digest ?? "-",
      version.aliases.join(" "),
      version.stage,
      version.status,
      version.created_at,
    ]);
  return {
    text: table(["VERSION", "SEMVER", "DIGEST", "ALIASES", "STAGE", "STATUS", "CREATED"], rows),
    json: versions.map(versionJson),
  };
}

export async function showVersion({ client }: Session, uri: string): Promise<Answer> {
  const { version } = await client.versions.getVersion({ uri });
  return versionAnswer(version!);
}

export async function deleteVersion({ client }: Session, model: string, number: number): Promise<Answer> {
  await client.versions.deleteVersion({ model, number });
  return { text: `deleted ${model}/${number}`, json: { model, version: number, deleted: true } };
}

export async function archiveVersion(
  { client }: Session,
  model: string,
  number: number,
  restore: boolean,
): Promise<Answer> {
  const { version } = await client.versions.archiveVersion({ model, number, restore });
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
  };
  const lines = Object.entries(json).map(([key, value]) => `${key.padEnd(12)} ${shown(value)}`.trimEnd());
  return { text: lines.join("\n"), json };
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.join(" ");
  if (value === null) return "-";
  if (typeof value !== "object") return String(value);
  return Object.entries(value)
    .map(([key, text]) => `${key}=${text}`)
    .join(" ");
}
