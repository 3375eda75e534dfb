import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findSnapshots, readTable } from "@mintmark/dataset";
import { loadPredictor } from "@mintmark/model-package/predictor";
import { parseTrainingConfig } from "@mintmark/training-file";
import { describe, expect, it } from "vitest";
import { type BuildPorts, buildModel } from "./build-model.ts";
import type { StepProgress } from "./child/messages.ts";
import { startClock } from "./step-clock.ts";

const examples = fileURLToPath(new URL("../../../examples/", import.meta.url));
type Changes = Readonly<Record<string, unknown>>;

const titanic = {
  data: { source: "titanic.csv", target: "survival" },
  algorithm: { name: "gradient-boosting" },
  evaluate: { folds: 5 },
};

describe("on real data", () => {
  // Lower bounds a little below what scikit-learn's same algorithm reaches on such a split; a broken step is far below.
  const cases: [string, Changes, string, number][] = [
    ["boosting on categories", titanic, "accuracy", 0.76],
    ["a forest", file("breast_cancer.csv", "diagnosis", "random-forest", { n_estimators: 30 }), "roc_auc", 0.97],
    ["ten classes", file("digits.csv", "digit", "gradient-boosting", { n_estimators: 20 }), "accuracy", 0.9],
    ["a tree", file("iris.csv", "species", "decision-tree"), "accuracy", 0.86],
    ["a stump", file("breast_cancer.csv", "diagnosis", "decision-stump"), "accuracy", 0.85],
    ["logistic regression", file("wine.csv", "cultivar", "logistic-regression"), "accuracy", 0.9],
    ["text", file("debian_sections.csv", "section", "tfidf-logistic-regression"), "accuracy", 0.5],
    [
      "gradient descent",
      file("diabetes.csv", "progression", "linear-regression", { solver: "gradient-descent" }),
      "r2",
      0.3,
    ],
    ["ridge", file("diabetes.csv", "progression", "ridge"), "r2", 0.3],
  ];
  it.each(cases)("trains and evaluates %s", async (_, changes, metric, least) => {
    const { evaluation } = await build(changes);
    expect(evaluation.metrics[metric]).toBeGreaterThan(least);
    expect(evaluation.metrics[`train_${metric}`]).toBeGreaterThan(least);
  });

  it("trains and evaluates what has no target: clusters and anomalies", async () => {
    const clusters = await build(file("iris.csv", null, "k-means", { n_clusters: 3 }));
    expect(clusters.evaluation.metrics["silhouette"]).toBeGreaterThan(0.4);
    const anomalies = await build(file("wine.csv", null, "isolation-forest", { contamination: 0.1 }));
    expect(anomalies.evaluation.metrics["train_anomaly_rate"]).toBeCloseTo(0.1, 1);
  });

  it("cross-validates on the training rows alone", async () => {
    const { evaluation } = await build(titanic);
    const { cv_accuracy_mean, cv_accuracy_std } = evaluation.metrics;
    expect(cv_accuracy_mean).toBeGreaterThan(0.75);
    expect(cv_accuracy_std).toBeGreaterThan(0);
    expect(cv_accuracy_std).toBeLessThan(0.1);
  });
});

describe("the artifact", () => {
  it("is the same to the byte on another run", async () => {
    const [first, second] = [await build(titanic), await build(titanic)];
    expect(second.packaged.digest).toBe(first.packaged.digest);
    expect(second.packaged.files).toEqual(first.packaged.files);
  });

  it("does not depend on where the training file and the data lie, nor on the number of threads", async () => {
    const first = await build(titanic);
    const absolute = await build({ ...titanic, data: { ...titanic.data, source: join(examples, "titanic.csv") } });
    const threads = await build({ ...titanic, algorithm: { ...titanic.algorithm, threads: 2 } });
    expect([absolute.packaged.digest, threads.packaged.digest]).toEqual([first.packaged.digest, first.packaged.digest]);
  });

  it("is another one with another seed of the split or the fit, or another parameter", async () => {
    const forest = file("iris.csv", "species", "random-forest", { n_estimators: 3 });
    const changed = [
      forest,
      { ...forest, data: { ...(forest["data"] as Changes), split: { seed: 1 } } },
      { ...forest, algorithm: { ...(forest["algorithm"] as Changes), seed: 1 } },
      file("iris.csv", "species", "random-forest", { n_estimators: 4 }),
    ];
    const digests = [];
    for (const changes of changed) digests.push((await build(changes)).packaged.digest);
    expect(new Set(digests).size).toBe(4);
  });

  it("predicts with the names and labels of the training file", async () => {
    const output = { name: "Survival prediction", labels: { alive: "yes", dead: "no" } };
    const { packaged } = await build({ ...titanic, output });
    const { files } = packaged;
    const predictor = loadPredictor(files.get("model.onnx")!, files.get("MLmodel")!);
    const columns = [text("class", "1st"), text("sex", "female"), text("age", "child")];
    expect(predictor.predict(columns)[0]).toEqual({ name: "Survival prediction", type: "text", values: ["yes"] });
  });

  it("holds no path of this machine", async () => {
    const { packaged } = await build({ ...titanic, data: { ...titanic.data, source: join(examples, "titanic.csv") } });
    for (const [path, content] of packaged.files)
      expect(Buffer.from(content).includes(examples), `${path} names ${examples}`).toBe(false);
  });
});

