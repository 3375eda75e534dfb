/**
 * Checks of what callers pass in: the parameter's name, what was expected, what came.
 * @module
 */
import { ArgumentError } from "./argument-error.ts";

/** @throws ArgumentError unless `value` is an integer in min..max. */
export function requireInteger(name: string, value: number, min: number, max = Infinity): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  const range = max === Infinity ? `>= ${min}` : `in ${min}..${max}`;
  throw new ArgumentError(`"${name}" expected an integer ${range}, got ${value}`);
}

/** @throws ArgumentError unless `value` is a finite number in [min, max]. */
export function requireNumber(name: string, value: number, min: number, max = Infinity): void {
  if (Number.isFinite(value) && value >= min && value <= max) return;
  const range = max === Infinity ? `>= ${min}` : `in [${min}, ${max}]`;
  throw new ArgumentError(`"${name}" expected a number ${range}, got ${value}`);
}

/** @throws ArgumentError unless `value` is a finite number above 0. */
export function requirePositive(name: string, value: number): void {
  if (!(Number.isFinite(value) && value > 0)) throw new ArgumentError(`"${name}" expected a number > 0, got ${value}`);
}

/** @throws ArgumentError unless `value` is one of `choices`. */
export function requireOneOf<T>(name: string, value: T, choices: readonly T[]): void {
  if (choices.includes(value)) return;
  throw new ArgumentError(`"${name}" expected one of ${choices.join(", ")}, got ${value}`);
}
