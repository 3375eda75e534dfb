/**
 * The training file: every key, its range and its default.
 * @module
 */
import { columnTypes } from "@mintmark/columns/column-schema";
import { tasks } from "@mintmark/ml-core/base/task";
import { aliasProblem } from "@mintmark/names/alias-name";
import { modelNameProblem } from "@mintmark/names/model-name";
import { z } from "zod";
import { algorithmSchema } from "./algorithms.ts";
import { stepSchema } from "./preprocess.ts";
import { strict } from "./strict.ts";

const share = z.number().min(0).lt(1);
const scalar = z.union([z.string(), z.number(), z.boolean()], { error: "expected text, a number, or true or false" });

/** A string for which `problem` finds nothing wrong. */
function named(problem: (name: string) => string | undefined) {
  return z.string().superRefine((name, context) => {
    const found = problem(name);
    if (found !== undefined) context.addIssue({ code: "custom", message: `"${name}" ${found}` });
  });
}

const split = strict({
  test: share.default(0.2).describe("Share of the rows that is kept for testing."),
  validation: share.default(0).describe("Share of the rows that is kept for validation."),
  stratify: z.boolean().default(true).describe("Whether each class is split in the same shares."),
  seed: z.int().min(0).max(0xffff_ffff).default(42).describe("Which rows go where."),
}).refine(({ test, validation }) => test + validation < 1, {
  error: ({ input }) => {
    const { test, validation } = input as { test: number; validation: number };
    return `leaves nothing to train on: test ${test} and validation ${validation} must sum to less than 1`;
  },
});

const mark = z.enum([".", ","]).nullable().default(null);

const data = strict({
  source: z.string().min(1).describe("Path or glob relative to the file, http(s) or s3 URI; CSV, Parquet or JSON."),
  query: z
    .string()
    .regex(/\S/, { error: "must not be blank" })
    .nullable()
    .default(null)
    .describe("SQL over the table `source`."),
  target: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("The column to predict; absent for clustering and anomaly."),
  features: z.array(z.string().min(1)).min(1).nullable().default(null).describe("null: every other column."),
  drop: z.array(z.string().min(1)).default([]).describe("Columns that are left out."),
  types: z
    .record(z.string().min(1), z.enum(columnTypes))
    .default({})
    .describe("What columns are, where the data alone would say otherwise: number, integer, boolean, date or text."),
  missing: z
    .array(z.string())
    .nullable()
    .default(null)
    .describe("Spellings of a missing value, in every column; null: those of pandas.read_csv."),
  decimal: mark.describe('The decimal mark of numbers in text; null: "." or, where a column cannot be read so, ",".'),
  thousands: z
    .enum([",", ".", " ", "'", "_"])
    .nullable()
    .default(null)
    .describe('What stands between groups of three digits; null: "," beside a decimal ".", and "." beside ",".'),
  delimiter: z
    .string()
    .length(1)
    .nullable()
    .default(null)
    .describe("What separates the values of CSV; null: the one of , ; | tab that the first line has most of."),
  encoding: z
    .string()
    .refine(isEncoding, { error: "is no encoding that is known here, such as utf-8, latin1, windows-1252 or utf-16le" })
    .nullable()
    .default(null)
    .describe("Of CSV and JSON files; null: UTF-8, or UTF-16 where a byte-order mark says so."),
  split: split.prefault({}),
}).refine(({ decimal, thousands }) => thousands === null || thousands !== (decimal ?? "."), {
  error: "must not be the decimal mark",
  path: ["thousands"],
});

function isEncoding(label: string): boolean {
  try {
    return new TextDecoder(label).encoding !== "";
  } catch {
    return false;
  }
}

const evaluate = strict({
  folds: z
    .int()
    .min(0)
    .max(100)
    .refine((folds) => folds !== 1, { error: "expected 0 (no cross-validation) or at least 2, got 1" })
    .default(0)
    .describe("Folds of cross-validation; 0: none."),
  metrics: z.array(z.string()).min(1).nullable().default(null).describe("scikit-learn's names; null: all of the task."),
  positive: scalar.nullable().default(null).describe("The positive class of binary metrics; null: the later one."),
});

const output = strict({
  name: z.string().min(1).nullable().default(null).describe("What `prediction` is called."),
  labels: z.record(z.string(), scalar).nullable().default(null).describe("What its values are called."),
});

const register = strict({
  alias: z.array(named(aliasProblem)).default([]).describe("Aliases that are pointed at the new version."),
  tags: z.record(z.string().min(1), z.string()).default({}).describe("Tags of the version."),
  description: z.string().max(100_000).default("").describe("What the version is, for people."),
  intended_use: z
    .string()
    .max(10_000)
    .default("")
    .describe("For the model card. If empty: what is predicted from what."),
  limitations: z.string().max(10_000).default("").describe("For the model card. If empty: what it was learned from."),
  bump: z.enum(["auto", "major", "minor", "patch"]).default("auto").describe("How the semantic version goes up."),
  promote: z.null({ error: "expected null" }).default(null),
});

const fields = {
  model: named(modelNameProblem).describe(
    "The registered name: catalog.schema.model, or a name of the default schema.",
  ),
  experiment: z.string().min(1).max(250).nullable().default(null).describe("null: the model's last part."),
  task: z.enum(tasks).nullable().default(null).describe("null: from the algorithm and the target's type."),
  data,
  preprocess: z.array(stepSchema).default([]).describe("If empty: by the columns' types."),
  algorithm: algorithmSchema,
  evaluate: evaluate.prefault({}),
  output: output.prefault({}),
  register: register.prefault({}),
};

/** What a file holds: the fields, and environments that change some of them. */
export const trainingFileSchema = strict({
  ...fields,
  environments: z
    .record(z.string(), z.record(z.string(), z.unknown()))
    .optional()
    .describe("By name: keys that are merged over the file by --env."),
});

/** What a job is given: the fields, with no environments left. */
export const configSchema = strict(fields);
