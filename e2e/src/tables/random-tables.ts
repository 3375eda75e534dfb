/**
 * Tables that nobody would think of: names with blanks, quotes and other scripts, words that look like booleans, numbers
 * with gaps, in files of every way of writing.
 * @module
 */
import fc from "fast-check";
import { csvOf, type Table } from "./table.ts";

type Cell = string | number | null;
interface Feature {
  readonly name: string;
  readonly kind: "integer" | "real" | "gaps" | "words" | "flags" | "text" | "holes";
}

const words = [
  ["yes", "no"],
  ["Y", "N"],
  ["t", "f"],
  ["T", "F"],
] as const;
const flags = [
  ["True", "False"],
  ["TRUE", "FALSE"],
  ["true", "false"],
] as const;
const names = [
  "x",
  "Größe (cm)",
  "a b",
  'say "hi"',
  "größe, netto",
  "年齢",
  "100%",
  "it's",
  "y.1",
  "_id",
  "X Y Z",
] as const;

const feature = (name: string): fc.Arbitrary<Feature> =>
  fc.record({
    name: fc.constant(name),
    kind: fc.constantFrom("integer", "real", "gaps", "words", "flags", "text", "holes"),
  });

const features = fc
  .shuffledSubarray([...names], { minLength: 2, maxLength: 5 })
  .chain((chosen) => fc.tuple(...chosen.map(feature)));

function cellOf(kind: Feature["kind"], pair: number): fc.Arbitrary<Cell> {
  const text = fc.constantFrom("red", "dark blue", "o'clock", 'a "b"', "x;y", "ß", "p|q", "#1");
  switch (kind) {
    case "integer":
      return fc.integer({ min: -50, max: 50 });
    case "real":
      // Of so many decimals as pandas writes to JSON.
      return fc.integer({ min: -1e9, max: 1e9 }).map((thousandths) => thousandths / 1e3);
    case "gaps":
      return fc.oneof(
        { arbitrary: fc.integer({ min: 0, max: 400 }).map((n) => n / 8), weight: 4 },
        fc.constantFrom<Cell>(null, "NA", "n/a"),
      );
    case "words":
      return fc.constantFrom(...words[pair % words.length]!);
    case "flags":
      return fc.constantFrom(...flags[pair % flags.length]!);
    case "text":
      return text;
    case "holes":
      return fc.oneof({ arbitrary: text, weight: 3 }, fc.constantFrom<Cell>(null, "None", "null"));
    default:
      return kind satisfies never;
  }
}

/** The target's name is none of the features'. */
const target = fc.record({
  name: fc.constantFrom("target", "the answer", "Y/N"),
  kind: fc.constantFrom("words", "text", "real", "integer") as fc.Arbitrary<Feature["kind"]>,
});

const rows = 45;

const table = fc
  .tuple(
    features,
    target,
    fc.nat(11),
    fc.constantFrom(",", ";", "\t", "|"),
    fc.boolean(),
    fc.constantFrom("\n", "\r\n"),
    fc.nat(3),
  )
  .chain(([columns, answer, pair, delimiter, quotes, line, algorithm]) => {
    const all = [...columns, answer];
    const row = fc.tuple(...all.map(({ kind }) => cellOf(kind, pair)));
    return fc.array(row, { minLength: rows, maxLength: rows }).map((cells): Omit<Table, "name"> => {
      const isValue = answer.kind === "real" || answer.kind === "integer";
      const hasGaps = columns.some(({ kind }) => kind === "gaps");
      const linear = isValue ? { name: "ridge" } : { name: "logistic-regression" };
      const forest = { name: ["decision-tree", "random-forest", "gradient-boosting"][algorithm % 3]! };
      const params = forest.name === "decision-tree" ? {} : { n_estimators: 5 };
      return {
        csv: csvOf(
          all.map(({ name }) => name),
          cells as Cell[][],
          { delimiter, quotes, line },
        ),
        data: { target: answer.name, split: { test: 0, stratify: false } },
        algorithm: algorithm === 3 && !hasGaps ? linear : { ...forest, params },
        rest: { task: isValue ? "regression" : "classification" },
        pandas: { sep: delimiter },
      };
    });
  });

/** The same tables for the same seed. */
export function randomTables(count: number, seed: number): Table[] {
  return fc
    .sample(table, { numRuns: count, seed })
    .map((each, index) => ({ ...each, name: `random table ${index} of seed ${seed}` }));
}
