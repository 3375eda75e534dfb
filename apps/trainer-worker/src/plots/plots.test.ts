import { fileURLToPath } from "node:url";
import { findSnapshots, readTable } from "@mintmark/dataset";
import { parseTrainingConfig } from "@mintmark/training-file";
import { beforeAll, describe, expect, it } from "vitest";
import { type BuiltModel, buildModel } from "../build-model.ts";
import { startClock } from "../step-clock.ts";
import { confusionPlot, curvePlots } from "./classification-plots.ts";
import { drawPlots } from "./draw.ts";
import type { Plot } from "./plot.ts";
import { plotsOf } from "./plots-of.ts";
import { regressionPlots } from "./regression-plots.ts";
import { importancePlot } from "./training-plots.ts";

const examples = fileURLToPath(new URL("../../../../examples/", import.meta.url));
const names = (plots: readonly Plot[]) => plots.map(({ name }) => name);

describe("a model gets the plots of its task", () => {
  it.each([
    [
      "two classes",
      { source: "titanic.csv", target: "survival" },
      "gradient-boosting",
      ["confusion-matrix", "roc-curve", "precision-recall-curve", "feature-importance", "loss-curve"],
    ],
    [
      "three classes",
      { source: "iris.csv", target: "species" },
      "decision-tree",
      ["confusion-matrix", "feature-importance"],
    ],
    [
      "numbers",
      { source: "diabetes.csv", target: "progression" },
      "ridge",
      ["predicted-vs-actual", "residuals", "feature-importance"],
    ],
    ["clusters", { source: "iris.csv", target: null }, "k-means", ["loss-curve"]],
    ["outliers", { source: "wine.csv", target: null }, "isolation-forest", []],
    [
      "no test rows",
      { source: "iris.csv", target: "species", split: { test: 0 } },
      "decision-tree",
      ["feature-importance"],
      "no plots of predictions: there are no test rows",
    ],
  ] as const)("%s", async (_, data, algorithm, expected, ...notes) => {
    const { config, built } = await build(data, algorithm);
    const found = plotsOf(config, built);
    expect(names(found.plots)).toEqual(expected);
    expect(found.notes).toEqual(notes);
  });

  it("but no matrix of more classes than anybody reads", async () => {
    const { config, built } = await build({ source: "digits.csv", target: "digit" }, "decision-tree");
    const classes = Array.from({ length: 31 }, (_, i) => i);
    const found = plotsOf(config, { ...built, data: { ...built.data, classes } });
    expect(names(found.plots)).not.toContain("confusion-matrix");
    expect(found.notes).toEqual(["no confusion matrix: 31 classes, more than 30"]);
  });
});

describe("the data of a plot", () => {
  const truth = Int32Array.of(0, 1, 1, 0);
  const probabilities = { data: Float64Array.of(0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.5, 0.5), rows: 4, cols: 2 };
  const prediction = { kind: "classes", probabilities, labels: Int32Array.of(0, 1, 0, 0) } as const;
  const judged = { truth, prediction, classes: ["dead", "alive"], positive: 1 };

  it("of a confusion matrix are the counts", () => {
    expect(confusionPlot(judged).rows).toEqual([
      { actual: "dead", predicted: "dead", rows: 2 },
      { actual: "dead", predicted: "alive", rows: 0 },
      { actual: "alive", predicted: "dead", rows: 1 },
      { actual: "alive", predicted: "alive", rows: 1 },
    ]);
  });

  it("of the curves are about the positive class", () => {
    const [roc, precisions] = curvePlots(judged);
    expect(roc!.rows[2]).toEqual({ threshold: 0.5, false_positive_rate: 0.5, true_positive_rate: 0.5 });
    expect(precisions!.rows[2]).toEqual({ threshold: 0.5, recall: 0.5, precision: 0.5 });
    const [other] = curvePlots({ ...judged, positive: 0 });
    expect(other!.rows[1]).toEqual({ threshold: 0.9, false_positive_rate: 0, true_positive_rate: 0.5 });
    expect(curvePlots({ ...judged, truth: Int32Array.of(1, 1, 1, 1) })).toEqual([]);
  });

  it("of a regression are what was predicted, and by how much that is wrong", () => {
    const [, residuals] = regressionPlots(Float64Array.of(1, 2), Float64Array.of(1.5, 1));
    expect(residuals!.rows).toEqual([
      { predicted: 1.5, residual: -0.5 },
      { predicted: 1, residual: 1 },
    ]);
  });

  it("are bounded, the ends among them", () => {
    const truth = Float64Array.from({ length: 100_000 }, (_, i) => i);
    const [plot] = regressionPlots(truth, truth);
    expect(plot!.rows).toHaveLength(400);
    expect([plot!.rows[0]!["actual"], plot!.rows[399]!["actual"]]).toEqual([0, 99_999]);
    const importance = Array.from({ length: 50 }, (_, i) => ({ feature: `f${i}`, importance: 0.02 }));
    expect(importancePlot(importance).rows).toHaveLength(30);
  });
});

