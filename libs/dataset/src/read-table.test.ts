import { gzipSync } from "node:zlib";
import { parseNumber, pointFormat } from "@mintmark/columns/number-text";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Reading } from "./read-options.ts";
import { failure, read, valuesOf, write } from "./read-table.fixture.ts";
import { readTable } from "./read-table.ts";
import { findColumn, type Table, typeOf } from "./table.ts";

const typesOf = (table: Table) => Object.fromEntries(table.columns.map((column) => [column.name, typeOf(column)]));

describe("what a column is", () => {
  it("follows from every row: integers and reals are numbers, wherever the first real stands", async () => {
    const table = await read("late.csv", `n,i,t\n${"1,1,a\n".repeat(30_000)}0.5,2,b\n`);
    expect(table.rows).toBe(30_001);
    expect(typesOf(table)).toEqual({ n: "number", i: "integer", t: "text" });
    expect(valuesOf(table, "n").at(-1)).toBe(0.5);
  });

  it("follows from every file, of two and of two hundred", async () => {
    const names = Array.from({ length: 200 }, (_, index) => `m${String(index).padStart(3, "0")}.csv`);
    const files = await Promise.all(
      names.map((name, index) => write(name, `amount,y\n${index === 199 ? "0.25" : "1"},${index}\n`)),
    );
    const table = await readTable({ files });
    expect(typesOf(table)).toEqual({ amount: "number", y: "integer" });
    expect(valuesOf(table, "amount").at(-1)).toBe(0.25);
  });

  it("is the same in a file of many columns, each by itself", async () => {
    const cells = [1, 2].map((row) =>
      Array.from({ length: 600 }, (_, at) => [`${at * row}`, `"${at},00${row}"`, `w${at}_${row}`][at % 3]!),
    );
    const names = cells[0]!.map((_, at) => `c${at}`);
    const table = await read("wide.csv", [names, ...cells].map((row) => `${row.join(",")}\n`).join(""));
    expect(table.columns.map(({ name }) => name)).toEqual(names);
    for (const at of [0, 255, 256, 257, 511, 512, 513, 597, 598, 599])
      expect(valuesOf(table, `c${at}`)).toEqual(
        [1, 2].map((row) => [at * row, at * 1000 + row, `w${at}_${row}`][at % 3]),
      );
  });

  it("is found in seconds in a file of 20,000 columns", async () => {
    const line = (cell: (column: number) => string) =>
      `${Array.from({ length: 20_000 }, (_, at) => cell(at)).join(",")}\n`;
    const rows = Array.from({ length: 30 }, (_, row) => line((at) => (at % 5 === 4 ? `w${row}` : `${row * at}`)));
    const path = await write("widest.csv", line((at) => `c${at}`) + rows.join(""));
    const start = performance.now();
    const table = await readTable({ files: [path] });
    // Each search for a column among all, and each of DuckDB's plans, made it 70 s.
    expect(performance.now() - start).toBeLessThan(15_000);
    expect(valuesOf(table, "c19999").slice(0, 2)).toEqual(["w0", "w1"]);
    expect(valuesOf(table, "c19998").slice(0, 2)).toEqual([0, 19_998]);
  });

  it("stays words for words, however much they look like booleans or dates", async () => {
    const table = await read("words.csv", "a,b,c,d\nyes,t,True,2026-01-01\nno,f,False,2026-01-02\n");
    expect(typesOf(table)).toEqual({ a: "text", b: "text", c: "text", d: "text" });
    expect(valuesOf(table, "c")).toEqual(["True", "False"]);
    expect(table.notes).toEqual([]);
  });

  it("is a number for numbers with signs, blanks, exponents and groups, in text as the whole column keeps to it", async () => {
    const table = await read("written.csv", 'a,b,c\n+30,"3,000", 1 \n-.5,"12,345.5",1e2\n2.,7,007\n');
    expect(typesOf(table)).toEqual({ a: "number", b: "number", c: "integer" });
    expect([valuesOf(table, "a"), valuesOf(table, "b"), valuesOf(table, "c")]).toEqual([
      [30, -0.5, 2],
      [3000, 12345.5, 7],
      [1, 100, 7],
    ]);
    expect(table.notes).toEqual([expect.stringContaining("'007' in row 3 of written.csv begins with 0")]);
    const guess = await read("guess.csv", 'a\n1\n"3,000"\n');
    expect(guess.notes).toEqual([expect.stringContaining("'3,000' in row 2 of guess.csv was read as 3000")]);
  });

  it("is a number with decimal commas where that is the only way to read all of the column, or is said", async () => {
    const table = await read("comma.csv", "a;b\n2,6;1.234,5\n13,25;2\n");
    expect([valuesOf(table, "a"), valuesOf(table, "b")]).toEqual([
      [2.6, 13.25],
      [1234.5, 2],
    ]);
    expect(findColumn(table, "a")).toMatchObject({ format: { decimal: ",", thousands: "." } });
    const said = await read("said.csv", "a;b\n1,234;5\n", { reading: { decimal: "," } });
    expect(valuesOf(said, "a")).toEqual([1.234]);
    const both = await read("both.csv", "a;b\n1 234,5;2,5\n7\u00a0000,25;0,125\n", { reading: { thousands: " " } });
    expect([valuesOf(both, "a"), valuesOf(both, "b"), both.notes]).toEqual([[1234.5, 7000.25], [2.5, 0.125], []]);
    const spaced = await read("spaced.csv", "a;b\n1 234;5\n", { reading: { thousands: " " } });
    expect(valuesOf(spaced, "a")).toEqual([1234]);
  });

  it("is what the training file says that it is", async () => {
    const types = { zip: "text", flag: "boolean", day: "date", n: "number" } as const;
    const table = await read("said.csv", "zip,flag,day,n\n01000,yes,1970-01-02,1\n2,F,1970-01-01T12:00:00Z,2\n", {
      reading: { types },
    });
    expect(typesOf(table)).toEqual(types);
    expect(table.columns.map(({ name }) => valuesOf(table, name))).toEqual([
      ["01000", "2"],
      [1, 0],
      [1, 0.5],
      [1, 2],
    ]);
    const wrong = await read("wrong.csv", "n\n1\nx\n", { reading: { types: { n: "integer" } } });
    expect(problemOf(wrong, "n")).toMatch("column 'n' is integer by data.types, but row 2 of wrong.csv holds 'x'");
    const real = await read("real.csv", "n\n1\n1.5\n", { reading: { types: { n: "integer" } } });
    expect(problemOf(real, "n")).toMatch("row 2 of real.csv holds '1.5'");
  });

  it.each([
    ["mixed.csv", "a\n1\n2\nabc\n", "holds numbers and text: 'abc' in row 3 of mixed.csv, beside '1' in row 1"],
    ["first.csv", "a\nabc\n1\n", "holds text and numbers: '1' in row 2 of first.csv, beside 'abc' in row 1"],
    ["late.csv", `a\n${"1\n".repeat(5000)}abc\n`, "'abc' in row 5001 of late.csv"],
    ["comma.csv", 'a\n"1,234.5"\n"3,5"\n', "'3,5' in row 2 of comma.csv"],
    ["either.csv", 'a\n1.250\n"2,5"\n', "'2,5' in row 2 of either.csv, beside '1.250' in row 1"],
    ["either.json", '[{"a":"1.250"},{"a":"2,5"}]', "'2,5' in row 2 of either.json, beside '1.250' in row 1"],
    ["nan.csv", `a\n${"1\n".repeat(3000)}NAN\n`, "'NAN' in row 3001 of nan.csv"],
    ["signs.csv", `a\n${"1\n".repeat(3000)}+-5\n`, "'+-5' in row 3001 of signs.csv"],
    ["zero.csv", 'a\n"0,125"\n1.5\n', "'1.5' in row 2 of zero.csv"],
    ["flags.json", '[{"a":1},{"a":true}]', "holds numbers and booleans: 'true' in row 2 of flags.json"],
    ["texts.json", '[{"a":"x"},{"a":2}]', "holds text and numbers: '2' in row 2 of texts.json"],
  ])("is refused where it is used, if %s holds things that do not go together", async (name, content, problem) => {
    const table = await read(name, content);
    expect(typesOf(table)).toEqual({ a: "mixed" });
    expect(problemOf(table, "a")).toContain(problem);
    expect(problemOf(table, "a")).toContain("data.types: { a: text }");
  });

  it("is refused if files do not go together, naming the file with the cell", async () => {
    const files = [await write("one.csv", "a,b\n1,2\n"), await write("two.csv", "b,a\n3,x\n")];
    const table = await readTable({ files });
    expect(problemOf(table, "a")).toContain("'x' in row 1 of two.csv, beside '1' in row 1 of one.csv");
    expect(valuesOf(table, "b")).toEqual([2, 3]);
    expect((await failure(readTable({ files: [files[0]!, await write("three.csv", "a,c\n1,2\n")] }))).message).toBe(
      "three.csv has not the columns of one.csv: it lacks 'b', it has 'c' besides; give files of the same columns",
    );
  });

  it("is a number of DuckDB's for exactly the texts that are numbers of ours", async () => {
    const character = fc.constantFrom(..."0123456789+-.eE_ ,xXinfadty\u00a0\u0663".split(""));
    const cells = fc.array(fc.string({ unit: character, minLength: 1, maxLength: 7 }), {
      minLength: 50,
      maxLength: 50,
    });
    await fc.assert(
      fc.asyncProperty(cells, async (some) => {
        for (const cell of some) {
          // So many rows before it that the plan is made without it, and DuckDB casts.
          const table = await read("plan.csv", `a;b\n${"1;2\n".repeat(1_001)}"${cell}";2\n`, {
            reading: { decimal: ".", missing: [] },
          });
          const expected = parseNumber(cell, pointFormat);
          const column = findColumn(table, "a")!;
          if (cell.trim() === "") continue;
          if (expected === undefined) expect([cell, typeOf(column)]).toEqual([cell, "mixed"]);
          else expect([cell, valuesOf(table, "a").at(-1)]).toEqual([cell, expected]);
        }
      }),
      { numRuns: 4 },
    );
  }, 120_000);
});