it("tells the card how much each column contributes and how fast one row is predicted", async () => {
  const { facts } = await build(titanic);
  expect([facts.samples, facts.features, facts.importance[0]?.feature]).toEqual([1761, 3, "sex"]);
  expect(facts.importance.reduce((total, { importance }) => total + importance, 0)).toBeCloseTo(1, 12);
  expect(facts.singleRowLatencyUs).toBeGreaterThan(0);
  expect(facts.intendedUse).toBe("Predicts survival (classification) from class, sex, age.");
  expect(facts.limitations).toContain("1761 rows of titanic.csv");
});

it("reports each step, and the loss of iterations down to the last one", async () => {
  const reports: StepProgress[] = [];
  const { losses } = await build(titanic, { report: (progress) => reports.push(progress) });
  expect(reports).toContainEqual(expect.objectContaining({ step: "fit", iteration: 100, iterations: 100 }));
  expect(reports.at(-1)).toEqual({ step: "evaluate", iteration: 5, iterations: 5 });
  expect(losses.at(-1)?.iteration).toBe(100);
  expect(losses.at(-1)!.loss).toBeLessThan(losses[0]!.loss);
});

it("warns of data, fit and evaluation, in this order, and logs what it warns of", async () => {
  const logged: string[] = [];
  const query = "SELECT *, 1 AS one FROM source WHERE cultivar = 'class_0' OR alcohol > 13.8";
  const data = { source: "wine.csv", target: "cultivar", query, split: { stratify: false } };
  const algorithm = { name: "logistic-regression", params: { max_iter: 1 } };
  const log = (level: string, text: string) => void (level === "warn" && logged.push(text));
  const { warnings } = await build({ data, algorithm, evaluate: { folds: 5 } }, { log });
  expect(warnings).toEqual([
    "column 'one' has 1 in every row: nothing can be learned from it",
    "class 'class_1' of the target has one row only: nothing can be measured of it",
    "logistic-regression has not converged; allow it more iterations with max_iter",
    // Which part has the one row of its class, the seed says.
    expect.stringMatching(/^(train_)?roc_auc_ovr is left out: not every class occurs in these rows$/),
    "cv_roc_auc_ovr is left out: in a fold, not every class occurs in these rows",
  ]);
  expect(logged).toEqual(warnings);
  expect((await build(titanic)).warnings).toEqual([]);
});

it("ends in the middle of a fit that is no longer wanted", async () => {
  const requireWanted = () => {
    throw new Error("not wanted");
  };
  await expect(build(titanic, { requireWanted })).rejects.toThrow("not wanted");
});

it("refuses what only the algorithm can know, as an error of the user", async () => {
  const query = "SELECT * REPLACE (NULL::DOUBLE AS sepal_width) FROM source";
  const data = { source: "iris.csv", target: "species", query };
  const all = { data, preprocess: [{ impute: ["sepal_width"] }], algorithm: { name: "decision-tree" } };
  await expect(build(all)).rejects.toMatchObject({ reason: "FIT_REFUSED", kind: "invalid_argument" });
});

function file(source: string, target: string | null, name: string, params: Changes = {}): Changes {
  return { data: { source, target }, algorithm: { name, params } };
}

function text(name: string, value: string) {
  return { type: "text", name, values: [value] } as const;
}

async function build(changes: Changes, ports: Partial<BuildPorts> = {}) {
  const config = parseTrainingConfig({ model: "m", ...changes });
  const snapshots = await findSnapshots(config.data.source, examples);
  const table = await readTable({ files: snapshots.map(({ path }) => path), query: config.data.query });
  const files = snapshots.map((snapshot) => ({
    ...snapshot,
    name: snapshot.name.split("/").at(-1)!,
    source: snapshot.name,
  }));
  return buildModel(
    config,
    { table, files },
    {
      clock: startClock(() => {}, new AbortController().signal),
      report: () => {},
      log: () => {},
      requireWanted: () => {},
      ...ports,
    },
  );
}
