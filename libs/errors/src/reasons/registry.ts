import { define } from "../define.ts";

/** Failures of models, versions, aliases, lineage and resolving, and of the database under them. */
export const registryReasons = {
  // names
  NAME_INVALID: define(
    "invalid_argument",
    (d: { what: "model" | "alias"; name: string; problem: string }) => `${d.what} name '${d.name}' ${d.problem}`,
  ),
  URI_INVALID: define("invalid_argument", (d: { uri: string; problem: string }) => `'${d.uri}' ${d.problem}`),
  NAME_TAKEN: define(
    "already_exists",
    (d: { name: string }) => `model '${d.name}' exists already; use it, or choose another name`,
  ),

  // what is not there
  MODEL_ALIASED: define(
    "failed_precondition",
    (d: { model: string; aliases: readonly string[] }) =>
      `versions of '${d.model}' are in use by ${d.aliases.map((alias) => `@${alias}`).join(", ")}; remove ${d.aliases.length === 1 ? "that alias" : "those aliases"} first, or say --force`,
  ),
  MODEL_NOT_FOUND: define("not_found", (d: { model: string }) => `there is no model '${d.model}'`),
  VERSION_NOT_FOUND: define(
    "not_found",
    (d: { model: string; version: string }) => `model '${d.model}' has no version ${d.version}`,
  ),
  ALIAS_NOT_FOUND: define(
    "not_found",
    (d: { model: string; alias: string }) => `model '${d.model}' has no alias '${d.alias}'`,
  ),
  NOTHING_RESOLVED: define("not_found", (d: { uri: string }) => `'${d.uri}' names no version`),
  LINEAGE_NOT_FOUND: define("not_found", (d: { uri: string }) => `nothing is known of where '${d.uri}' comes from`),
  TOKEN_NOT_FOUND: define(
    "not_found",
    (d: { id: string; wayOut?: string }) =>
      `there is no token '${d.id}'${d.wayOut === undefined ? "" : `; ${d.wayOut}`}`,
  ),

  // aliases
  ALIAS_MOVED: define(
    "aborted",
    (d: { alias: string; expected: string; actual: string }) =>
      `alias '${d.alias}' is at ${d.actual}, expected ${d.expected}; read it again and retry`,
  ),
  ALIAS_IN_USE: define(
    "failed_precondition",
    (d: { model: string; version: number; aliases: readonly string[] }) =>
      `version ${d.version} of '${d.model}' is pointed at by ${d.aliases.map((alias) => `'${alias}'`).join(", ")}; move or remove that first`,
  ),
  VERSION_ARCHIVED: define(
    "failed_precondition",
    (d: { model: string; version: number }) =>
      `version ${d.version} of '${d.model}' is archived; take it back out of the archive first`,
  ),

  // registering
  RUN_UNKNOWN: define("not_found", (d: { run: string }) => `there is no run '${d.run}'`),
  REGISTRATION_STALE: define(
    "aborted",
    (d: { run: string }) =>
      `this attempt is no longer that of run ${d.run}: another worker has it; whatever this one made is not registered`,
  ),
  PROVENANCE_MISSING: define(
    "failed_precondition",
    (d: { run: string; document: string }) =>
      `run ${d.run} is a job, whose version says by a signed ${d.document} what it was made from; none was sent`,
  ),
  RUN_REGISTERED_OTHER: define(
    "failed_precondition",
    (d: { run: string; model: string; version: number; digest: string }) =>
      `run ${d.run} has registered version ${d.version} of '${d.model}' (${d.digest}), and registers no other files and no other model`,
  ),
  BLOBS_MISSING: define(
    "failed_precondition",
    (d: { count: number; path: string }) =>
      `the bytes of ${d.count} files are not here, the first is '${d.path}'; upload them before registering`,
  ),
  MANIFEST_MISMATCH: define(
    "failed_precondition",
    (d: { path: string; what: string; stated: string; stored: string }) =>
      `'${d.path}' has ${d.what} ${d.stored}, the manifest says ${d.stated}`,
  ),
  SIGNATURE_REFUSED: define(
    "failed_precondition",
    (d: { check: string; detail: string }) => `the registry does not accept this version: ${d.check}: ${d.detail}`,
  ),
  SOURCE_INVALID: define(
    "invalid_argument",
    (d: { source: string; problem: string }) => `a version cannot be made from '${d.source}': it ${d.problem}`,
  ),
  VERSION_NOT_VERIFIABLE: define(
    "failed_precondition",
    (d: { model: string; version: number; source: string }) =>
      `version ${d.version} of '${d.model}' has no digest: its files are not kept here (source '${d.source}'), so nothing about them can be verified`,
  ),
  SEMVER_TAKEN: define(
    "already_exists",
    (d: { model: string; semver: string }) =>
      `'${d.model}' has a version ${d.semver} already; leave it out or use a higher one`,
  ),
  VERSION_NUMBER_TAKEN: define(
    "already_exists",
    (d: { model: string; version: number; next: number }) =>
      `version ${d.version} of '${d.model}' was given already; the next is ${d.next}`,
  ),
  VERSION_NUMBERS_USED_UP: define(
    "failed_precondition",
    (d: { model: string; last: number }) =>
      `no number follows version ${d.last} of '${d.model}'; create another model for what comes next`,
  ),

  // webhooks
  WEBHOOK_NOT_FOUND: define("not_found", (d: { id: string }) => `there is no webhook '${d.id}'`),
  WEBHOOK_URL_REFUSED: define(
    "invalid_argument",
    (d: { url: string; problem: string }) =>
      `webhooks are sent by https to public addresses, and '${d.url}' ${d.problem}; the operator can allow a host with MINTMARK_WEBHOOK_ALLOW`,
  ),
  WEBHOOK_EVENT_INVALID: define(
    "invalid_argument",
    (d: { entity: string; action: string; actions: readonly string[] }) =>
      d.actions.length === 0
        ? `webhooks are told of no entity '${d.entity}'`
        : `the action '${d.action}' does not exist for the entity '${d.entity}'; it has ${d.actions.map((a) => `'${a}'`).join(" and ")}`,
  ),
  WEBHOOK_SECRET_UNKEPT: define(
    "failed_precondition",
    (d: { problem: string }) =>
      `the registry cannot keep a secret (${d.problem}): its key directory has to be one that it can write to (MINTMARK_KEY_DIR)`,
  ),

  // start-up and the database
  DATABASE_UNAVAILABLE: define(
    "unavailable",
    (_: Record<string, never>) => "the registry's database cannot be reached at the moment; try again",
  ),
  STATEMENT_TIMEOUT: define(
    "failed_precondition",
    (d: { seconds: number }) =>
      `the registry's database took longer than ${d.seconds} s over this and gave it up; ask for less at once, or narrow the filter`,
  ),
  DATABASE_UNREACHABLE: define(
    "unavailable",
    (d: { url: string; cause: string }) => `the database ${d.url} cannot be used: ${d.cause} (DATABASE_URL)`,
  ),
  MIGRATION_CHANGED: define(
    "failed_precondition",
    (d: { name: string }) =>
      `migration ${d.name} was applied to this database with other content; use the release that applied it, or 'mintmark backup' there and 'mintmark restore' here`,
  ),
  POSTGRES_TOO_OLD: define(
    "failed_precondition",
    (d: { found: string; needed: number }) =>
      `the database is PostgreSQL ${d.found}; Mintmark needs PostgreSQL ${d.needed} or later`,
  ),
  DATABASE_NOT_UTF8: define(
    "failed_precondition",
    (d: { database: string; encoding: string }) =>
      `database '${d.database}' has the encoding ${d.encoding}, and Mintmark needs UTF8; create one with: create database NAME template template0 encoding 'UTF8'`,
  ),
  SCHEMA_NEWER: define(
    "failed_precondition",
    (d: { found: number; known: number }) =>
      `the database has schema ${d.found}, this release knows ${d.known}; use the newer release, or 'mintmark backup' there and 'mintmark restore' here`,
  ),
} as const;
