/**
 * What an experiment may be called.
 * @module
 */
import { AppError } from "@mintmark/errors";

const maxName = 500;

/** @throws AppError EXPERIMENT_NAME_INVALID */
export function requireExperimentName(name: string): string {
  if (!isExperimentName(name)) throw new AppError("EXPERIMENT_NAME_INVALID", { name });
  return name;
}

/** Whether an experiment could have it. */
export function isExperimentName(name: string): boolean {
  return name.trim() !== "" && name.length <= maxName && name.isWellFormed() && !/\p{Cc}/u.test(name);
}
