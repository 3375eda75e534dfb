/**
 * RPC face of versions: messages in, messages out.
 * @module
 */
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { parseAliasName } from "@mintmark/names/alias-name";
import { parseModelName } from "@mintmark/names/model-name";
import { isRunId } from "@mintmark/names/run-id";
import { Stage } from "@mintmark/proto/mintmark/registry/v1/version";
import type {
  CreateVersionRequest,
  RegisterVersionRequest,
  VersionService,
} from "@mintmark/proto/mintmark/registry/v1/version_service";
import { currentCaller } from "../caller.ts";
import { announce } from "../events/announce.ts";
import { invalid, maxVersionNumber, requireCount, requireTags, requireText } from "../fields.ts";
import { pageSize } from "../paging.ts";
import { resolveUri } from "../resolve/resolve-uri.ts";
import type { ServiceDeps } from "../service-deps.ts";
import { checkedDocuments, checkedFiles, foreignDocuments, makersDocuments } from "./check-artifact.ts";
import { type CreateVersion, createVersion } from "./create-version.ts";
import { type AboutVersion, deleteVersionTag, setDescription, setVersionTag } from "./describe-version.ts";
import { findVersion, versionMessage } from "./find-version.ts";
import { listVersions } from "./list-versions.ts";
import { type Bump, parseSemver, type Semver } from "./next-semver.ts";
import { readContent } from "./read-content.ts";
import { type RegisterVersion, registerVersion } from "./register-version.ts";
import { retireVersion } from "./retire-version.ts";
import { searchVersions } from "./search-versions.ts";
import { requireArchivable, setStage, storedStage } from "./set-stage.ts";
import { requireFacts } from "./version-card.ts";

const maxDescription = 100_000;
const maxAliases = 100;
const maxUri = 2_000;

export function versionService(
  deps: Pick<ServiceDeps, "db" | "blobs" | "keys" | "trials">,
): ServiceImpl<typeof VersionService> {
  const { db } = deps;
  const read = async ({ name, number }: AboutVersion) => ({
    version: versionMessage(await findVersion(db, name, number)),
  });
  const about = ({ model, number }: { model: string; number: number }, context: HandlerContext): AboutVersion => ({
    name: parseModelName(model),
    number,
    actor: currentCaller(context).name,
  });

  return {
    async registerVersion(message, context) {
      const { version, event } = await registerVersion(deps, readRegistration(message, context));
      await announce(context, db, event);
      return { version: versionMessage(version), created: event !== undefined };
    },
    async createVersion(message, context) {
      const { version, event } = await createVersion(deps, readCreation(message, context));
      await announce(context, db, event);
      return { version: versionMessage(version) };
    },
    async getVersion({ uri }) {
      const { version } = await resolveUri(db, uri);
      return { version: versionMessage(version) };
    },
    async listVersions({ model, pageSize: size, pageToken, stage, tags }) {
      const { page, next } = await listVersions(db, {
        name: parseModelName(model),
        size: pageSize(size),
        token: pageToken,
        stage: stage === Stage.UNSPECIFIED ? undefined : storedStage(stage),
        tags: requireTags(tags),
      });
      return { versions: page.map(versionMessage), nextPageToken: next };
    },
    async searchVersions(request) {
      const { versions, next } = await searchVersions(db, request);
      return { versions: versions.map(versionMessage), nextPageToken: next };
    },
    async getVersionContent({ uri }) {
      const { version } = await resolveUri(db, uri);
      const { files, documents } = await readContent(db, version.version_pk);
      return {
        version: versionMessage(version),
        files: files.map((file) => ({ ...file, size: BigInt(file.size) })),
        documents: documents.map(({ name, content }) => ({ name, content })),
      };
    },
    async updateVersion(message, context) {
      const what = about(message, context);
      const event = await setDescription(db, what, requireText("description", message.description, maxDescription));
      const answer = await read(what);
      await announce(context, db, event);
      return answer;
    },
    async setStage(message, context) {
      const what = about(message, context);
      const { archiveExisting } = message;
      if (archiveExisting) requireArchivable(message.stage);
      await announce(context, db, await setStage(db, { ...what, stage: storedStage(message.stage), archiveExisting }));
      return read(what);
    },
    async setVersionTag(message, context) {
      const what = about(message, context);
      requireTags({ [message.key]: message.value });
      const event = await setVersionTag(db, what, message.key, message.value);
      if (event === undefined) await findVersion(db, what.name, what.number);
      await announce(context, db, event);
      return {};
    },
    async deleteVersionTag(message, context) {
      const what = about(message, context);
      const event = await deleteVersionTag(db, what, requireText("key", message.key, 250));
      if (event === undefined) await findVersion(db, what.name, what.number);
      await announce(context, db, event);
      return {};
    },
    async archiveVersion(message, context) {
      const what = about(message, context);
      await announce(context, db, await retireVersion(db, what, message.restore ? "restore" : "archive"));
      return read(what);
    },
    async deleteVersion(message, context) {
      const how = message.removeAliases ? "delete with aliases" : "delete";
      await announce(context, db, await retireVersion(db, about(message, context), how));
      return {};
    },
  };
}

