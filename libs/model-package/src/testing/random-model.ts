/**
 * Random valid models and data that is hard for them: what the tests of writing and running models draw from.
 * @module
 */

import type { ColumnSchema } from "@mintmark/columns/column-schema";
import type {
  Estimator,
  IsolationForestEstimator,
  LogisticEstimator,
  TextEstimator,
  Tree,
  TreeEstimator,
} from "@mintmark/ml-core/base/estimator";
import { matrix } from "@mintmark/ml-core/base/matrix";
import type { Column, ColumnEncoder } from "@mintmark/ml-core/base/preprocessing";
import { type RngKey, split, uniform } from "@mintmark/ml-core/base/rng";
import type { Classes } from "@mintmark/ml-core/base/target";
import type { Task } from "@mintmark/ml-core/base/task";
import type { ModelInput, TrainedModel } from "../trained-model.ts";

export type Layout = "numbers" | "flags" | "mixed" | "one text";

/** A stream of draws. */
export class Draw {
  readonly #key: RngKey;
  #counter = 0;

  constructor(seed: number) {
    this.#key = split({ hi: 0, lo: 0 }, seed);
  }

  /** In [0, 1). */
  unit(): number {
    return uniform(this.#key, this.#counter++);
  }

  integer(below: number): number {
    return Math.floor(this.unit() * below);
  }

  pick<T>(values: readonly T[]): T {
    return values[this.integer(values.length)]!;
  }

  /** Spread around 0. */
  real(): number {
    return (this.unit() + this.unit() + this.unit() - 1.5) * 4;
  }

  reals(count: number): Float64Array {
    return Float64Array.from({ length: count }, () => this.real());
  }
}

const categories = ["", "a b", "crew", "first", "second", "zürich", "žatec", "三"];

export interface InputsOptions {
  readonly layout: Layout;
  /** Whether most number columns have a value for missing ones. */
  readonly fills: boolean;
  /** Whether number columns are shifted and scaled. */
  readonly scales: boolean;
}

/** Inputs and their encoders. */
export function randomInputs(draw: Draw, { layout, fills, scales }: InputsOptions) {
  const number = (column: string): ColumnEncoder => ({
    kind: "number",
    column,
    fill: fills && draw.unit() < 0.7 ? draw.real() : null,
    offset: scales ? draw.real() : 0,
    scale: scales ? 0.5 + draw.unit() : 1,
  });
  const flag = (column: string): ColumnEncoder => ({ kind: "number", column, fill: null, offset: 0, scale: 1 });
  /** Of missing text: a value like any other, or one of the categories, or one that training did not show. */
  const textFill = () => {
    const fill = draw.pick([null, "crew", "unseen"]);
    return { fill, categories: fill === null ? categories : categories.slice(1) };
  };
  const ordinal = (column: string): ColumnEncoder => ({
    kind: "ordinal",
    column,
    ...textFill(),
    unknown: draw.pick([-1, 0.1]),
  });
  const oneHot = (column: string): ColumnEncoder => ({ kind: "one-hot", column, ...textFill() });
  const encoders: ColumnEncoder[] = {
    numbers: () => [number("width"), number("height (cm)"), number("Größe"), number("prediction")],
    flags: () => [number("age"), flag("member"), number("fare")],
    mixed: () => [ordinal("class"), number("age"), oneHot("port"), number("fare"), ordinal("deck")],
    "one text": () => [draw.pick([ordinal, oneHot])("class")],
  }[layout]();
  const inputs = encoders.map((encoder) => inputOf(encoder, encoder.column === "member" ? "boolean" : "number"));
  const features = encoders.reduce(
    (sum, encoder) => sum + (encoder.kind === "one-hot" ? encoder.categories.length : 1),
    0,
  );
  return { inputs, preprocessor: { encoders }, features };
}

/** The input of an encoder: a number is optional where it is filled. */
export function inputOf(encoder: ColumnEncoder, numeric: "number" | "boolean" = "number"): ModelInput {
  const name = encoder.column;
  if (encoder.kind !== "number") return { name, type: "text", column: { name, type: "text", optional: true } };
  return { name, type: "number", column: { name, type: numeric, optional: encoder.fill !== null } };
}

export interface RowsOptions {
  readonly rows: number;
  /** Numbers that are strewn in; NaN only where it is optional. */
  readonly hard: readonly number[];
}

/** Missing numbers, zeros, and ones on the thresholds of trees. */
export const hardNumbers: readonly number[] = [Number.NaN, 0, -0, 1e-320, 0.1, 0.5, 1, -1, 2];
/** And huge ones, and such as float32 cannot tell from their neighbours. */
export const hugeNumbers: readonly number[] = [...hardNumbers, 1e308, -1e308, 3.4e38, 16777217, 0.1 + 2 ** -50];

/** Data for the inputs, with categories that nobody knows. */
export function randomColumns(draw: Draw, inputs: readonly ModelInput[], { rows, hard }: RowsOptions): Column[] {
  const present = hard.filter((value) => !Number.isNaN(value));
  const number = (strewn: readonly number[]) =>
    strewn.length > 0 && draw.unit() < 0.2 ? draw.pick(strewn) : draw.unit() < 0.4 ? draw.integer(9) - 4 : draw.real();
  const text = () => (draw.unit() < 0.2 ? draw.pick(["unknown", "FIRST", "x y", "crew "]) : draw.pick(categories));
  const numeric = ({ type, optional }: ColumnSchema) =>
    type === "boolean" ? draw.integer(2) : number(optional ? hard : present);
  return inputs.map(({ name, type, column }) =>
    type === "number"
      ? { name, type, values: Float64Array.from({ length: rows }, () => numeric(column)) }
      : { name, type, values: Array.from({ length: rows }, text) },
  );
}

/** A binary tree of random shape; thresholds lie where the data is, some exactly on it. */
function randomTree(
  draw: Draw,
  { features, outputs, output }: { features: number; outputs: number; output: number },
): Tree {
  const feature: number[] = [];
  const threshold: number[] = [];
  const left: number[] = [];
  const right: number[] = [];
  const value: number[] = [];
  const width = output < 0 ? outputs : 1;
  const grow = (depth: number): number => {
    const node = feature.length;
    const isLeaf = depth === 0 || draw.unit() < 0.15;
    feature.push(isLeaf ? -1 : draw.integer(features));
    threshold.push(isLeaf ? 0 : draw.pick([draw.real(), draw.integer(9) - 4, 0.1, 0.5]));
    left.push(-1);
    right.push(-1);
    // On the grid 2^-10 that float32 needs, or 2^-40 for sums in double; some are 0, which the file may leave out.
    const leaf = () => (output < 0 ? (draw.integer(8192) - 4096) / 1024 : Math.round(draw.real() * 2 ** 40) / 2 ** 40);
    for (let k = 0; k < width; k++) value.push(isLeaf && draw.unit() < 0.7 ? leaf() : 0);
    if (!isLeaf) {
      left[node] = grow(depth - 1);
      right[node] = grow(depth - 1);
    }
    return node;
  };
  grow(draw.pick([0, 1, 3, 6]));
  return {
    feature: Int32Array.from(feature),
    threshold: Float64Array.from(threshold),
    left: Int32Array.from(left),
    right: Int32Array.from(right),
    output,
    value: Float64Array.from(value),
  };
}

const trees = 30;

export function randomTrees(draw: Draw, features: number, link: TreeEstimator["link"], classes: number): TreeEstimator {
  const outputs = link === "identity" || link === "logistic" ? 1 : classes;
  const outputOf = (tree: number) => (link === "probability" ? -1 : tree % outputs);
  const baseOf = {
    identity: () => 1e6 * draw.real(),
    probability: () => 0,
    logistic: () => draw.real(),
    softmax: () => draw.real(),
  };
  return {
    kind: "trees",
    trees: Array.from({ length: trees }, (_, tree) => randomTree(draw, { features, outputs, output: outputOf(tree) })),
    outputs,
    scale: link === "probability" || link === "identity" ? 1 / trees : 1,
    base: Float64Array.from({ length: outputs }, baseOf[link]),
    link,
    classes,
    importance: new Float64Array(features),
  };
}

export function randomIsolationForest(draw: Draw, features: number): IsolationForestEstimator {
  const forest = Array.from({ length: trees }, () => {
    const tree = randomTree(draw, { features, outputs: 1, output: 0 });
    return { ...tree, value: tree.value.map(Math.abs) };
  });
  return { kind: "isolation-forest", trees: forest, normalizer: 10.24, threshold: 0.1 };
}

export function randomLogistic(draw: Draw, features: number, classes: number): LogisticEstimator {
  const rows = classes === 2 ? 1 : classes;
  return {
    kind: "logistic",
    coefficients: matrix(draw.reals(rows * features), rows, features),
    intercepts: draw.reals(rows),
    classes,
  };
}

export interface RandomTextOptions {
  readonly ngramMin: number;
  readonly ngramMax: number;
  readonly classes: number;
}

export function randomText(draw: Draw, { ngramMin, ngramMax, classes }: RandomTextOptions): TextEstimator {
  const terms = [
    "i",
    "k",
    "3d",
    "a",
    "a library",
    "a library and",
    "and",
    "c",
    "gtk",
    "library",
    "library and",
    "tool",
    "É",
    "É 三",
    "三",
  ];
  const vocabulary = terms.filter((term) => {
    const words = term.split(" ").length;
    return words >= ngramMin && words <= ngramMax;
  });
  const idf = draw.reals(vocabulary.length).map((x) => 1 + Math.abs(x));
  return {
    kind: "text",
    vectorizer: { vocabulary, idf, ngramMin, ngramMax },
    classifier: randomLogistic(draw, vocabulary.length, classes),
  };
}

export function randomTexts(draw: Draw, rows: number): string[] {
  const words = [
    "a",
    "A",
    "library",
    "LIBRARY",
    "and",
    "c",
    "gtk\tc",
    "É",
    "é",
    "三",
    "tool",
    "tool,",
    "a\nlibrary",
    "\u212a",
    "\u0130",
    "x\u00a0a",
  ];
  const text = () => Array.from({ length: draw.integer(9) }, () => draw.pick(words)).join(draw.pick([" ", "  "]));
  return Array.from({ length: rows }, (_, row) => (row < 2 ? ["", "   "][row]! : text()));
}

export const classesOf: Readonly<Record<"texts" | "integers" | "booleans", Classes>> = {
  texts: ["alive", "dead", "unknown fate"],
  integers: [-3, 7, 9007199254740991],
  booleans: [false, true],
};

/** Puts the parts together. */
export function trained(
  task: Task,
  inputs: Pick<TrainedModel, "inputs" | "preprocessor">,
  estimator: Estimator,
  rest: Partial<Pick<TrainedModel, "classes" | "output">> = {},
): TrainedModel {
  return { task, ...inputs, estimator, classes: null, output: { name: null, labels: null }, ...rest };
}
