/**
 * What an experiment may be called.
 * @module
 */
import { AppError } from "@mintmark/errors";

const maxName = 500;

/** @throws AppError EXPERIMENT_NAME_INVALID */
export function requireExperimentName(name: string): string {
  const valid = name.trim() !== "" && name.length <= maxName && name.isWellFormed() && !/\p{Cc}/u.test(name);
  if (!valid) throw new AppError("EXPERIMENT_NAME_INVALID", { name });
  return name;
}
