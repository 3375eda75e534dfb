/**
 * Dates as numbers: days since 1970-01-01 00:00 UTC, with the time of day as a fraction.
 *
 * Source: ISO 8601, extended form, as RFC 3339 profiles it; a time without an offset is UTC.
 * @module
 */

const form = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$/i;

/** The day that the text writes; undefined if it is no date, or one that no calendar has. */
export function parseDate(text: string): number | undefined {
  const match = form.exec(text.trim());
  if (match === null) return undefined;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", offset = "Z"] = match;
  // Date.UTC takes the years 0 to 99 for 1900 and later.
  const date = new Date(0);
  const midnight = date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  // It carries what overflows: the 30th of February would be a day in March.
  const isDay = date.getUTCDate() === Number(day) && date.getUTCMonth() === Number(month) - 1;
  if (!isDay || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  if (Math.abs(offsetSeconds(offset)) > 18 * 3600) return undefined;
  const seconds =
    Number(hour) * 3600 + Number(minute) * 60 + Number(`${second}.${fraction || "0"}`) - offsetSeconds(offset);
  return midnight / 86_400_000 + seconds / 86_400;
}

function offsetSeconds(offset: string): number {
  if (offset.toUpperCase() === "Z") return 0;
  const digits = offset.replace(":", "");
  const seconds = Number(digits.slice(1, 3)) * 3600 + Number(digits.slice(3)) * 60;
  return digits.startsWith("-") ? -seconds : seconds;
}
