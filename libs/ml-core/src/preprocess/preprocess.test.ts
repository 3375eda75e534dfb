import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ArgumentError } from "../base/argument-error.ts";
import type { Column, NumberColumn, TextColumn } from "../base/preprocessing.ts";
import { golden } from "../linear/golden.fixture.ts";
import { MISSING_AS_LARGEST, TREE_VALUE_MAX } from "../tree/columns.ts";
import { fitDecisionStump } from "../tree/decision-stump.ts";
import { predictTrees } from "../tree/predict-trees.ts";
import { ColumnError } from "./column-error.ts";
import { fitPreprocessor } from "./fit-preprocessor.ts";
import type { Step } from "./steps.ts";
import { featureNames, transform } from "./transform.ts";

const trees = { defaultText: "ordinal" } as const;
const linear = { defaultText: "one-hot" } as const;
const oracle = golden.preprocessing;
const holed = numbers(
  "n",
  oracle.values.map((value) => value ?? Number.NaN),
);
const colors = text("color", oracle.colors);

describe("text columns", () => {
  it("become the index of their category in code-point order, as in scikit-learn", () => {
    const preprocessor = fitPreprocessor([colors], [{ "ordinal-encode": ["color"] }], linear);
    expect(preprocessor.encoders[0]).toMatchObject({ categories: oracle.categories, unknown: -1 });
    expect(Array.from(transform(preprocessor, [colors]).data)).toEqual(oracle.ordinal);
  });

  it("become one 0/1 feature a category, as in scikit-learn", () => {
    const preprocessor = fitPreprocessor([colors], [{ "one-hot": ["color"] }], trees);
    const x = transform(preprocessor, [colors]);
    expect([x.rows, x.cols]).toEqual([7, 6]);
    expect(Array.from(x.data)).toEqual(oracle["one-hot"].flat());
  });

  it("are encoded by the default that the algorithm wants, if no step names them", () => {
    expect(fitPreprocessor([colors], [], trees).encoders[0]).toMatchObject({ kind: "ordinal", unknown: -1 });
    expect(fitPreprocessor([colors], [], linear).encoders[0]).toMatchObject({ kind: "one-hot" });
  });

  it("give an unknown value −1, or what the step says, or zeros", () => {
    const seen = text("c", ["a", "b"]);
    const unseen = [text("c", ["z", ""])];
    const unknownOf = (step: Step) => Array.from(transform(fitPreprocessor([seen], [step], trees), unseen).data);
    expect(unknownOf({ "ordinal-encode": ["c"] })).toEqual([-1, -1]);
    expect(unknownOf({ "ordinal-encode": ["c"], unknown: 7 })).toEqual([7, 7]);
    expect(unknownOf({ "one-hot": ["c"] })).toEqual([0, 0, 0, 0]);
  });

  it("take missing text as a category like any other", () => {
    const encoder = fitPreprocessor([text("c", ["", "a"])], [], trees).encoders[0];
    expect(encoder).toMatchObject({ categories: ["", "a"] });
  });
});

