import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { csvDialect, delimiters, readRecord } from "@mintmark/columns/csv-text";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mlflowIsThere, runScript } from "./mlflow.ts";
import { embeddedStack, type Stack } from "./stack.ts";
import { habits } from "./tables/habits.ts";
import { randomTables } from "./tables/random-tables.ts";
import type { Table } from "./tables/table.ts";

/** Columns of answers by name. */
type Answers = Readonly<Record<string, readonly (string | number | boolean | null)[]>>;

const withPython = mlflowIsThere();
const tables = [...habits, ...randomTables(14, 20_261_201)];
const folder = mkdtempSync(join(tmpdir(), "mintmark-reading-"));
const files = tables.map((table, index) => {
  const own = join(folder, `${index}`);
  mkdirSync(own);
  writeFileSync(join(own, "rows.csv"), table.csv);
  return { ...table, folder: own, path: join(own, "rows.csv") };
});

/** Those that are trained from what pandas makes of them, too. */
const typed = withPython ? files.filter((_, index) => index < 6 || index === 9 || index % 5 === 4) : [];
const formats = ["rows.json", "rows.parquet"] as const;

let stack: Stack;
let typedPython: readonly Readonly<Record<string, Answers>>[];
let python: readonly Readonly<Record<string, Answers>>[];
beforeAll(async () => {
  stack = await embeddedStack({ args: ["--workers", "1"] });
  for (const [index, file] of files.entries()) await train(file, `t${index}`);
  if (!withPython) return;
  const asked = files.map(({ path, pandas = {}, folder }) => ({
    csv: path,
    pandas,
    folder,
    model: join(folder, "model"),
  }));
  const list = join(folder, "asked.json");
  writeFileSync(list, JSON.stringify(asked));
  await runScript("one_reading", {}, "convert", list);
  for (const [index, { folder }] of files.entries())
    await stack.json("pull", `t${index}/1`, "--out", join(folder, "model"));
  python = await runScript("one_reading", {}, "predict", list);
  const again = [];
  for (const file of typed)
    for (const format of formats) {
      const model = typedModel(file, format);
      await train(file, model, format);
      await stack.json("pull", `${model}/1`, "--out", join(file.folder, model));
      again.push({ csv: file.path, pandas: file.pandas ?? {}, folder: file.folder, model: join(file.folder, model) });
    }
  writeFileSync(list, JSON.stringify(again));
  typedPython = await runScript("one_reading", {}, "predict", list);
}, 900_000);
afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(files.map((file, index) => ({ ...file, index })))("$name", ({ csv, path, folder, index }) => {
  const model = `t${index}`;

  it("answers the file that trained, by the CLI and in every form of HTTP, the same for every row", async () => {
    const rows = await invoke(model, csv, "text/csv");
    const cells = recordsOf(csv);
    expect(rows.length).toBe(cells.rows.length);
    expect(answersOf(rows)).toEqual(answersOf(await predictFile(model, path)));
    // As whoever has no CSV reader at hand sends it: every cell a text, null where nothing is written.
    const records = cells.rows.map((row) => Object.fromEntries(cells.names.map((name, at) => [name, row[at]])));
    const columns = Object.fromEntries(cells.names.map((name, at) => [name, cells.rows.map((row) => row[at])]));
    const split = { columns: cells.names, data: cells.rows };
    for (const body of [{ dataframe_records: records }, { dataframe_split: split }, { inputs: columns }])
      expect(answersOf(await invoke(model, JSON.stringify(body), "application/json"))).toEqual(answersOf(rows));
  }, 60_000);

  it.runIf(withPython)(
    "answers what pandas makes of the file the same, in Python and from its JSON and Parquet",
    async () => {
      const expected = answersOf(await invoke(model, csv, "text/csv"));
      for (const [door, answers] of Object.entries(python[index]!)) expectSame(answers, expected, door);
      for (const name of ["rows.json", "rows.jsonl", "rows.parquet"])
        expectSame(answersOf(await predictFile(model, join(folder, name))), expected, name);
      const records = JSON.parse(readFileSync(join(folder, "rows.json"), "utf8")) as unknown;
      const asked = await invoke(model, JSON.stringify({ dataframe_records: records }), "application/json");
      expectSame(answersOf(asked), expected, "records of pandas");
    },
    60_000,
  );
});

