/**
 * What the card says of a model's use and limits where its maker says nothing: only what is known.
 * @module
 */
import type { TrainingConfig } from "@mintmark/training-file";

/** What a fit was given. */
export interface FitFacts {
  readonly task: string;
  readonly features: readonly string[];
  readonly samples: number;
  readonly files: readonly string[];
}

export function intendedUse({ register, data }: TrainingConfig, { task, features }: FitFacts): string {
  if (register.intended_use !== "") return register.intended_use;
  const from = `from ${listed(features)}`;
  switch (task) {
    case "clustering":
      return `Assigns rows to clusters ${from}.`;
    case "anomaly":
      return `Scores how unusual rows are ${from}.`;
    default:
      return `Predicts ${data.target} (${task}) ${from}.`;
  }
}

export function limitations({ register }: TrainingConfig, { samples, files }: FitFacts): string {
  if (register.limitations !== "") return register.limitations;
  return `Learned from ${samples} rows of ${listed(files)} and from nothing else. How it does on data of another origin was not measured.`;
}

/** Names, as many as can be read. */
function listed(names: readonly string[], most = 8): string {
  const rest = names.length - most;
  return rest > 0 ? `${names.slice(0, most).join(", ")} and ${rest} more` : names.join(", ");
}
