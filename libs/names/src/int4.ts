/**
 * The whole numbers of the registry's database: version numbers, parts of semantic versions, ids of experiments.
 * @module
 */

/** The greatest; a number beyond it names nothing, and no statement should fail over it. */
export const maxInt4 = 2 ** 31 - 1;

/** Whether a version could have the number: 1 to `maxInt4`. */
export function isVersionNumber(number: number): boolean {
  return Number.isSafeInteger(number) && number >= 1 && number <= maxInt4;
}
