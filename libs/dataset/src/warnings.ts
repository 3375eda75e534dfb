/**
 * What is odd about data that can be trained on all the same: columns that nothing can be learned from, and values that
 * are not what they look like.
 * @module
 */

import { parseDate } from "@mintmark/columns/date-text";
import { commaFormat, parseNumber } from "@mintmark/columns/number-text";
import type { NumberTableColumn, TextTableColumn } from "./table.ts";
import { rowsWhere } from "./target.ts";
import type { TrainingData } from "./training-data.ts";

/** One sentence each, the columns in their order. */
export function warningsOf({
  task,
  features,
  target,
  classes,
}: Pick<TrainingData, "task" | "features" | "target" | "classes">): string[] {
  // Sentences are all different, and are not taken as categories.
  const columns = task === "text" ? [] : features;
  return [...columns.flatMap(warningsOfFeature), ...rareClasses(target, classes)];
}

function warningsOfFeature(column: NumberTableColumn | TextTableColumn): string[] {
  return column.type === "text" ? textWarnings(column) : numberWarnings(column);
}

/** Fewer rows than this say little about what is a rule. */
const fewRows = 10;

function textWarnings({ name, values }: TextTableColumn): string[] {
  const distinct = new Set(values);
  if (distinct.size === 1) return [constant(name, values[0] === "" ? "no value" : `'${values[0]}'`)];
  const missing = distinct.has("") ? rowsWhere(values, (value) => value === "").count : 0;
  const isIdentifier =
    values.length >= fewRows &&
    distinct.size - (missing > 0 ? 1 : 0) === values.length - missing &&
    missing < values.length / 2;
  const present = [...distinct].filter((value) => value !== "");
  // Plain numbers are text because someone said so.
  const isSaid = present.every(
    (value) => parseNumber(value) !== undefined || parseNumber(value, commaFormat) !== undefined,
  );
  const form = isSaid ? undefined : forms.find(({ isOf }) => present.every(isOf));
  return [
    ...(form === undefined
      ? []
      : [
          `column '${name}' ${form.holds}, such as '${present[0]}', and was taken as text, a category each; ${form.way(name)}`,
        ]),
    ...(isIdentifier && form === undefined ? [identifier(name, "every value is another text")] : []),
  ];
}

/** What texts may be meant as that are text to us, and how to say so. */
const forms: readonly {
  readonly isOf: (text: string) => boolean;
  readonly holds: string;
  readonly way: (name: string) => string;
}[] = [
  {
    isOf: (text) => parseDate(text) !== undefined,
    holds: "holds dates",
    way: (name) => `data.types: { ${name}: date } makes it days since 1970`,
  },
  {
    isOf: (text) => /^\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?:[ T].*)?$/.test(text),
    holds: "seems to hold dates",
    way: (name) => `strptime("${name}", '%d.%m.%Y') in data.query reads such dates`,
  },
  {
    isOf: (text) => /^[($€£¥]*\s*[+-]?\d[\d.,' ]*\s*[%€$£¥)]*$/.test(text),
    holds: "seems to hold numbers with signs beside them",
    way: (name) => `replace("${name}", '%', '')::DOUBLE in data.query makes numbers of such texts`,
  },
];

function numberWarnings({ name, values, measure }: NumberTableColumn): string[] {
  const inexact =
    measure === "integer" ? rowsWhere(values, (value) => Math.abs(value) > Number.MAX_SAFE_INTEGER) : null;
  if (inexact !== null && inexact.count > 0)
    return [
      `column '${name}' has integers beyond 2^53, the first in row ${inexact.first}: they were rounded; where they are codes, say data.types: { ${name}: text }`,
    ];
  const first = values[0];
  if (values.every((value) => Object.is(value, first)))
    return [constant(name, Number.isNaN(first) ? "no value" : String(first))];
  const counts =
    measure === "integer" &&
    values.length >= fewRows &&
    values.every((value, row) => row === 0 || value === values[row - 1]! + 1);
  return counts ? [identifier(name, "its values count the rows")] : [];
}

function rareClasses(target: TrainingData["target"], classes: TrainingData["classes"]): string[] {
  if (target?.kind !== "classes" || classes === null) return [];
  const counts = new Array<number>(classes.length).fill(0);
  for (const label of target.labels) counts[label]!++;
  const rare = classes.map(String).filter((_, label) => counts[label] === 1);
  if (rare.length === 0) return [];
  const listed = rare.slice(0, 5).map((value) => `'${value}'`);
  const more = rare.length > listed.length ? ` and ${rare.length - listed.length} more` : "";
  const [noun, verb] = rare.length === 1 ? ["class", "has"] : ["classes", "have"];
  return [
    `${noun} ${listed.join(", ")}${more} of the target ${verb} one row only: nothing can be measured of ${rare.length === 1 ? "it" : "them"}`,
  ];
}

function constant(name: string, value: string): string {
  return `column '${name}' has ${value} in every row: nothing can be learned from it`;
}

function identifier(name: string, why: string): string {
  return `column '${name}' looks like an identifier (${why}): what is learned from it does not hold for other rows; leave it out with data.drop: [${name}]`;
}