describe("a column of JSON", () => {
  it("takes numbers that are numbers as they are, whatever marks those that are text have", async () => {
    const json = '[{"x":1.234,"y":"1,5"},{"x":2.5,"y":2}]';
    const table = await read("said.json", json, { reading: { types: { x: "number", y: "number" }, decimal: "," } });
    expect([valuesOf(table, "x"), valuesOf(table, "y")]).toEqual([
      [1.234, 2.5],
      [1.5, 2],
    ]);
  });

  it("of booleans beside texts is refused also where it is text, but not booleans alone", async () => {
    const reading = { types: { x: "text" } } as const;
    const mixed = await read("mixed.json", '[{"x":"maybe"},{"x":true}]', { reading });
    expect(problemOf(mixed, "x")).toContain(
      "column 'x' is text by data.types, but row 2 of mixed.json holds 'true'; a boolean beside texts is written as one of them, in quotes",
    );
    const flags = await read("flags.json", '[{"x":true},{"x":null},{"x":false}]', { reading });
    expect(valuesOf(flags, "x")).toEqual(["true", "", "false"]);
  });

  it("without a name is left out, and that is said", async () => {
    const table = await read("nameless.json", '[{"":1,"x":2},{"":2,"x":3}]');
    expect(typesOf(table)).toEqual({ x: "integer" });
    expect(table.notes).toEqual(["a key without a name was left out; a name keeps its values"]);
  });
});

