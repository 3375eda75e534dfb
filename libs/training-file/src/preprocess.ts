/**
 * The steps that make a feature matrix of columns, as a training file writes them: `{ one-hot: [class, sex] }`.
 * @module
 */
import { z } from "zod";
import { strict } from "./strict.ts";
import { suggestion } from "./suggest.ts";

const columns = z.array(z.string().min(1)).min(1);

const operations = {
  "ordinal-encode": strict({
    "ordinal-encode": columns.describe("Text columns; each becomes the index of its category."),
    unknown: z.number().default(-1).describe("What a category becomes that training did not see."),
  }),
  "one-hot": strict({ "one-hot": columns.describe("Text columns; each becomes one feature a category.") }),
  "standard-scale": strict({ "standard-scale": columns.describe("Number columns, to mean 0 and variance 1.") }),
  "min-max-scale": strict({ "min-max-scale": columns.describe("Number columns, to 0 … 1.") }),
  impute: strict({
    impute: columns.describe("Columns whose missing values are filled; of text, before it is encoded."),
    strategy: z
      .enum(["mean", "median", "most-frequent", "constant"])
      .default("mean")
      .describe("Text takes most-frequent or constant."),
    value: z
      .union([z.number(), z.string().min(1)], { error: "expected a number or a text" })
      .optional()
      .describe("What missing values become, of the type of the columns; with the strategy constant only."),
  }).refine((step) => (step.strategy === "constant") === (step.value !== undefined), {
    error: 'expected "value" with the strategy constant, and only with it',
    path: ["value"],
  }),
} as const;

export type Operation = keyof typeof operations;
export const operationNames = Object.keys(operations) as Operation[];

export const stepSchema = z.union(
  [
    operations["ordinal-encode"],
    operations["one-hot"],
    operations["standard-scale"],
    operations["min-max-scale"],
    operations.impute,
  ],
  { error: (issue) => unclearStep(issue.input) },
);

/** One step; the key that names a list of columns tells which. */
export type PreprocessStep = z.output<typeof stepSchema>;

/** The step's operation, if it names exactly one. */
export function operationOf(step: unknown): Operation | undefined {
  const named = operationNames.filter((name) => typeof step === "object" && step !== null && name in step);
  return named.length === 1 ? named[0] : undefined;
}

/** The columns that a step works on. */
export function columnsOf(step: PreprocessStep): readonly string[] {
  return (step as Partial<Record<Operation, string[]>>)[operationOf(step)!]!;
}

function unclearStep(input: unknown): string {
  const keys = typeof input === "object" && input !== null ? Object.keys(input) : [];
  const list = `one of: ${operationNames.join(", ")}`;
  const key = keys[0];
  if (key === undefined) return `expected a step, such as { one-hot: [column] } (${list})`;
  if (keys.some((each) => (operationNames as string[]).includes(each))) return `expected one operation a step, ${list}`;
  return `has no operation "${key}"${suggestion(key, operationNames)} (${list})`;
}
