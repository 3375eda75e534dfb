/**
 * Prompts, which MLflow's clients keep as models with a tag that says so, and which searches of models leave out.
 * @module
 */
import { sql } from "kysely";
import type { Filter } from "./fields.ts";
import type { Condition } from "./vocabulary.ts";

const key = "mlflow.prompt.is_prompt";

/**
 * Without prompts, unless the first condition on their tag wants `true` or refuses `false`. Whatever else is said of the tag
 * comes to the same, for models do not have it, and a tag that is absent would satisfy no condition.
 */
export function withoutPrompts(conditions: readonly Condition[], tags: Filter): readonly Condition[] {
  const about = conditions.filter((condition) => condition.entity === "tags" && condition.key === key);
  if (about[0] !== undefined && wantsPrompts(about[0])) return conditions;
  const isPrompt = {
    ...tags,
    where: (comparison: Parameters<Filter["where"]>[0]) => sql`not ${tags.where(comparison)}`,
  };
  const others = conditions.filter((condition) => !about.includes(condition));
  return [...others, { filter: isPrompt, entity: "tags", key, comparator: "=", values: ["true"] }];
}

function wantsPrompts({ comparator, values }: Condition): boolean {
  const value = values[0]?.toLowerCase();
  return (comparator === "=" && value === "true") || (comparator === "!=" && value === "false");
}
