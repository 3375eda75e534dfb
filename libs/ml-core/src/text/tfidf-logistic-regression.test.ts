import { fromJson, toJson } from "@mintmark/testing/estimator-battery";
import { describe, expect, it } from "vitest";
import type { TextEstimator } from "../base/estimator.ts";
import type { ClassTarget } from "../base/target.ts";
import { predict } from "../predict.ts";
import { fitTfidfLogisticRegression } from "./tfidf-logistic-regression.ts";

const texts = ["good film", "GOOD book", "bad film", "bad bad book", "", "good"];
const y: ClassTarget = { kind: "classes", labels: Int32Array.of(1, 1, 0, 0, 0, 1), classes: 2 };

describe("fitTfidfLogisticRegression", () => {
  it("learns which words tell the classes apart", () => {
    const { estimator, converged } = fitTfidfLogisticRegression(texts, y, { C: 100 });
    expect(converged).toBe(true);
    expect(predict(estimator, ["a good one", "so bad", "Good"])).toMatchObject({ labels: Int32Array.of(1, 0, 1) });
  });

  it("falls back on the intercept for a text of unknown words", () => {
    const { estimator } = fitTfidfLogisticRegression(texts, y);
    const [empty, unknown] = [predict(estimator, [""]), predict(estimator, ["never seen"])];
    expect(unknown).toEqual(empty);
  });

  it("learns the same twice, and is plain data", () => {
    const { estimator } = fitTfidfLogisticRegression(texts, y);
    expect(fitTfidfLogisticRegression(texts, y).estimator).toEqual(estimator);
    expect(predict(fromJson<TextEstimator>(toJson(estimator)), texts)).toEqual(predict(estimator, texts));
  });

  it("refuses no texts, a target of another length, and one class only", () => {
    expect(() => fitTfidfLogisticRegression([], { ...y, labels: new Int32Array() })).toThrow(/at least 1 text/);
    expect(() => fitTfidfLogisticRegression(texts.slice(1), y)).toThrow('"y" expected length 5 (rows of x), got 6');
    const same: ClassTarget = { ...y, labels: new Int32Array(6) };
    expect(() => fitTfidfLogisticRegression(texts, same)).toThrow(/at least 2 classes, got only class 0/);
  });
});