describe("what is missing", () => {
  it("is spelt as pandas.read_csv has it, in numbers and in text, quoted or not", async () => {
    const table = await read("missing.csv", 'n,t\n,x\n2,\nNA,""\n "n/a" , NULL\n<NA>,None\n -nan,y\n');
    expect(valuesOf(table, "n")).toEqual([Number.NaN, 2, ...new Array(4).fill(Number.NaN)]);
    expect(valuesOf(table, "t")).toEqual(["x", "", "", "", "", "y"]);
  });

  it("is spelt as the training file says instead", async () => {
    const table = await read("said.csv", "n,t\n-200,NA\n?,?\n3,x\n", { reading: { missing: ["?", "-200"] } });
    expect(valuesOf(table, "n")).toEqual([Number.NaN, Number.NaN, 3]);
    expect(valuesOf(table, "t")).toEqual(["NA", "", "x"]);
  });

  it("makes numbers of a column that has no value at all", async () => {
    const table = await read("none.csv", "a,b\n,1\nNA,2\n");
    expect(typesOf(table)).toEqual({ a: "number", b: "integer" });
  });

  it("is a key that is not there, or null, in JSON", async () => {
    const table = await read("keys.json", '[{"a":1},{"b":"x"},{"a":null,"b":null},{"a":"2","b":"NA"}]');
    expect([valuesOf(table, "a"), valuesOf(table, "b")]).toEqual([
      [1, Number.NaN, Number.NaN, 2],
      ["", "x", "", ""],
    ]);
  });
});

