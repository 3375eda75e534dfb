/**
 * Names of aliases.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { problemOf } from "./model-name.ts";

declare const aliasName: unique symbol;

/** A checked alias name. */
export type AliasName = string & { readonly [aliasName]: true };

/** @throws AppError `NAME_INVALID` */
export function parseAliasName(name: string): AliasName {
  const problem = problemOf(name) ?? reserved(name);
  if (problem !== undefined) throw new AppError("NAME_INVALID", { what: "alias", name, problem });
  return name as AliasName;
}

/** What would read as something else in a URI. */
function reserved(name: string): string | undefined {
  if (name.includes("@")) return "must not contain '@'";
  if (name.toLowerCase() === "latest") return "is reserved: it is always the highest version";
  if (/^v?\d+$/i.test(name)) return "must not look like a version number";
  return undefined;
}
