import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, it } from "vitest";
import { type RawOptions, readRows } from "./read-rows.ts";
import { failure, valuesOf, write } from "./read-table.fixture.ts";
import { readTable } from "./read-table.ts";

async function rowsOf(paths: readonly string[], most = 1_000, options: RawOptions = {}) {
  const batches = [];
  for await (const { columns, ...batch } of readRows(paths, most, options))
    batches.push({ ...batch, columns: Object.fromEntries(columns) });
  return batches;
}

it("gives the cells of CSV as they stand, in batches that know their place", async () => {
  const path = await write("ask.csv", '\uFEFFa, "b c"\r\n1,x\r\n\r\n,"NA"\r\n3, y');
  expect(await rowsOf([path], 2)).toEqual([
    { file: "ask.csv", before: 0, rows: 2, columns: { a: ["1", null], "b c": ["x", "NA"] } },
    { file: "ask.csv", before: 2, rows: 1, columns: { a: ["3"], "b c": ["y"] } },
  ]);
});

it("reads compressed files, other encodings and delimiters, JSON and JSON lines, one file after the other", async () => {
  const paths = [
    await write("1.csv.gz", gzipSync("a;b\n1;2\n")),
    await write("2.json", '{"a":1,"b":null}\n{"b":true}\n'),
  ];
  expect(await rowsOf(paths)).toEqual([
    { file: "1.csv.gz", before: 0, rows: 1, columns: { a: ["1"], b: ["2"] } },
    { file: "2.json", before: 0, rows: 2, columns: { a: [1, null], b: [null, true] } },
  ]);
  const latin = await write("latin.csv", Buffer.from("a^b\n\xfc^2\n", "latin1"));
  expect(await rowsOf([latin], 10, { delimiter: "^", encoding: "latin1" })).toMatchObject([{ columns: { a: ["ü"] } }]);
});

it("refuses what is no CSV, naming the row, and repeated names", async () => {
  const uneven = await write("uneven.csv", "a,b\n1,2\n3\n");
  expect((await failure(rowsOf([uneven]))).message).toBe(
    "uneven.csv: row 2: 1 value for 2 columns, as ',' separates them; data.delimiter names another mark",
  );
  expect((await failure(rowsOf([await write("open.csv", 'a\n"x')]))).message).toContain("a quote does not end");
  expect((await failure(rowsOf([await write("twice.csv", "a,A\n1,2")]))).reason).toBe("COLUMN_REPEATED");
});

it("reads a long row as fast as many short ones, and refuses one that is longer than training takes", async () => {
  const path = await write("long.csv", `a,b\n1,"${"x".repeat(30_000_000)}"\n2,y\n`);
  const start = performance.now();
  expect((await rowsOf([path])).map(({ rows }) => rows)).toEqual([2]);
  // To look at all of it again with each piece took 20 s.
  expect(performance.now() - start).toBeLessThan(4_000);
  const endless = await write("endless.csv", `a,b\n1,"${"x".repeat(96_000_000)}"\n`);
  expect((await failure(rowsOf([endless]))).message).toMatch(/^endless.csv: row 1: longer than 33554432 characters/);
});

it("finds the same cells as the reader of training data, whatever stands in them", async () => {
  const cell = fc.oneof(
    fc.string({ unit: fc.constantFrom(..."ab1 .,;\"'\n\r\t#|é\\".split("")), maxLength: 8 }),
    fc.constantFrom("", "NA", " x", "x ", '"', '""', "\n", "a,b"),
  );
  const table = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.boolean(),
      fc.boolean(),
      fc.constantFrom(["\n"], ["\r\n"], ["\n", ",\n"], ["\r\n", "\n", "\n\n"], ["\n", ",\r\n", "\r"]),
      fc.constantFrom(",", ";"),
      async (rows, always, isBroken, endings, delimiter) => {
        // A name with a line break makes the reader of training data copy the file.
        const names = [isBroken ? "x\nx" : "x", "y", "z"];
        const written = (value: string) =>
          always || /[",;\n\r]/.test(value) || value.trim() === "" ? `"${value.replaceAll('"', '""')}"` : value;
        const ending = (at: number) => endings[at % endings.length]!.replace(",", delimiter);
        const text = [names, ...rows].map((row, at) => row.map(written).join(delimiter) + ending(at)).join("");
        const path = await write("any.csv", text);
        const reading = { types: { y: "text" }, missing: [] } as const;
        const trained = await readTable({ files: [path], reading: { ...reading, missing: [] } });
        const asked = (await rowsOf([path])).flatMap(({ columns }) => columns["y"] as (string | null)[]);
        // One blank means no value.
        const kept = asked.map((value) => (value === " " ? "" : (value ?? "")));
        expect(kept).toEqual(valuesOf(trained, "y"));
      },
    ),
    { numRuns: 60 },
  );
}, 120_000);