describe("names", () => {
  it("are the file's own, without the blanks after a delimiter; also of values", async () => {
    const table = await read("blanks.csv", 'age, work,"a ""b"", c", 1st \n20, Private,x, y\n');
    expect(table.columns.map(({ name }) => name)).toEqual(["age", "work", 'a "b", c', "1st "]);
    expect([valuesOf(table, "work"), valuesOf(table, "1st ")]).toEqual([["Private"], ["y"]]);
  });

  it("and values keep the blanks that stand in quotes", async () => {
    const table = await read("quoted.csv", 'a," b"\n1, x\n2," x"\n3,"\tx"\n4, "x"\n');
    expect(valuesOf(table, " b")).toEqual(["x", " x", "\tx", "x"]);
    const plain = await read("plain.csv", 'a, b\n"1", x\n"2", x\n');
    expect(valuesOf(plain, "b")).toEqual(["x", "x"]);
  });

  it("and values keep a U+FEFF, but for the mark of the file", async () => {
    const table = await read("marks.csv", "\uFEFFa,\uFEFFb\n\uFEFFx,1\ny,2\n");
    expect(table.columns.map(({ name }) => name)).toEqual(["a", "\uFEFFb"]);
    expect(valuesOf(table, "a")).toEqual(["\uFEFFx", "y"]);
  });

  it.each([
    ["\n", ""],
    ["\r\n", "\uFEFF"],
  ])("may hold line breaks", async (line, mark) => {
    const table = await read("lines.csv", `${mark}"a${line}b",c${line}1,2${line}3,4${line}`);
    expect(table.columns.map(({ name }) => name)).toEqual([`a${line}b`, "c"]);
    expect(valuesOf(table, "c")).toEqual([2, 4]);
  });

  it("that repeat, but for case and blanks, are refused in every format", async () => {
    const message = async (name: string, content: string) => (await failure(read(name, content))).message;
    expect(await message("twice.csv", "a,b,a\n1,2,3\n")).toBe("twice.csv has more than one column 'a'; rename one");
    expect(await message("case.csv", '\uFEFFAge;"x;""y""";"age "\n1;2;3\n')).toBe(
      "case.csv has columns 'Age' and 'age ', which differ by case and blanks only; rename one",
    );
    expect(await message("case.json", '[{"a":1,"A":2}]')).toContain("columns 'a' and 'A'");
    const apart = await read("apart.csv", '"a,b",a,"b"\n1,2,3\n');
    expect(apart.columns.map(({ name }) => name)).toEqual(["a,b", "a", "b"]);
  });

  it("that are not there leave the column out, and that is said", async () => {
    const table = await read("index.csv", ",x,y\n0,1,2\n1,3,4\n");
    expect(table.columns.map(({ name }) => name)).toEqual(["x", "y"]);
    expect(table.notes).toEqual([
      "column 1 has no name, as the index of a pandas frame has none: left out; a name keeps it",
    ]);
  });

  it("are none of the folder's", async () => {
    const table = await readTable({ files: [await write("seed=7/rows.csv", "x,y\n1,2\n")] });
    expect(table.columns.map(({ name }) => name)).toEqual(["x", "y"]);
  });

  it("under data.drop are left out, and what is misspelt there or under data.types is an error", async () => {
    const csv = "a,b\n1,x\n2,3\n";
    expect(typesOf(await read("drop.csv", csv, { reading: { drop: ["b"] } }))).toEqual({ a: "integer" });
    const refused = async (reading: Partial<Reading>) => (await failure(read("drop.csv", csv, { reading }))).message;
    expect(await refused({ drop: ["B"] })).toBe(
      "data.drop names 'B', which is not a column of the data; did you mean 'b'?",
    );
    expect(await refused({ types: { bb: "text" } })).toBe(
      "data.types names 'bb', which is not a column of the data; did you mean 'b'?",
    );
  });
});

