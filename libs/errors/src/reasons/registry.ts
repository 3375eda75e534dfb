import { define } from "../define.ts";

/** Failures of models, versions, aliases, lineage and resolving, and of the database under them. */
export const registryReasons = {
  DATABASE_UNAVAILABLE: define(
    "unavailable",
    (_: Record<string, never>) => "the registry's database cannot be reached at the moment; try again",
  ),
  MIGRATION_CHANGED: define(
    "failed_precondition",
    (d: { name: string }) =>
      `migration ${d.name} was applied to this database with other content; use the release that applied it, or 'mintmark backup' there and 'mintmark restore' here`,
  ),
  SCHEMA_NEWER: define(
    "failed_precondition",
    (d: { found: number; known: number }) =>
      `the database has schema ${d.found}, this release knows ${d.known}; use the newer release, or 'mintmark backup' there and 'mintmark restore' here`,
  ),
} as const;
