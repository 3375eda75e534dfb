/**
 * MLflow's names of the stages of a version.
 * @module
 */
import { Stage } from "@mintmark/proto/mintmark/registry/v1/version";

const stages: Readonly<Record<string, Stage>> = {
  None: Stage.NONE,
  Staging: Stage.STAGING,
  Production: Stage.PRODUCTION,
  Archived: Stage.ARCHIVED,
};

export const stageNames: readonly string[] = Object.keys(stages);

export function stageName(stage: Stage): string {
  return stageNames.find((name) => stages[name] === stage) ?? "None";
}

/** In any case; undefined if it is none of them. */
export function stageOfName(name: string): Stage | undefined {
  const known = stageNames.find((other) => other.toLowerCase() === name.toLowerCase());
  return known === undefined ? undefined : stages[known];
}
