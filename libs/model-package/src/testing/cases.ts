/**
 * A model of every kind and input layout with data for it: what every way of predicting must answer alike.
 * @module
 */
import type { Tree } from "@mintmark/ml-core/base/estimator";
import type { Column } from "@mintmark/ml-core/base/preprocessing";
import type { TrainedModel } from "../trained-model.ts";
import {
  classesOf,
  Draw,
  hardNumbers,
  hugeNumbers,
  type InputsOptions,
  type Layout,
  randomColumns,
  randomInputs,
  randomIsolationForest,
  randomLogistic,
  randomText,
  randomTexts,
  randomTrees,
  trained,
} from "./random-model.ts";

export interface Case {
  readonly name: string;
  readonly model: TrainedModel;
  readonly columns: readonly Column[];
  /** Relative; 0 asks for the same bits. */
  readonly tolerance: number;
}

/** Rows of each case: many batches, and no multiple of one. */
const rows = 2_003;

/** Where sums may be made in another order. */
const close = 1e-12;

export function allCases(): Case[] {
  const layouts: readonly Layout[] = ["numbers", "mixed", "one text", "flags"];
  return [
    ...layouts.flatMap((layout, i) => [...treeCases(layout, 100 * i), ...scoreCases(layout, 100 * i + 50)]),
    ...textCases(),
  ];
}

type Make = (draw: Draw, features: number) => Pick<TrainedModel, "task" | "estimator"> & Partial<TrainedModel>;

/** Exact, on data with missing and huge numbers. */
function treeCases(layout: Layout, seed: number): Case[] {
  const make = (name: string, offset: number, model: Make) =>
    caseOf(
      `${layout}: ${name}`,
      seed + offset,
      { layout, fills: true, scales: false },
      { hard: hugeNumbers, tolerance: 0 },
      model,
    );
  return [
    make("trees, regression", 0, (draw, features) => ({
      task: "regression",
      estimator: randomTrees(draw, features, "identity", 0),
    })),
    make("trees, probabilities of texts", 1, (draw, features) => ({
      task: "classification",
      estimator: randomTrees(draw, features, "probability", 3),
      classes: classesOf.texts,
    })),
    make("trees, equal probabilities", 2, (draw, features) => ({
      task: "classification",
      estimator: withTies(randomTrees(draw, features, "probability", 3)),
      classes: classesOf.integers,
    })),
    make("trees, logistic of booleans", 3, (draw, features) => ({
      task: "classification",
      estimator: randomTrees(draw, features, "logistic", 2),
      classes: classesOf.booleans,
    })),
    make("trees, softmax of integers", 4, (draw, features) => ({
      task: "classification",
      estimator: randomTrees(draw, features, "softmax", 3),
      classes: classesOf.integers,
    })),
    make("trees, renamed", 5, (draw, features) => ({
      task: "classification",
      estimator: randomTrees(draw, features, "logistic", 2),
      classes: [0, 1],
      output: { name: "Survival prediction", labels: { "0": "dead", "1": "alive" } },
    })),
    make("isolation forest", 6, (draw, features) => ({
      task: "anomaly",
      estimator: randomIsolationForest(draw, features),
    })),
  ];
}

/** Close, on data that preprocessing completes for most columns, or none. */
function scoreCases(layout: Layout, seed: number): Case[] {
  const filled = (name: string, offset: number, model: Make) =>
    caseOf(
      `${layout}: ${name}`,
      seed + offset,
      { layout, fills: true, scales: true },
      { hard: [Number.NaN], tolerance: close },
      model,
    );
  const bare = (name: string, offset: number, model: Make) =>
    caseOf(
      `${layout}: ${name}, bare`,
      seed + offset,
      { layout, fills: false, scales: false },
      { hard: hardNumbers, tolerance: close },
      model,
    );
  const linear: Make = (draw, features) => ({
    task: "regression",
    estimator: { kind: "linear", coefficients: draw.reals(features), intercept: draw.real() },
  });
  const two: Make = (draw, features) => ({
    task: "classification",
    estimator: randomLogistic(draw, features, 2),
    classes: ["no", "yes"],
  });
  const three: Make = (draw, features) => ({
    task: "classification",
    estimator: randomLogistic(draw, features, 3),
    classes: classesOf.integers,
  });
  const clusters: Make = (draw, features) => ({
    task: "clustering",
    estimator: {
      kind: "k-means",
      centers: { data: draw.reals(4 * features).map(Math.round), rows: 4, cols: features },
    },
    output: { name: "cluster", labels: layout === "mixed" ? { "0": "small", "3": "large" } : null },
  });
  return [
    filled("linear", 0, linear),
    filled("logistic of two", 1, two),
    filled("logistic of three", 2, three),
    filled("k-means", 3, clusters),
    bare("linear", 4, linear),
    bare("logistic of two", 5, two),
    bare("logistic of three", 6, three),
    bare("k-means", 7, clusters),
  ];
}

function textCases(): Case[] {
  const ranges = [
    [1, 1, 2],
    [1, 2, 3],
    [2, 3, 2],
  ] as const;
  return ranges.map(([ngramMin, ngramMax, classes], seed) => {
    const draw = new Draw(1000 + seed);
    const column = { name: "summary", type: "text" as const, optional: true };
    const inputs = { inputs: [{ name: "summary", type: "text" as const, column }], preprocessor: { encoders: [] } };
    const estimator = randomText(draw, { ngramMin, ngramMax, classes });
    const model = trained("text", inputs, estimator, { classes: classesOf.texts.slice(0, classes) as string[] });
    const columns: Column[] = [{ type: "text", name: "summary", values: randomTexts(draw, rows) }];
    return { name: `text: ${classes} classes, ${ngramMin} to ${ngramMax} words`, model, columns, tolerance: close };
  });
}

function caseOf(
  name: string,
  seed: number,
  options: InputsOptions,
  { hard, tolerance }: { hard: readonly number[]; tolerance: number },
  make: Make,
): Case {
  const draw = new Draw(seed);
  const { features, ...inputs } = randomInputs(draw, options);
  const { task, estimator, ...rest } = make(draw, features);
  const model = trained(task, inputs, estimator, rest);
  return { name, model, columns: randomColumns(draw, inputs.inputs, { rows, hard }), tolerance };
}

/** Leaf values of 0, 0.5 and 1 in three trees: many rows have classes that are equally likely. */
function withTies<T extends { readonly trees: readonly Tree[] }>(estimator: T): T {
  const coarse = (tree: Tree): Tree => ({
    ...tree,
    value: tree.value.map((value) => Math.round(Math.abs(value) % 1.2) / 2),
  });
  return { ...estimator, trees: estimator.trees.slice(0, 3).map(coarse) };
}