describe("missing text", () => {
  const holed = text("c", ["", "b", "a", "b", "a", "", "", "c"]);
  const encodings: readonly Step[] = [{ "ordinal-encode": ["c"], unknown: 9 }, { "one-hot": ["c"] }];

  it.each([
    ["the first of the most frequent", { impute: ["c"], strategy: "most-frequent" }, "a"],
    ["a constant that training has", { impute: ["c"], strategy: "constant", value: "c" }, "c"],
    ["a constant that training has not", { impute: ["c"], strategy: "constant", value: "z" }, "z"],
  ] as const)("becomes %s, and then is encoded as that, whichever step comes first", (_what, impute, fill) => {
    const whole = text(
      "c",
      holed.values.map((value) => value || fill),
    );
    for (const encoding of encodings) {
      const expected = fitPreprocessor([whole], [encoding], trees);
      for (const steps of [
        [impute, encoding],
        [encoding, impute],
      ]) {
        const preprocessor = fitPreprocessor([holed], steps, trees);
        expect(transform(preprocessor, [holed])).toEqual(transform(expected, [whole]));
        expect(featureNames(preprocessor)).toEqual(featureNames(expected));
      }
    }
  });

  it("becomes the constant where no step encodes the column, by the default that the algorithm wants", () => {
    const impute: Step = { impute: ["c"], strategy: "constant", value: "b" };
    expect(fitPreprocessor([holed], [impute], trees).encoders[0]).toMatchObject({ kind: "ordinal", fill: "b" });
    expect(fitPreprocessor([holed], [impute], linear).encoders[0]).toMatchObject({
      kind: "one-hot",
      categories: ["a", "b", "c"],
    });
  });

  it("becomes what nobody has seen, if training had neither a hole nor the constant", () => {
    const steps: Step[] = [{ impute: ["c"], strategy: "constant", value: "z" }, encodings[0]!];
    const preprocessor = fitPreprocessor([text("c", ["a", "b"])], steps, trees);
    expect(Array.from(transform(preprocessor, [text("c", ["", "b", "z"])]).data)).toEqual([9, 1, 9]);
  });

  it("stays a category of its own without a rule", () => {
    const encoder = fitPreprocessor([holed], [], trees).encoders[0];
    expect(encoder).toMatchObject({ fill: null, categories: ["", "a", "b", "c"] });
  });
});

describe("missing numbers of trees", () => {
  const largest = { defaultText: "ordinal", missing: "largest" } as const;
  const age = numbers("age", [3, Number.NaN, -7]);

  it("become larger than any value that trees take, in training and in prediction", () => {
    const preprocessor = fitPreprocessor([age], [], largest);
    expect(preprocessor.encoders).toEqual([
      { kind: "number", column: "age", fill: MISSING_AS_LARGEST, offset: 0, scale: 1 },
    ]);
    expect(Array.from(transform(preprocessor, [age]).data)).toEqual([3, MISSING_AS_LARGEST, -7]);
    expect(MISSING_AS_LARGEST).toBeGreaterThan(TREE_VALUE_MAX);
  });

  it("have no rule where training had none", () => {
    const preprocessor = fitPreprocessor([numbers("age", [1, 2])], [], largest);
    expect(preprocessor.encoders[0]).toMatchObject({ fill: null });
    expect(transform(preprocessor, [age]).data[1]).toBeNaN();
  });

  it("are imputed where a step says so, and refused where one scales them", () => {
    expect(fitPreprocessor([age], [{ impute: ["age"] }], largest).encoders[0]).toMatchObject({ fill: -2 });
    const scaled = caught(() => fitPreprocessor([age], [{ "standard-scale": ["age"] }], largest));
    expect(scaled).toMatchObject({
      problem: "missing-values",
      message: expect.stringContaining("add { impute: [age]"),
    });
  });

  it("can be cut off by a tree: what is missing has its own answer", () => {
    const columns = [numbers("n", [1, Number.NaN, 2, Number.NaN, 1000, TREE_VALUE_MAX])];
    const preprocessor = fitPreprocessor(columns, [], largest);
    const x = transform(preprocessor, columns);
    const y = { kind: "classes", labels: Int32Array.of(0, 1, 0, 1, 0, 0), classes: 2 } as const;
    const estimator = fitDecisionStump(x, y, {}, { hi: 0, lo: 0 });
    const asked = transform(preprocessor, [numbers("n", [5, Number.NaN, -1e300])]);
    expect(predictTrees(estimator, asked)).toMatchObject({
      probabilities: { data: Float64Array.of(1, 0, 0, 1, 1, 0) },
    });
  });
});