describe("files", () => {
  it.each([
    ["semicolons", "a;b\n1;2\n"],
    ["tabs", "a\tb\n1\t2\n"],
    ["bars", "a|b\n1|2\n"],
    ["a byte order mark", "\uFEFFa,b\n1,2\n"],
    ["lines of Windows", "a,b\r\n1,2\r\n"],
    ["lines of old", "a,b\r1,2\r"],
    ["empty lines, also before the names", "\n\na,b\n\n1,2\n\n"],
    ["no line break at the end", "a,b\n1,2"],
    ["quotes around everything", '"a","b"\n"1","2"\n'],
    ["lines that end in several ways", "a,b\r\n1,2\n"],
    ["a delimiter and blanks at a row's end", "a,b\n1,2, \n"],
  ])("of CSV may have %s", async (_, text) => {
    const table = await read("written.csv", text);
    expect([valuesOf(table, "a"), valuesOf(table, "b")]).toEqual([[1], [2]]);
  });

  it("of one column have no row for an empty line, and one for an empty cell", async () => {
    expect(valuesOf(await read("one.csv", 'a\n1\n\n""\n2\n'), "a")).toEqual([1, Number.NaN, 2]);
  });

  it("of one column have a row for each delimiter that is all of a line", async () => {
    expect(valuesOf(await read("one.csv", "x\nNaN,\n,\nNA ,\n7,\n"), "x")).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
      7,
    ]);
  });

  it("have no row that DuckDB drops for its length, whatever its place", async () => {
    const long = "a".repeat(3_000_000);
    const many = "1,b\n".repeat(8_000_000);
    for (const [name, text, rows] of [
      ["tail.csv", `x,y\n${many}3,${long}`, 8_000_001],
      ["middle.csv", `x,y\n1,b\n3,"${long}"\n4,c\n`, 3],
    ] as const) {
      const table = await read(name, text);
      expect([name, table.rows]).toEqual([name, rows]);
      expect(valuesOf(table, "y").filter((value) => value === long)).toHaveLength(1);
    }
    const packed = await read("tail.csv.gz", gzipSync(`x,y\n1,b\n3,${long}`));
    expect(valuesOf(packed, "y").at(-1)).toBe(long);
  });

  it("are refused for a row that no reading takes for its length, and for a quote that makes one of many", async () => {
    const long = "a".repeat(40_000_000);
    for (const text of [`x,y\n1,2\n3,${long}`, `x,y\n1,2\n"3,${long}`])
      expect((await failure(read("endless.csv", text))).message).toBe(
        "endless.csv: row 2: longer than 33554432 characters, and no longer one is taken; a quote that is left open makes a row of many",
      );
  });

  it("may have a delimiter and an encoding of their own", async () => {
    const table = await read("own.csv", Buffer.from("a^b\nM\xfcller^2\n", "latin1"), {
      reading: { delimiter: "^", encoding: "latin1" },
    });
    expect([valuesOf(table, "a"), valuesOf(table, "b")]).toEqual([["Müller"], [2]]);
    const utf16 = await read("utf16.csv", Buffer.from("\uFEFFa\tb\né\t2\n", "utf16le"));
    expect(valuesOf(utf16, "a")).toEqual(["é"]);
  });

  it("are of the encoding that their mark says, whatever is said of the others", async () => {
    const reading = { encoding: "latin1" };
    for (const bytes of [
      Buffer.from("\uFEFFa,b\né,2\n"),
      Buffer.from("\uFEFFa,b\né,2\n", "utf16le"),
      Buffer.from("\uFEFFa,b\né,2\n", "utf16le").swap16(),
    ])
      expect(valuesOf(await read("marked.csv", bytes, { reading }), "a")).toEqual(["é"]);
  });

  it("take no line for a comment or a preamble", async () => {
    expect(valuesOf(await read("hash.csv", "#id,x\n#1,1\n#2,2\n"), "#id")).toEqual(["#1", "#2"]);
  });

  it("may be compressed, a JSON list or JSON lines, whatever their ending says", async () => {
    expect(valuesOf(await read("a.csv.gz", gzipSync("a;b\n1;2\n")), "b")).toEqual([2]);
    expect(valuesOf(await read("a.json", '[{"a":1,"b":"x"},{"a":2.5,"b":null}]'), "b")).toEqual(["x", ""]);
    for (const name of ["a.jsonl", "a.json"])
      expect(valuesOf(await read(name, '{"a":1}\n{"a":2}\n'), "a")).toEqual([1, 2]);
  });

  it("are read one after the other", async () => {
    const files = await Promise.all([write("2.csv", "a\n3\n4\n"), write("1.csv", "a\n1\n2\n")]);
    expect(valuesOf(await readTable({ files }), "a")).toEqual([3, 4, 1, 2]);
  });

  it("are read in their order also where several threads read them", async () => {
    const rows = Array.from({ length: 400_000 }, (_, index) => `${index},${index % 7}`);
    const table = await read("long.csv", `a,b\n${rows.join("\n")}\n`);
    expect(valuesOf(table, "a")).toEqual(Array.from({ length: 400_000 }, (_, index) => index));
  });

  it.each([
    ["a row that is too short", "a,b,c\n1,2,3\n4,5\n", "row 2: 2 values for 3 columns, as ',' separates them"],
    ["a row that is too long", "a,b\n1,2\n3,4,5\n", "row 2: 3 values for 2 columns"],
    ["two delimiters at a row's end", "a,b\n1,2,\n3,4,,\n", "row 2: 4 values for 2 columns"],
    ["two delimiters at the end of all", "a,b\n1,2\n3,4,,", "row 2: 4 values for 2 columns"],
    ["two delimiters after a cell of lines", 'a,b\n1,"2\n3",,\n', "row 1: 4 values for 2 columns"],
    ["a quote that does not end", 'a,b\n"x,1\n', "row 1: a quote does not end"],
    ["nothing in it", "", "there are none; CSV begins with a line of them"],
    ["empty lines alone", "\n\n", "there are none"],
    ["a title above the names", "my data\na,b\n1,2\n", "row 1: 2 values for 1 column"],
    ["bytes that are not UTF-8", Buffer.from("a\ncaf\xE9\n", "latin1"), "data.encoding"],
  ])("are refused with %s, and where it is", async (_, text, problem) => {
    const error = await failure(read("broken.csv", text));
    expect([error.reason, error.message]).toEqual(["DATA_MALFORMED", expect.stringContaining(problem)]);
    expect(error.message).not.toMatch(/mintmark-/);
  });

  it("are refused if their compression breaks off, which DuckDB takes for the end", async () => {
    const rows = Array.from({ length: 20_000 }, (_, x) => ({ x, y: (x * x) % 97 }));
    const csv = gzipSync(`x,y\n${rows.map(({ x, y }) => `${x},${y}\n`).join("")}`);
    const lines = gzipSync(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    for (const [name, bytes] of [["half.csv.gz", csv] as const, ["half.jsonl.gz", lines] as const])
      for (const end of [Math.floor(bytes.length / 2), bytes.length - 1])
        expect(await failure(read(name, bytes.subarray(0, end)))).toMatchObject({
          reason: "DATA_MALFORMED",
          message: expect.stringContaining("breaks off"),
        });
  });

  it("are refused if gzip wrote one under another name, and if an object of JSON has no end in sight", async () => {
    const message = async (name: string, content: string | Buffer) => (await failure(read(name, content))).message;
    expect(await message("packed.csv", gzipSync("a\n1\n"))).toBe(
      "packed.csv: it is compressed by gzip, and its name does not end in .gz; rename it",
    );
    expect(await message("endless.json", `[{"a":"${"x".repeat(140_000_000)}"}]`)).toBe(
      "endless.json: an object is longer than 67108864 bytes, and no longer one is taken",
    );
  });

  it("are refused if JSON breaks off or is no list of objects, one is not there, of no format or of two", async () => {
    const mixture = readTable({ files: [await write("m.csv", "a\n1\n"), await write("m.json", "[]")] });
    const failures = [
      read("broken.json", '[{"a":1'),
      read("list.json", "[1,2]"),
      read("plain.csv.gz", "a\n1\n"),
      readTable({ files: ["/nowhere/none.csv"] }),
      read("a.xlsx", ""),
      mixture,
    ];
    const reasons = (await Promise.all(failures.map(failure))).map((error) => error.reason);
    expect(reasons).toEqual([
      "DATA_MALFORMED",
      "DATA_MALFORMED",
      "DATA_MALFORMED",
      "DATA_FILE_NOT_FOUND",
      "DATA_FORMAT_UNKNOWN",
      "DATA_FORMATS_MIXED",
    ]);
  });
});

function problemOf(table: Table, name: string): string {
  const column = findColumn(table, name);
  if (column?.type !== "unusable") throw new Error(`${name} can be used`);
  return column.error.message;
}
