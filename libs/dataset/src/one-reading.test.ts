import type { ColumnSchema, TableSchema } from "@mintmark/columns/column-schema";
import { readValues } from "@mintmark/columns/read-values";
import { spellingsOf } from "@mintmark/model-package/text-spellings";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ReadOptions } from "./read-options.ts";
import { readRows } from "./read-rows.ts";
import { write } from "./read-table.fixture.ts";
import { readTable } from "./read-table.ts";
import type { NumberTableColumn, TextTableColumn } from "./table.ts";

/** What training saw in each column, and what the model that carries the decision hears of the very file. */
async function bothReadings(name: string, content: string | Uint8Array, reading: ReadOptions["reading"] = {}) {
  const path = await write(name, content);
  const table = await readTable({ files: [path], reading });
  const usable = table.columns.filter((column) => column.type !== "unusable");
  const schema: TableSchema = {
    columns: usable.map(schemaOf),
    ...(reading.missing && { missing: reading.missing }),
    ...(reading.delimiter && { delimiter: reading.delimiter }),
    ...(reading.encoding && { encoding: reading.encoding }),
  };
  const asked = new Map<string, (string | number)[]>(usable.map((column) => [column.name, []]));
  for await (const batch of readRows([path], 7, schema))
    for (const column of readValues(schema, batch.columns)) asked.get(column.name)!.push(...column.values);
  const meaning = (column: NumberTableColumn | TextTableColumn, values: readonly (string | number)[]) => {
    if (column.type === "number") return values;
    // As the model's graph takes texts: by the category that a spelling means.
    const { indices } = spellingsOf({ categories: [...new Set(column.values)] }, schema);
    return values.map((value) => indices.get(String(value)) ?? `unknown: ${value}`);
  };
  return usable.map((column) => ({
    name: column.name,
    trained: meaning(column, [...column.values]),
    asked: meaning(column, asked.get(column.name)!),
  }));
}

function schemaOf(column: NumberTableColumn | TextTableColumn): ColumnSchema {
  if (column.type === "text") return { name: column.name, type: "text", optional: true };
  const { name, measure: type, format } = column;
  return { name, type, optional: true, ...(format !== undefined && { format }) };
}

async function expectOneReading(...args: Parameters<typeof bothReadings>): Promise<void> {
  for (const { name, trained, asked } of await bothReadings(...args)) expect([name, asked]).toEqual([name, trained]);
}

const odd = fc.string({ unit: fc.constantFrom(..."ab 1.,;'\t\"\n#é\u00a0".split("")), maxLength: 6 });
const cell = fc.oneof(
  odd,
  fc.constantFrom("", " ", "  ", "NA", "nan ", " x", "x ", "True", "1,5", "0.5", "-0", "NaT", "None"),
);

describe("the file that trained means to the model what it meant at training", () => {
  it("as CSV, whatever stands in its cells and however it is quoted", async () => {
    const rows = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 16 });
    await fc.assert(
      fc.asyncProperty(
        rows,
        fc.constantFrom(",", ";", "\t"),
        fc.boolean(),
        fc.boolean(),
        async (table, delimiter, quotes, ends) => {
          const written = (value: string) =>
            quotes || /["\n\r,;\t]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
          const lines = table.map((row) => row.map(written).join(delimiter) + (ends ? delimiter : ""));
          await expectOneReading("any.csv", `x${delimiter}y\n${lines.join("\n")}\n`);
        },
      ),
      { numRuns: 80 },
    );
  }, 180_000);

  it("as JSON and JSON lines, with keys that rows lack", async () => {
    const value = fc.oneof(
      cell,
      fc.integer(),
      fc.boolean(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constant(null),
    );
    const rows = fc.array(fc.record({ x: value, y: cell }, { requiredKeys: [] }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(rows, fc.boolean(), async (table, isList) => {
        const text = isList ? JSON.stringify(table) : `${table.map((row) => JSON.stringify(row)).join("\n")}\n`;
        await expectOneReading("any.json", text);
      }),
      { numRuns: 60 },
    );
  }, 180_000);

  it.each<[string, string | Uint8Array, ReadOptions["reading"]]>([
    ["latin.csv", Buffer.from("a;b\n\xfcber;1,5\nmehr;2\n", "latin1"), { encoding: "latin1", delimiter: ";" }],
    ["dates.csv", "d,y\n0044-03-15,1\n2024-01-02T06:00:00+02:00,2\nNA,3\n", { types: { d: "date" } }],
    ["said.csv", "a,b\n?,1\n-200,x\n-200.0,3\n", { missing: ["?", "-200"], types: { b: "text" } }],
    ["flags.csv", "a,b\nyes,1\nF,2\n,3\n", { types: { a: "boolean", b: "text" } }],
    ["sparse.jsonl", `${'{"a":1,"note":"x"}\n'.repeat(9)}${'{"a":2}\n'.repeat(30)}`, {}],
    ["mark.json", '\uFEFF[{"a":"1,5"},{"a":"2,25"}]', {}],
    ["d[2]/r*.csv", "a,b\n1,x\n2,y\n", {}],
  ])("as %s, by what its training file says", async (name, content, reading) => {
    await expectOneReading(name, content, reading);
  });
});

it("a name with the marks of a pattern is the file of that name, in every format", async () => {
  await write("d2/r.csv", "a\n7\n");
  await write("r1.json", '[{"a":7}]');
  for (const [name, content] of [
    ["d[2]/r.csv", "a\n1\n"],
    ["r[1].json", '[{"a":1}]'],
  ] as const) {
    const { columns } = await readTable({ files: [await write(name, content)] });
    expect(columns[0]).toMatchObject({ values: Float64Array.of(1) });
  }
});