describe.each(typed.flatMap((file) => formats.map((format) => ({ ...file, format }))))(
  "$name, trained from $format",
  (file) => {
    it("answers the very rows the same by the CLI, by HTTP and in Python", async () => {
      const model = typedModel(file, file.format);
      const expected = answersOf(await predictFile(model, join(file.folder, file.format)));
      for (const name of ["rows.json", "rows.jsonl", "rows.parquet", "rows.csv"].filter((each) => each !== file.format))
        if (name !== "rows.csv" || file.pandas === undefined)
          expectSame(answersOf(await predictFile(model, join(file.folder, name))), expected, name);
      const records = JSON.parse(readFileSync(join(file.folder, "rows.json"), "utf8")) as unknown;
      const asked = await invoke(model, JSON.stringify({ dataframe_records: records }), "application/json");
      expectSame(answersOf(asked), expected, "records of pandas");
      const at =
        typed.findIndex(({ folder }) => folder === file.folder) * formats.length + formats.indexOf(file.format);
      for (const [door, answers] of Object.entries(typedPython[at]!)) expectSame(answers, expected, door);
    }, 120_000);
  },
);

function typedModel({ folder }: { readonly folder: string }, format: string): string {
  return `t${folder.split("/").at(-1)}-${format.replace("rows.", "")}`;
}

async function train(
  { data, algorithm, rest, folder }: Table & { readonly folder: string },
  model: string,
  source = "rows.csv",
): Promise<void> {
  const file = join(folder, "training.yaml");
  writeFileSync(file, JSON.stringify({ model, data: { source, ...data }, algorithm, ...rest }));
  await stack.json("train", file);
}

type Row = Readonly<Record<string, string | number | boolean | null>>;

async function predictFile(model: string, path: string): Promise<readonly Row[]> {
  return (await stack.json<{ predictions: readonly Row[] }>("predict", `${model}/1`, "--data", path)).predictions;
}

async function invoke(model: string, body: string, type: string): Promise<readonly Row[]> {
  const response = await fetch(`${stack.url}/serve/${model}%2F1/invocations`, {
    method: "POST",
    body,
    headers: { "content-type": type },
  });
  const answer = (await response.json()) as { readonly predictions: readonly Row[]; readonly message?: string };
  if (!response.ok) throw new Error(answer.message);
  return answer.predictions;
}

function recordsOf(csv: string) {
  const { names, delimiter, end } = csvDialect(csv, delimiters, true)!;
  const rows: (readonly (string | null)[])[] = [];
  for (let record = readRecord(csv, end, delimiter, true); record !== null; ) {
    rows.push(record.cells);
    record = readRecord(csv, record.end, delimiter, true);
  }
  // Columns without a name cannot be sent by name.
  const kept = names.flatMap((name, at) => (name === "" ? [] : [at]));
  return { names: kept.map((at) => names[at]!), rows: rows.map((row) => kept.map((at) => row[at]!)) };
}

function answersOf(rows: readonly Row[]): Answers {
  return Object.fromEntries(Object.keys(rows[0]!).map((name) => [name, rows.map((row) => row[name]!)]));
}

/** The same words and booleans, and numbers as near as sums in another order give them. */
function expectSame(actual: Answers, expected: Answers, door: string): void {
  expect([door, Object.keys(actual)]).toEqual([door, Object.keys(expected)]);
  for (const [name, values] of Object.entries(expected))
    for (const [row, value] of values.entries()) {
      const other = actual[name]![row];
      if (typeof value !== "number" || typeof other !== "number")
        expect([door, name, row, other]).toEqual([door, name, row, value]);
      else if (Math.abs(other - value) > 1e-9 * Math.max(1, Math.abs(value)))
        expect([door, name, row, other]).toEqual([door, name, row, value]);
    }
}
