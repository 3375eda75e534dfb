import { readdirSync, readFileSync } from "node:fs";
import { AppError } from "@mintmark/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { algorithmNames, tasksOf } from "./algorithms.ts";
import { inferTask, parseTrainingConfig, parseTrainingFile } from "./parse.ts";

const minimal = `
model: main.default.titanic
data: { source: titanic.csv, target: survival }
algorithm: { name: gradient-boosting }
`;

describe("a training file", () => {
  it("needs a model, a source and an algorithm; everything else has a default", () => {
    expect(parseTrainingFile(minimal)).toEqual({
      model: "main.default.titanic",
      experiment: "titanic",
      task: null,
      data: {
        source: "titanic.csv",
        query: null,
        target: "survival",
        features: null,
        drop: [],
        types: {},
        missing: null,
        decimal: null,
        thousands: null,
        delimiter: null,
        encoding: null,
        split: { test: 0.2, validation: 0, stratify: true, seed: 42 },
      },
      preprocess: [],
      algorithm: {
        name: "gradient-boosting",
        params: {
          n_estimators: 100,
          learning_rate: 0.1,
          num_leaves: 31,
          max_depth: -1,
          max_bin: 255,
          min_data_in_leaf: 20,
          min_sum_hessian_in_leaf: 0.001,
          min_gain_to_split: 0,
          lambda_l2: 0,
          feature_fraction: 1,
          bagging_fraction: 1,
        },
        seed: 42,
        threads: 1,
      },
      evaluate: { folds: 0, metrics: null, positive: null },
      output: { name: null, labels: null },
      register: {
        alias: [],
        tags: {},
        description: "",
        intended_use: "",
        limitations: "",
        bump: "auto",
        promote: null,
      },
    });
  });

  it("as the contract prints it is valid", () => {
    const config = parseTrainingFile(contractExample);
    expect(config.preprocess).toEqual([{ "ordinal-encode": ["class", "sex", "age"], unknown: -1 }]);
    expect(config.register.promote).toBeNull();
    expect(config.algorithm).toMatchObject({ threads: 2, params: { n_estimators: 200, max_bin: 255 } });
    expect(parseTrainingFile(contractExample, { env: "dev" }).model).toBe("dev.default.titanic");
  });

  it.each([
    ["a misspelt key", "data.source=x", "evaluatte: {}", `has no key "evaluatte"; did you mean "evaluate"?`],
    ["a misspelt key within", "", "evaluate: { fold: 3 }", `"evaluate" has no key "fold"; did you mean "folds"?`],
    ["swapped letters", "data.tagret=x", "", `"data" has no key "tagret"; did you mean "target"?`],
    ["a misspelt parameter", "algorithm.params.num_leafs=3", "", `has no key "num_leafs"; did you mean "num_leaves"?`],
    ["a parameter of another algorithm", "algorithm.params.n_clusters=3", "", `has no key "n_clusters" (known: n_est`],
    ["a misspelt algorithm", "algorithm.name=gradient-bosting", "", `did you mean "gradient-boosting"?`],
    [
      "an algorithm that does not exist yet",
      "algorithm.name=lasso",
      "",
      `has no algorithm "lasso" (there are: linear-reg`,
    ],
    ["a misspelt operation", "preprocess=[{one-hott: [a]}]", "", `did you mean "one-hot"?`],
    ["two operations in a step", "preprocess=[{one-hot: [a], impute: [b]}]", "", "expected one operation a step"],
    ["a wrong key in a step", "preprocess=[{ordinal-encode: [a], unkown: 1}]", "", `did you mean "unknown"?`],
    [
      "a strategy that does not exist",
      "preprocess=[{impute: [a], strategy: avg}]",
      "",
      `"preprocess.0.strategy" expected one of mean`,
    ],
    [
      "a constant without its value",
      "preprocess=[{impute: [a], strategy: constant}]",
      "",
      `"preprocess.0.value" expected "value"`,
    ],
    [
      "a constant that is neither number nor text",
      "preprocess=[{impute: [a], strategy: constant, value: [1]}]",
      "",
      `"preprocess.0.value" expected a number or a text`,
    ],
    [
      "an empty text as constant",
      "preprocess=[{impute: [a], strategy: constant, value: ''}]",
      "",
      `"preprocess.0.value" expected at least 1 characters`,
    ],
    ["a number out of range", "algorithm.params.learning_rate=0", "", "expected more than 0, got 0"],
    ["a fraction of trees", "algorithm.params.n_estimators=1.5", "", "expected an integer, got 1.5"],
    ["NaN", "algorithm.params.learning_rate=.nan", "", "expected a finite number, got NaN"],
    ["text for a number", "data.split.seed=abc", "", `"data.split.seed" expected a finite number, got "abc"`],
    ["one fold", "evaluate.folds=1", "", `"evaluate.folds" expected 0 (no cross-validation) or at least 2, got 1`],
    [
      "nothing left to train on",
      "data.split={test: 0.5, validation: 0.5}",
      "",
      "test 0.5 and validation 0.5 must sum to less than 1",
    ],
    [
      "a metric of another task",
      "evaluate.metrics=[silhouette]",
      "",
      `"silhouette" is not a metric of classification or regression`,
    ],
    ["a misspelt metric", "evaluate.metrics=[acuracy]", "", `did you mean "accuracy"?`],
    ["a path in the model's name", "model=../evil", "", `"model" "../evil" must not contain '/' or ':'`],
    ["a control character in the model's name", 'model="a\\tb"', "", "must not contain control characters"],
    ["a numeric alias", "register.alias=['7']", "", `"register.alias.0" "7" must not look like a version number`],
    [
      "an alias with a blank",
      "register.alias=['my alias']",
      "",
      `"register.alias.0" "my alias" must be 1 to 255 letters`,
    ],
    ["a parent's name as the model's", "model='..'", "", "must not be '.' or '..'"],
    ["the reserved alias", "register.alias=[Latest]", "", "is reserved"],
    ["no target", "data.target=null", "", `"data.target" is missing: gradient-boosting learns to predict a column`],
    ["a target among the features", "data.features=[survival]", "", `must not contain the target "survival"`],
    ["a feature twice", "data.features=[a, b, a]", "", `names "a" twice`],
    [
      "a task that the algorithm cannot do",
      "task=clustering",
      "",
      "gradient-boosting does classification or regression, not clustering",
    ],
    ["a promotion, which is not built", "register.promote=staging", "", `"register.promote" expected null`],
    ["NUL in text", 'register.description="a\\0b"', "", "must not contain NUL"],
    ["a missing section", "data=null", "", `"data" expected keys and values, got null`],
  ])("refuses %s", (_, set, extra, message) => {
    expect(() => parseTrainingFile(minimal + extra, { set: set === "" ? [] : [set] })).toThrow(message);
  });

  it("names every problem at once", () => {
    const error = thrown(() => parseTrainingFile("modle: x\ndata: { source: a.csv }\nalgorithm: { name: ridge }"));
    expect(error.detail).toEqual({
      problems: [
        { path: "model", message: "is missing" },
        expect.objectContaining({ path: "", message: expect.stringContaining(`did you mean "model"?`) }),
      ],
    });
  });

  it("without a target is for clustering and anomalies, which take none", () => {
    const clustering =
      "model: iris\ndata: { source: iris.csv }\nalgorithm: { name: k-means, params: { n_clusters: 3 } }\n";
    expect(parseTrainingFile(clustering).task).toBe("clustering");
    expect(() => parseTrainingFile(clustering, { set: ["data.target=class"] })).toThrow("must be absent");
    expect(() => parseTrainingFile(clustering, { set: ["evaluate.folds=5"] })).toThrow("no target to cross-validate");
    expect(() => parseTrainingFile(clustering, { set: ["evaluate.positive=a"] })).toThrow("has no classes");
  });

  it("names no output of anomaly detection, whose two are fixed", () => {
    const anomaly = "model: m\ndata: { source: a.csv }\nalgorithm: { name: isolation-forest }\n";
    for (const set of ["output.name=odd", "output.labels={1: odd}"])
      expect(() => parseTrainingFile(anomaly, { set: [set] })).toThrow(/"output\.(name|labels)" must be absent/);
  });

  it("tells the column that a step names wrongly when the features are listed", () => {
    const set = ["data.features=[age, sex]", "preprocess=[{one-hot: [sexx]}]"];
    expect(() => parseTrainingFile(minimal, { set })).toThrow(
      `"sexx" is not one of data.features; did you mean "sex"?`,
    );
    expect(() => parseTrainingFile(minimal, { set: ["preprocess=[{one-hot: [survival]}]"] })).toThrow("is the target");
  });

  it("says where its YAML breaks", () => {
    expect(() => parseTrainingFile("model: [a\ndata: b")).toThrow(/not valid YAML: .* at line 2, column 1/);
    expect(() => parseTrainingFile("model: a\nmodel: b")).toThrow("Map keys must be unique");
    expect(() => parseTrainingFile("")).toThrow("expected keys and values");
    expect(() => parseTrainingFile(`a: &a [x,x,x,x,x,x,x,x,x,x]\n${bomb()}`)).toThrow("not valid YAML");
  });

  it("checked again, as the registry does, comes back equal", () => {
    const config = parseTrainingFile(contractExample);
    expect(parseTrainingConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
  });

  it("with any one key replaced by anything is taken or refused with a reason, and never breaks", () => {
    const paths = [
      "model",
      "data",
      "data.split",
      "data.features",
      "preprocess",
      "algorithm",
      "algorithm.params",
      "evaluate",
      "register.tags",
      "output.labels",
      "__proto__.x",
    ];
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.json(), (path, value) => {
        try {
          parseTrainingFile(minimal, { set: [`${path}=${value}`] });
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    "register: { tags: { __proto__: a } }",
    "output: { labels: { x: y, __proto__: z } }",
    "environments: { __proto__: { model: x } }",
    "environments: { a: { register: { tags: { __proto__: a } } } }",
    "preprocess: [{ __proto__: [a] }]",
    "__proto__: { model: m }",
  ])("with %s is refused, and loses nothing without a word", (line) => {
    expect(() => parseTrainingFile(`${minimal}\n${line}`)).toThrow(/__proto__/);
  });

  it("with __proto__ is refused as a job, too, also far within", () => {
    const config = JSON.parse(JSON.stringify(parseTrainingFile(minimal)));
    const labels = JSON.parse('{"__proto__": "x"}');
    expect(() => parseTrainingConfig({ ...config, output: { ...config.output, labels } })).toThrow(
      /output\.labels.*"__proto__"/,
    );
    const deep = JSON.parse(`${'{"a":'.repeat(100_000)}{"__proto__":1}${"}".repeat(100_000)}`);
    expect(() => parseTrainingConfig(deep)).toThrow(/__proto__/);
  });

  it("keeps a tag that is called as what objects have", () => {
    const { tags } = parseTrainingFile(`${minimal}\nregister: { tags: { constructor: a, toString: b } }`).register;
    expect(Object.entries(tags)).toEqual([
      ["constructor", "a"],
      ["toString", "b"],
    ]);
  });

  it.each(["''", "'  '", '"\\n\\t"'])("with the blank query %s is refused", (query) => {
    expect(() => parseTrainingFile(minimal, { set: [`data.query=${query}`] })).toThrow(
      /data\.query.*must not be blank/,
    );
  });

  it.each(algorithmNames)("takes %s with its defaults", (name) => {
    const target = ["clustering", "anomaly"].includes(tasksOf[name][0]!) ? "" : ", target: y";
    const config = parseTrainingFile(`model: m\ndata: { source: a.csv${target} }\nalgorithm: { name: ${name} }`);
    expect(config.task).toBe(tasksOf[name].length === 1 ? tasksOf[name][0] : null);
    expect(parseTrainingConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
  });
});

describe("the examples", () => {
  const directory = new URL("../../../examples/", import.meta.url);
  const files = readdirSync(directory).filter((name) => name.endsWith(".yaml"));

  it.each(files)("%s is valid, and its metrics are known", (file) => {
    const config = parseTrainingFile(readFileSync(new URL(file, directory), "utf8"));
    expect(config.register.promote).toBeNull();
  });
});

describe("environments", () => {
  const file = `${minimal}
evaluate: { folds: 5, metrics: [f1, accuracy] }
environments:
  dev: { model: dev.default.titanic, evaluate: { metrics: [f1] } }
`;

  it("are merged key by key, lists are replaced", () => {
    const config = parseTrainingFile(file, { env: "dev" });
    expect(config.model).toBe("dev.default.titanic");
    expect(config.evaluate).toMatchObject({ folds: 5, metrics: ["f1"] });
  });

  it("give way to what is set by hand", () => {
    expect(parseTrainingFile(file, { env: "dev", set: ["model=mine"] }).model).toBe("mine");
  });

  it("are checked when they are not used", () => {
    const broken = file.replace("model: dev", "modell: dev");
    expect(() => parseTrainingFile(broken)).toThrow(`"environments.dev" has no key "modell"; did you mean "model"?`);
  });

  it("that do not exist are refused with those that do", () => {
    expect(() => parseTrainingFile(file, { env: "dv" })).toThrow(
      "no environment 'dv'; did you mean \"dev\"? (the training file has: dev)",
    );
    expect(() => parseTrainingFile(minimal, { env: "dev" })).toThrow("has no environments");
  });
});

describe("inferTask", () => {
  const config = parseTrainingFile(minimal);

  it("takes text, booleans and few integers for classes", () => {
    expect(inferTask(config, { type: "text", integers: false, distinct: 900 })).toBe("classification");
    expect(inferTask(config, { type: "boolean", integers: false, distinct: 2 })).toBe("classification");
    expect(inferTask(config, { type: "number", integers: true, distinct: 10 })).toBe("classification");
  });

  it("takes other numbers for values", () => {
    expect(inferTask(config, { type: "number", integers: true, distinct: 214 })).toBe("regression");
    expect(inferTask(config, { type: "number", integers: false, distinct: 3 })).toBe("regression");
  });

  it("leaves what the file says alone", () => {
    const said = parseTrainingFile(minimal, { set: ["task=regression"] });
    expect(inferTask(said, { type: "number", integers: true, distinct: 2 })).toBe("regression");
  });
});

const contractExample = `
model: main.default.titanic
experiment: titanic
task: null
data:
  source: titanic.csv
  query: null
  target: survival
  features: null
  split: { test: 0.2, validation: 0, stratify: true, seed: 42 }
preprocess:
  - { ordinal-encode: [class, sex, age], unknown: -1 }
algorithm: { name: gradient-boosting, params: { n_estimators: 200, num_leaves: 31, learning_rate: 0.1 }, seed: 42, threads: 2 }
evaluate: { folds: 5, metrics: [f1, accuracy, roc_auc], positive: alive }
output: { name: null, labels: null }
register: { alias: [challenger], tags: { team: growth }, description: "…", bump: auto, promote: null }
environments: { dev: { model: dev.default.titanic } }
`;

/** Ten to the eighth entries, written in a few lines. */
function bomb(): string {
  return "bcdefgh"
    .split("")
    .map((name, at) => `${name}: &${name} [${Array(10).fill(`*${"abcdefgh"[at]}`).join(",")}]`)
    .join("\n");
}

function thrown(act: () => unknown): AppError {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