describe("number columns", () => {
  it("pass through bit for bit, missing values too where training had none", () => {
    const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 });
    fc.assert(
      fc.property(values, (some) => {
        const column = numbers("n", some);
        const preprocessor = fitPreprocessor([column], [], trees);
        expect(Array.from(transform(preprocessor, [column]).data)).toEqual(some);
      }),
    );
    const preprocessor = fitPreprocessor([numbers("n", [1])], [], trees);
    expect(transform(preprocessor, [numbers("n", [Number.NaN])]).data[0]).toBeNaN();
  });

  it.each(["mean", "median", "most-frequent"] as const)("are imputed by %s as in scikit-learn", (strategy) => {
    const preprocessor = fitPreprocessor([holed], [{ impute: ["n"], strategy }], trees);
    expectClose(transform(preprocessor, [holed]).data, oracle.imputed[strategy]);
  });

  it("are imputed by the smallest of equally frequent values", () => {
    const column = numbers("n", [7, 2, 7, 2, 9, Number.NaN]);
    const preprocessor = fitPreprocessor([column], [{ impute: ["n"], strategy: "most-frequent" }], trees);
    expect(preprocessor.encoders[0]).toMatchObject({ fill: 2 });
  });

  it("are imputed by a constant, also where nothing is present", () => {
    const empty = numbers("n", [Number.NaN, Number.NaN]);
    const preprocessor = fitPreprocessor([empty], [{ impute: ["n"], strategy: "constant", value: 5 }], trees);
    expect(Array.from(transform(preprocessor, [empty]).data)).toEqual([5, 5]);
  });

  it.each([
    ["median then standard", "standard-scale"],
    ["median then min-max", "min-max-scale"],
  ] as const)("are imputed, then scaled: %s as in scikit-learn", (name, scale) => {
    const steps = [{ impute: ["n"], strategy: "median" }, { [scale]: ["n"] }] as unknown as Step[];
    expectClose(transform(fitPreprocessor([holed], steps, trees), [holed]).data, oracle[name]);
  });

  it("are imputed in the units that the steps before have left", () => {
    const column = numbers("n", [0, 10, Number.NaN]);
    const steps: Step[] = [{ "min-max-scale": ["n"] }, { impute: ["n"], strategy: "constant", value: 0.25 }];
    expect(Array.from(transform(fitPreprocessor([column], steps, trees), [column]).data)).toEqual([0, 1, 0.25]);
  });

  it("end as the last scaling leaves them", () => {
    const column = numbers("n", [2, 4, 8]);
    const steps: Step[] = [{ "standard-scale": ["n"] }, { "min-max-scale": ["n"] }];
    expectClose(transform(fitPreprocessor([column], steps, trees), [column]).data, [0, 1 / 3, 1]);
  });

  it("are only centred where they are constant", () => {
    const column = numbers("n", new Array(49).fill(0.1));
    for (const step of [{ "standard-scale": ["n"] }, { "min-max-scale": ["n"] }]) {
      const preprocessor = fitPreprocessor([column], [step], trees);
      expect(preprocessor.encoders[0]).toMatchObject({ scale: 1 });
      expectClose(transform(preprocessor, [column]).data, new Array(49).fill(0));
    }
  });
});

describe("the feature matrix", () => {
  const columns: Column[] = [numbers("age", [1, 2]), text("sex", ["male", "female"]), text("town", ["x", "y"])];
  const preprocessor = fitPreprocessor(columns, [{ "one-hot": ["sex"] }], trees);

  it("has the columns in their order, one-hot ones named with their value", () => {
    expect(featureNames(preprocessor)).toEqual(["age", "sex=female", "sex=male", "town"]);
    expect(Array.from(transform(preprocessor, columns).data)).toEqual([1, 0, 1, 0, 2, 1, 0, 1]);
  });

  it("takes columns in any order, and ignores others", () => {
    const other = [text("extra", ["?", "?"]), ...columns.toReversed()];
    expect(transform(preprocessor, other)).toEqual(transform(preprocessor, columns));
  });

  it("learns from nothing but the training rows", () => {
    const before = structuredClone(preprocessor);
    transform(preprocessor, [numbers("age", [99]), text("sex", ["other"]), text("town", ["z"])]);
    expect(preprocessor).toEqual(before);
  });
});

