import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Cell, CsvError, csvDialect, delimiters, fitted, readRecord } from "./csv-text.ts";

const records = (text: string, delimiter = ",") => {
  const found: (readonly Cell[])[] = [];
  for (let record = readRecord(text, 0, delimiter, true); record !== null; ) {
    found.push(record.cells);
    record = readRecord(text, record.end, delimiter, true);
  }
  return found;
};

describe("readRecord", () => {
  it("ends lines with LF, CR LF and CR, and has no record for an empty one", () => {
    for (const line of ["\n", "\r\n", "\r"])
      expect(records(["a,b", "", "1,2", ""].join(line))).toEqual([
        ["a", "b"],
        ["1", "2"],
      ]);
  });

  it("leaves quotes, delimiters, line breaks and blanks within quotes alone, and blanks around them out", () => {
    expect(records('a, " x", "\ty"\t\n')).toEqual([["a", " x", "\ty"]]);
    expect(records('a, "x, ""y""\n" ,z"q\n')).toEqual([["a", 'x, "y"\n', 'z"q']]);
    expect(records('a\t "b"\t\tc', "\t")).toEqual([["a", "b", null, "c"]]);
  });

  it("tells a cell in which nothing is written from an empty text", () => {
    expect(records('a,,""\n ,x\n')).toEqual([
      ["a", null, ""],
      [null, "x"],
    ]);
  });

  it.each(['"x', 'a,"x\n', '"a"b\n'])("refuses quotes that do not end or that text follows: %j", (text) => {
    expect(() => records(text)).toThrow(CsvError);
  });

  it("waits for the rest of a text that comes in pieces, wherever it is cut", () => {
    const cell = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'ab ",\n\r;'.split("")), maxLength: 6 }),
      fc.constant(""),
    );
    const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        rows,
        fc.constantFrom("\n", "\r\n"),
        fc.infiniteStream(fc.integer({ min: 1, max: 7 })),
        (table, line, cuts) => {
          const text = table
            .map((row) => row.map((value) => `"${value.replaceAll('"', '""')}"`).join(",") + line)
            .join("");
          const found: (readonly Cell[])[] = [];
          let kept = "";
          for (let at = 0; at < text.length; ) {
            const cut = cuts.next().value as number;
            kept += text.slice(at, at + cut);
            at += cut;
            for (
              let record = readRecord(kept, 0, ",", at >= text.length);
              record !== null;
              record = readRecord(kept, 0, ",", at >= text.length)
            ) {
              found.push(record.cells);
              kept = kept.slice(record.end);
            }
          }
          expect(found).toEqual(table);
        },
      ),
    );
  });
});

describe("csvDialect", () => {
  it("takes the delimiter that gives most names, with its quotes, and nothing else", () => {
    expect(csvDialect('"a,b";"c"\n1;2,3,4,5\n', delimiters, true)).toEqual({
      delimiter: ";",
      names: ["a,b", "c"],
      end: 10,
    });
    expect(csvDialect('\uFEFF"a\nb"|c', delimiters, true)).toEqual({ delimiter: "|", names: ["a\nb", "c"], end: 8 });
    expect(csvDialect("one\n", delimiters, true)).toMatchObject({ delimiter: ",", names: ["one"] });
  });
  it("is null for a text without names, or that may go on within them", () => {
    expect(csvDialect("", delimiters, true)).toBeNull();
    expect(csvDialect("a,b", delimiters, false)).toBeNull();
    expect(csvDialect("a,b\r", delimiters, false)).toBeNull();
  });
});

it("takes a delimiter at the end of a row for none, and no other length", () => {
  expect(fitted(["1", null, null], ["a", "b"])).toEqual(["1", null]);
  expect(fitted(["1", "2", ""], ["a", "b"])).toBeNull();
  expect(fitted(["1"], ["a", "b"])).toBeNull();
});
