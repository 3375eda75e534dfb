/**
 * Names of aliases.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { aliasProblem } from "@mintmark/training-file";

declare const aliasName: unique symbol;

/** A checked alias name. */
export type AliasName = string & { readonly [aliasName]: true };

/** @throws AppError `NAME_INVALID` */
export function parseAliasName(name: string): AliasName {
  const problem = aliasProblem(name);
  if (problem !== undefined) throw new AppError("NAME_INVALID", { what: "alias", name, problem });
  return name as AliasName;
}
