/**
 * The identity of an experiment: a whole number in decimal outside, an int4 in the database.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { maxInt4 } from "@mintmark/names/int4";

/**
 * As the database takes it. Text that can be no experiment's id is treated like the id of none.
 * @throws AppError EXPERIMENT_NOT_FOUND
 */
export function parseExperimentId(text: string): number {
  const number = tryParseExperimentId(text);
  if (number === undefined) throw new AppError("EXPERIMENT_NOT_FOUND", { experiment: text });
  return number;
}

/** `undefined` for text that can be no experiment's id. */
export function tryParseExperimentId(text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const number = Number(text);
  return number <= maxInt4 ? number : undefined;
}

/** Of those that can be ids, each once. */
export function experimentPks(ids: readonly string[]): readonly number[] {
  return [...new Set(ids.map(tryParseExperimentId))].filter((pk) => pk !== undefined);
}