describe("a column that cannot be used", () => {
  const age = numbers("age", [1, Number.NaN, Number.NaN]);
  const sex = text("sex", ["f", "m", "m"]);
  const cases: [string, readonly Column[], readonly Step[], object, RegExp][] = [
    [
      "missing values",
      [age],
      [],
      { problem: "missing-values", column: "age", at: { row: 1, count: 2 } },
      /add \{ impute: \[age\]/,
    ],
    [
      "infinite values",
      [numbers("n", [0, -Infinity])],
      [],
      { problem: "infinite-values", at: { row: 1, count: 1 } },
      /row 1/,
    ],
    [
      "text in a number step",
      [sex],
      [{ "standard-scale": ["sex"] }],
      { problem: "text-in-number-step" },
      /holds text, and standard-scale takes numbers/,
    ],
    [
      "numbers in a text step",
      [age],
      [{ "one-hot": ["age"] }],
      { problem: "number-in-text-step" },
      /holds numbers, and one-hot takes text/,
    ],
    [
      "a name that is not there",
      [sex],
      [{ impute: ["sexx"] }],
      { problem: "unknown-column", column: "sexx" },
      /there are sex/,
    ],
    [
      "two encodings",
      [sex],
      [{ "one-hot": ["sex"] }, { "ordinal-encode": ["sex"] }],
      { problem: "encoded-twice" },
      /named by 2 steps/,
    ],
    [
      "a mean of text",
      [sex],
      [{ impute: ["sex"] }, { "one-hot": ["sex"] }],
      { problem: "text-in-number-step", column: "sex" },
      /impute with strategy mean takes numbers: text takes most-frequent or constant/,
    ],
    [
      "a median of text",
      [sex],
      [{ impute: ["sex"], strategy: "median" }],
      { problem: "text-in-number-step" },
      /strategy median takes numbers/,
    ],
    [
      "a number in the place of text",
      [sex],
      [{ impute: ["sex"], strategy: "constant", value: 1 }],
      { problem: "text-in-number-step" },
      /holds text, and impute has the number 1 as value/,
    ],
    [
      "a text in the place of numbers",
      [age],
      [{ impute: ["age"], strategy: "constant", value: "old" }],
      { problem: "number-in-text-step" },
      /holds numbers, and impute has the text "old" as value/,
    ],
    [
      "no text to impute from",
      [text("c", ["", ""])],
      [{ impute: ["c"], strategy: "most-frequent" }],
      { problem: "nothing-to-impute-from" },
      /only missing values/,
    ],
    [
      "nothing to impute from",
      [numbers("n", [Number.NaN])],
      [{ impute: ["n"] }],
      { problem: "nothing-to-impute-from" },
      /only missing values/,
    ],
    [
      "squares that overflow",
      [numbers("n", [1, -1e151])],
      [{ "standard-scale": ["n"] }],
      { problem: "too-large-to-scale" },
      /^column "n" holds -1e\+151, and scaling takes values up to 1e\+150/,
    ],
    [
      "nothing to scale",
      [numbers("n", [Number.NaN])],
      [{ "min-max-scale": ["n"] }],
      { problem: "nothing-to-impute-from" },
      /only missing values/,
    ],
  ];

  it.each(cases)("is refused for %s", (_, columns, steps, problem, message) => {
    const error = caught(() => fitPreprocessor(columns, steps, trees));
    expect(error).toBeInstanceOf(ColumnError);
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toMatchObject(problem);
    expect(error).toHaveProperty("message", expect.stringMatching(message));
  });

  it("is refused at prediction if it is not there, of the other type, or infinite", () => {
    const preprocessor = fitPreprocessor([numbers("n", [1]), text("c", ["a"])], [], trees);
    const attempt = (columns: Column[]) => caught(() => transform(preprocessor, columns));
    expect(attempt([numbers("n", [1])])).toMatchObject({ problem: "unknown-column", column: "c" });
    expect(attempt([text("n", ["1"]), text("c", ["a"])])).toMatchObject({ problem: "text-in-number-step" });
    expect(attempt([numbers("n", [1]), numbers("c", [1])])).toMatchObject({ problem: "number-in-text-step" });
    expect(attempt([numbers("n", [Infinity]), text("c", ["a"])])).toMatchObject({ problem: "infinite-values" });
  });
});

function numbers(name: string, values: readonly number[]): NumberColumn {
  return { type: "number", name, values: Float64Array.from(values) };
}

function text(name: string, values: readonly string[]): TextColumn {
  return { type: "text", name, values };
}

function expectClose(actual: Float64Array, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 13);
}

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("expected an error");
}