describe("what is drawn", () => {
  let files: ReadonlyMap<string, Uint8Array>;
  let again: ReadonlyMap<string, Uint8Array>;
  beforeAll(async () => {
    const { config, built } = await build({ source: "titanic.csv", target: "survival" }, "gradient-boosting");
    const { plots } = plotsOf(config, built);
    [files, again] = [await drawPlots(plots), await drawPlots(plots)];
  }, 60_000);
  const text = (name: string) => Buffer.from(files.get(name)!).toString();

  it("is an SVG that stands alone, with its title, axes and marks", () => {
    const svg = text("roc-curve.svg");
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(svg).toContain("ROC curve of 'dead' (test rows)");
    expect(svg).toContain("true positive rate");
    expect(svg).toMatch(/<path[^>]* d="M0,320L/);
    expect(svg).not.toMatch(/NaN|undefined|<script|href="http/);
    expect(text("confusion-matrix.svg").match(/aria-roledescription="rect mark"/g)).toHaveLength(4);
  });

  it("has its data beside it, as CSV", () => {
    expect(text("confusion-matrix.csv").split("\r\n")[0]).toBe("actual,predicted,rows");
    expect(text("roc-curve.csv")).toMatch(/^threshold,false_positive_rate,true_positive_rate\r\nInfinity,0,0\r\n/);
    expect(text("loss-curve.csv").trimEnd().split("\r\n")).toHaveLength(101);
  });

  it("is the same to the byte when it is drawn again", () => {
    expect(again).toEqual(files);
  });

  it("takes any name of a class or a column", async () => {
    const name = "a \"b\", <c>\n{{d}} & 'e' \u{1f600}";
    const drawn = await drawPlots([importancePlot([{ feature: name, importance: 1 }])]);
    expect(Buffer.from(drawn.get("feature-importance.svg")!).toString()).not.toContain("<c>");
    expect(Buffer.from(drawn.get("feature-importance.csv")!).toString()).toBe(
      `feature,importance\r\n"${name.replaceAll('"', '""')}",1\r\n`,
    );
  });
});

async function build(
  data: { readonly source: string; readonly target: string | null; readonly split?: object },
  algorithm: string,
): Promise<{ config: ReturnType<typeof parseTrainingConfig>; built: BuiltModel }> {
  const config = parseTrainingConfig({ model: "m", data, algorithm: { name: algorithm }, evaluate: { folds: 0 } });
  const snapshots = await findSnapshots(data.source, examples);
  const table = await readTable({ files: snapshots.map(({ path }) => path), query: null });
  const built = await buildModel(
    config,
    { table, files: [] },
    {
      clock: startClock(() => {}, new AbortController().signal),
      report: () => {},
      log: () => {},
      requireWanted: () => {},
    },
  );
  return { config, built };
}
