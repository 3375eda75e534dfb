/**
 * Names of aliases: those of MLflow and Unity Catalog, without what would read as a version.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { partProblem } from "./name-part.ts";

declare const aliasName: unique symbol;

/** The name of an alias, new or of before. */
export type AliasName = string & { readonly [aliasName]: true };

/**
 * Of an alias that is to point at a version.
 * @throws AppError `NAME_INVALID`
 */
export function parseAliasName(name: string): AliasName {
  return checked(name, aliasProblem(name));
}

/**
 * Of an alias that is asked for or removed. Earlier releases took almost every name that a model can have; such an alias goes on
 * resolving, and is found here.
 * @throws AppError `NAME_INVALID` if no alias ever had the name
 */
export function parseKnownAliasName(name: string): AliasName {
  return checked(name, partProblem(name) ?? (name.includes("@") ? "must not contain '@'" : reservedProblem(name)));
}

/** What is wrong with the name for an alias, in words; undefined if nothing is. */
export function aliasProblem(name: string): string | undefined {
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(name)) return "must be 1 to 255 letters (A-Z, a-z), digits, '_' and '-'";
  return reservedProblem(name);
}

function reservedProblem(name: string): string | undefined {
  if (name.toLowerCase() === "latest") return "is reserved: it is always the highest version";
  if (/^v?\d+$/i.test(name)) return "must not look like a version number";
  return undefined;
}

function checked(name: string, problem: string | undefined): AliasName {
  if (problem !== undefined) throw new AppError("NAME_INVALID", { what: "alias", name, problem });
  return name as AliasName;
}