function readCreation(message: CreateVersionRequest, context: HandlerContext): CreateVersion {
  if (message.source === "") throw invalid("source", "is missing");
  return {
    name: parseModelName(message.model),
    source: requireText("source", message.source, maxUri),
    run: requireText("run_id", message.runId, 256),
    loggedModel: message.loggedModelId,
    runLink: requireText("run_link", message.runLink, maxUri),
    description: requireText("description", message.description, maxDescription),
    tags: requireTags(message.tags),
    number: readNumber(message.number),
    semver: readSemver(message.semver),
    documents: checkedDocuments(message.documents, foreignDocuments),
    requestId: readRequestId(message.requestId),
    actor: currentCaller(context).name,
  };
}

function readRequestId(id: string): string | undefined {
  if (id === "") return undefined;
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id))
    throw invalid("request_id", `must be a UUID, got '${id}'`);
  return id;
}

function readRegistration(message: RegisterVersionRequest, context: HandlerContext): RegisterVersion {
  requireCount("aliases", message.aliases.length, maxAliases);
  requireFacts(message.facts);
  return {
    name: parseModelName(message.model),
    files: checkedFiles(message.files),
    documents: checkedDocuments(message.documents, makersDocuments),
    run: readRun(message.runId),
    attempt: readAttempt(message.attemptToken),
    number: readNumber(message.number),
    semver: readSemver(message.semver),
    bump: readBump(message.bump),
    description: requireText("description", message.description, maxDescription),
    tags: requireTags(message.tags),
    aliases: message.aliases.map(parseAliasName),
    facts: message.facts,
    inputs: message.inputs,
    actor: currentCaller(context).name,
  };
}

function readRun(run: string): string | undefined {
  if (run === "") return undefined;
  if (!isRunId(run)) throw invalid("run_id", `must be 32 hex digits, got '${run}'`);
  return run;
}

/** One that is no UUID is nobody's; the check of the run says so. */
function readAttempt(token: string): string | undefined {
  return token === "" ? undefined : token.toLowerCase();
}

function readNumber(number: number): number | undefined {
  if (number === 0) return undefined;
  if (number <= maxVersionNumber) return number;
  throw invalid("number", `must be at most ${maxVersionNumber}, got ${number}`);
}

function readSemver(text: string): Semver | undefined {
  if (text === "") return undefined;
  const semver = parseSemver(text);
  if (semver === undefined) throw invalid("semver", `must be three whole numbers such as 1.4.0, got '${text}'`);
  return semver;
}

function readBump(bump: string): Bump {
  if (bump === "") return "auto";
  if (bump === "major" || bump === "minor" || bump === "patch" || bump === "auto") return bump;
  throw invalid("bump", `must be major, minor, patch or auto, got '${bump}'`);
}
