import { describe, expect, it } from "vitest";
import { digest, number, state, type TableColumn, table } from "./table.ts";
import type { View } from "./view.ts";

interface Row {
  readonly name: string;
  readonly value?: number;
  readonly note?: string;
}

const columns: readonly TableColumn<Row>[] = [
  { heading: "NAME", cell: ({ name }) => name },
  { heading: "VALUE", cell: ({ value }) => value },
  { heading: "NOTE", cell: ({ note }) => note, optional: true },
];
const plainView: View = { width: undefined, wide: true, colour: false };
const narrow = (width: number) => ({ width, wide: false, colour: false });

describe("a table", () => {
  it("stands in columns, with numbers by their points", () => {
    const rows = [
      { name: "a", value: 0.79321 },
      { name: "long", value: 12 },
      { name: "b", value: 1234.5678 },
      { name: "c" },
    ];
    expect(table(columns, rows, narrow(80)).split("\n")).toEqual([
      "NAME      VALUE",
      "a        0.7932",
      "long    12",
      "b     1235",
      "c",
    ]);
  });

  it("leaves out what nobody has, unless everything is asked for", () => {
    expect(table(columns, [{ name: "a", value: 1 }], narrow(80))).not.toContain("NOTE");
    expect(table(columns, [{ name: "a", value: 1 }], plainView)).toContain("NOTE");
  });

  it("is as wide as the terminal, the longest cells first", () => {
    const rows = [{ name: "n".repeat(30), value: 1, note: "x".repeat(200) }];
    for (const width of [40, 60, 80]) {
      const lines = table(columns, rows, narrow(width)).split("\n");
      expect(Math.max(...lines.map((line) => line.length))).toBe(width);
      expect(lines[1]).toContain("…");
    }
    expect(table(columns, rows, { width: undefined, wide: false, colour: false })).toContain("x".repeat(200));
  });

  it("cuts headings as well, and no number", () => {
    const many: TableColumn<Row>[] = Array.from({ length: 7 }, (_, at) => ({
      heading: `probability_of_class_${at}`,
      cell: () => (at % 2 === 0 ? 12345678.9 : "w".repeat(30)),
    }));
    const [heading, line] = table(many, [{ name: "" }], narrow(80)).split("\n") as [string, string];
    expect([heading.length <= 80, line.length <= 80]).toEqual([true, true]);
    expect(line.match(/12350000/g)).toHaveLength(4);
  });

  it("says that there is nothing", () => {
    expect(table(columns, [], narrow(80))).toBe("NAME  VALUE\nnone");
  });

  it("cuts texts so that those that differ still do", () => {
    const names = (...all: string[]) =>
      table(
        columns.slice(0, 1),
        all.map((name) => ({ name })),
        narrow(12),
      )
        .split("\n")
        .slice(1);
    expect(names("a word that is long", "another one that is")).toEqual(["a word that…", "another one…"]);
    expect(names("probability_fonts", "probability_games")).toEqual(["probab…fonts", "probab…games"]);
    const middle = (letter: string) => `the_same_beginning_${letter}_and_the_same_end`;
    expect(names(middle("a"), middle("b"))).toEqual(["…a_and_the_…", "…b_and_the_…"]);
    expect(names(middle("a"), middle("b"), "somewhat longer")).toEqual([
      "…a_and_the_…",
      "…b_and_the_…",
      "somewhat lo…",
    ]);
    // What is the same stays so, and what fits is left as it is.
    expect(names("x", "one and the same", "one and the same")).toEqual(["x", "one and the…", "one and the…"]);
  });

  it("cuts headings so that they can be told apart", () => {
    const classes = ["fonts", "games", "graphics", "gnome", "net", "sound"];
    const wide = classes.map((name): TableColumn<Row> => ({ heading: `probability_${name}`, cell: () => 0.12345 }));
    const [heading = ""] = table(wide, [{ name: "" }], narrow(80)).split("\n");
    expect(heading.length).toBeLessThanOrEqual(80);
    expect(new Set(heading.split(/ +/)).size).toBe(classes.length);
  });

  it("shows rows as blocks where the columns are too many", () => {
    const many: TableColumn<Row>[] = Array.from({ length: 20 }, (_, at) => ({
      heading: `class_${at}`,
      cell: ({ value }) => value,
    }));
    const lines = table(
      many,
      [
        { name: "", value: 0.12345 },
        { name: "", value: 2 },
      ],
      narrow(80),
    ).split("\n");
    expect(lines.slice(0, 2)).toEqual(["class_0   0.1235", "class_1   0.1235"]);
    expect(lines).toHaveLength(41);
    expect(lines[20]).toBe("");
    expect(lines.at(-1)).toBe("class_19  2");
  });

  it("lets nothing that it shows move the cursor or begin a line", () => {
    const text = table(columns, [{ name: "a\u001b[2Jb\nc\u2028d" }], plainView);
    expect(text.split("\n")).toHaveLength(2);
    expect(text).not.toContain("\u001b");
  });

  it("shortens digests and times, but not with --wide", () => {
    const hex = "0123456789abcdef".repeat(4);
    const own: readonly TableColumn<null>[] = [
      { heading: "DIGEST", cell: () => digest(`blake3:${hex}`) },
      { heading: "TIME", cell: () => new Date("2026-12-01T14:59:13.475Z") },
    ];
    expect(table(own, [null], narrow(80)).split("\n")[1]).toBe("0123456789ab  2026-12-01 14:59");
    expect(table(own, [null], plainView).split("\n")[1]).toBe(`blake3:${hex}  2026-12-01T14:59:13.475Z`);
  });

  it("has colours only where the view has", () => {
    const own: readonly TableColumn<null>[] = [{ heading: "STATUS", cell: () => state("failed", "bad") }];
    expect(table(own, [null], { ...plainView, colour: true })).toBe(
      "\u001b[1mSTATUS\u001b[22m\n\u001b[31mfailed\u001b[39m",
    );
    expect(table(own, [null], plainView)).toBe("STATUS\nfailed");
  });

  it("takes 300,000 rows", () => {
    const rows = Array.from({ length: 300_000 }, (_, row) => ({ name: String(row), value: row / 7 }));
    expect(table(columns, rows, narrow(80)).split("\n")).toHaveLength(300_001);
  });
});

it.each([
  [0.79321, "0.7932"],
  [0.5, "0.5"],
  [123456.789, "123500"],
  [12345, "12345"],
  [1e-9, "1e-9"],
  [1.23456e-7, "1.235e-7"],
  [Number.NaN, "NaN"],
  [0, "0"],
])("the number %d is shown as %s", (value, text) => expect(number(value, false)).toBe(text));
