import { costBattery, parser } from "@mintmark/testing/cost-battery";
import { jsonShapes, numbered, repeated, textShapes } from "@mintmark/testing/hostile-text";
import { csvDialect, delimiters, readRecord } from "./csv-text.ts";
import { parseDate } from "./date-text.ts";
import { repeatedName } from "./names.ts";
import { commaFormat, hasGroups, parseNumber } from "./number-text.ts";
import { repeatedKey } from "./repeated-key.ts";

const csvShapes = {
  ...textShapes,
  "many columns": numbered((index) => `c${index}`, ","),
  "many rows": repeated("1,2,3\n", "a,b,c\n"),
  "many delimiters": repeated(",;\t|"),
  "quoted cells": repeated('"a",', "", '"a"'),
  "quotes in quotes": repeated('""', 'a,b\n"', '",1'),
  "a quote that does not end": repeated("a,b\n", '"'),
  "blanks, then quotes": repeated('   "a"   ,', ""),
  "empty lines": repeated("\r\n", "a,b"),
  "lines in quotes": repeated("\n,", 'a,b\n"', '"'),
};

function readAll(text: string): void {
  const dialect = csvDialect(text, delimiters, true);
  if (dialect === null) return;
  for (let record = readRecord(text, dialect.end, dialect.delimiter, true); record !== null; )
    record = readRecord(text, record.end, dialect.delimiter, true);
}

costBattery("cells and CSV", {
  "CSV as text": parser({ run: readAll, shapes: csvShapes }),
  "number, decimal point": parser({
    run: (text: string) => parseNumber(text),
    shapes: { ...textShapes, groups: repeated("123,") },
  }),
  "number, decimal comma": parser({
    run: (text: string) => [parseNumber(text, commaFormat), hasGroups(text, commaFormat)],
    shapes: { ...textShapes, groups: repeated("123.") },
  }),
  date: parser({ run: parseDate, shapes: textShapes }),
  "repeated keys of JSON": parser({ run: repeatedKey, shapes: { ...textShapes, ...jsonShapes } }),
  "names of columns": parser({
    run: (text: string) => repeatedName(text.split("|")),
    shapes: { ...textShapes, "many names": numbered((index) => `name ${index}`, "|") },
  }),
});
