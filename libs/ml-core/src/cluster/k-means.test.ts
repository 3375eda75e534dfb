import { estimatorBattery } from "@mintmark/testing/estimator-battery";
import { numberMatrix, readExample } from "@mintmark/testing/examples";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Matrix, matrix } from "../base/matrix.ts";
import { golden } from "../linear/golden.fixture.ts";
import { clusteringMetrics } from "../metrics/clustering.ts";
import { predict } from "../predict.ts";
import { fitKMeans, predictKMeans } from "./k-means.ts";

const key = { hi: 1, lo: 2 };

describe("fitKMeans", () => {
  it("finds the means of two groups", () => {
    // Groups {0, 1} and {10, 12}: means 0.5 and 11; inertia 2·0.25 + 2·1.
    const x = matrix(Float64Array.of(0, 10, 1, 12), 4, 1);
    const { estimator, loss, converged } = fitKMeans(x, { n_clusters: 2 }, key);
    expect(Array.from(estimator.centers.data).sort((a, b) => a - b)).toEqual([0.5, 11]);
    expect(loss).toBeCloseTo(2.5, 12);
    expect(converged).toBe(true);
  });

  it.each(Object.keys(golden["k-means"]))("%s: inertia and silhouette as good as scikit-learn's", (name) => {
    const { n_clusters, inertia, silhouette } = golden["k-means"][name]!;
    const x = numberMatrix(readExample(name).features);
    const { estimator, loss } = fitKMeans(x, { n_clusters, n_init: 30 }, key);
    expect(loss / inertia).toBeLessThan(1.001);
    const { values } = clusteringMetrics({ x, ...predictKMeans(estimator, x) });
    expect(values["inertia"]! / loss).toBeCloseTo(1, 9);
    expect(values["silhouette"]).toBeGreaterThan(silhouette - 0.02);
  });

  it("gives every cluster a row, if there are as many different rows", () => {
    const points = fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 3, maxLength: 20 });
    fc.assert(
      fc.property(points, fc.nat(), (values, lo) => {
        const x = matrix(Float64Array.from(values), values.length, 1);
        const { estimator } = fitKMeans(x, { n_clusters: 3, n_init: 1 }, { hi: 0, lo });
        expect(new Set(predictKMeans(estimator, x).labels).size).toBe(3);
      }),
    );
  });

  it("puts each center at the mean of its rows when it ends", () => {
    const points = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 4, maxLength: 30 });
    fc.assert(
      fc.property(points, (values) => {
        const x = matrix(Float64Array.from(values), values.length, 1);
        const { estimator } = fitKMeans(x, { n_clusters: 2, n_init: 2, tol: 0 }, key);
        const { labels } = predictKMeans(estimator, x);
        for (const cluster of new Set(labels)) {
          const own = values.filter((_, i) => labels[i] === cluster);
          const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
          expect(estimator.centers.data[cluster]!).toBeCloseTo(mean, 9);
        }
      }),
    );
  });

  it("copes with fewer different rows than clusters", () => {
    const { estimator, loss } = fitKMeans(matrix(new Float64Array(10).fill(3), 5, 2), { n_clusters: 3 }, key);
    expect(loss).toBe(0);
    expect(Array.from(estimator.centers.data)).toEqual(new Array(6).fill(3));
  });

  it("keeps apart what is close together but far from 0", () => {
    const x = matrix(Float64Array.of(1e8, 1e8 + 0.5, 1e8 + 2, 1e8 + 2.5), 4, 1);
    const { loss } = fitKMeans(x, { n_clusters: 2 }, key);
    expect(loss).toBeCloseTo(0.25, 9);
  });

  it("is no worse with more starts, and reports each", () => {
    const x = numberMatrix(readExample("digits").features);
    const losses: number[] = [];
    const port = { iteration: (_done: number, _of: number, loss?: number) => void losses.push(loss!) };
    const { loss } = fitKMeans(x, { n_clusters: 10, n_init: 4 }, key, port);
    expect(losses).toHaveLength(4);
    expect(losses.every((value, i) => i === 0 || value <= losses[i - 1]!)).toBe(true);
    expect(loss).toBe(losses[3]);
  });

  it("says when it was stopped before it settled", () => {
    const x = numberMatrix(readExample("digits").features);
    expect(fitKMeans(x, { n_clusters: 10, n_init: 1, max_iter: 1 }, key)).toMatchObject({
      converged: false,
      iterations: 1,
    });
  });

  it("refuses more clusters than rows", () => {
    const x = matrix(new Float64Array(3), 3, 1);
    expect(() => fitKMeans(x, { n_clusters: 4 }, key)).toThrow('"n_clusters" expected an integer in 1..3, got 4');
  });
});

describe("predictKMeans", () => {
  const centers = matrix(Float64Array.of(0, 0, 3, 4), 2, 2);

  it("gives the nearest center and the distance to it; ties go to the lower index", () => {
    const x = matrix(Float64Array.of(0, 1, 3, 4, 1.5, 2), 3, 2);
    const { labels, distances } = predictKMeans({ kind: "k-means", centers }, x);
    expect(Array.from(labels)).toEqual([0, 1, 0]);
    expect(Array.from(distances)).toEqual([1, 0, 2.5]);
  });

  it("refuses another number of columns", () => {
    const x: Matrix = matrix(new Float64Array(3), 1, 3);
    expect(() => predictKMeans({ kind: "k-means", centers }, x)).toThrow('"x" expected 2 columns, got 3');
  });
});

estimatorBattery("k-means", {
  task: "none",
  fit: (x, _y, battery) => fitKMeans(x, { n_clusters: 3 }, battery).estimator,
  predict,
});
