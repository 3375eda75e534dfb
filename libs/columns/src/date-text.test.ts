import { expect, it } from "vitest";
import { parseDate } from "./date-text.ts";

it.each([
  ["1970-01-01", 0],
  ["1970-01-02", 1],
  ["1969-12-31", -1],
  ["2000-02-29T12:00", 11016.5],
  ["1970-01-01 06:00:00.5", 0.25 + 0.5 / 86_400],
  ["1970-01-01T01:00:00+01:00", 0],
  ["1970-01-01T00:00:00-0600", 0.25],
  ["1970-01-01T00:00:00Z", 0],
  ["0044-03-15", -703383],
])("reads %j as days since 1970", (text, days) => expect(parseDate(text)).toBe(days));

it.each([
  "",
  "2026-02-30",
  "2026-13-01",
  "26-01-01",
  "01/02/2026",
  "2026-01-01T25:00",
  "2026-01-01x",
  "2026-01-01T00:00+99:99",
])("takes %j for no date", (text) => expect(parseDate(text)).toBeUndefined());
