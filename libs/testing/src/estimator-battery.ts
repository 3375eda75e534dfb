/**
 * What every estimator of ml-core has to pass, whatever it learns: the same claims in one place, run on each.
 * @module
 */
import { ArgumentError } from "@mintmark/ml-core/base/argument-error";
import { type Matrix, matrix } from "@mintmark/ml-core/base/matrix";
import { type RngKey, uniform } from "@mintmark/ml-core/base/rng";
import type { Target } from "@mintmark/ml-core/base/target";
import { describe, expect, it } from "vitest";

/** `classes` and `values` estimators are given that kind of target; `none` is handed one too and ignores it. */
export type BatteryTask = "classes" | "values" | "none";

export interface EstimatorUnderTest<E> {
  readonly task: BatteryTask;
  readonly fit: (x: Matrix, y: Target, key: RngKey) => E;
  /** Anything that `toEqual` can compare. */
  readonly predict: (estimator: E, x: Matrix) => unknown;
}

/** Declares the tests under `describe(name)`. */
export function estimatorBattery<E>(name: string, { task, fit, predict }: EstimatorUnderTest<E>): void {
  const { x, y } = sample(task, 120, 1);
  const key = { hi: 3, lo: 4 };

  describe(`${name} (battery)`, () => {
    it("learns the same from the same data and key, to the last bit", () => {
      expect(fit(x, y, key)).toEqual(fit(x, y, key));
    });

    it("leaves its input as it was", () => {
      const before = structuredClone({ x, y });
      predict(fit(x, y, key), x);
      expect({ x, y }).toEqual(before);
    });

    it("forgets what it learned before", () => {
      const first = fit(x, y, key);
      const other = sample(task, 80, 9);
      fit(other.x, other.y, key);
      expect(fit(x, y, key)).toEqual(first);
    });

    it("is plain data: through JSON and back it predicts the same", () => {
      const estimator = fit(x, y, key);
      expect(predict(fromJson<E>(toJson(estimator)), x)).toEqual(predict(estimator, x));
    });

    it("predicts a row the same alone and among others", () => {
      const estimator = fit(x, y, key);
      const all = rowsOf(predict(estimator, x));
      const row = 17;
      const alone = matrix(x.data.slice(row * x.cols, (row + 1) * x.cols), 1, x.cols);
      expect(rowsOf(predict(estimator, alone))(0, 1)).toEqual(all(row, x.rows));
    });

    it.each([NaN, Infinity, -Infinity])("refuses %d in the features, naming row and column", (bad) => {
      const holed = { ...x, data: x.data.slice() };
      holed.data[5 * x.cols + 2] = bad;
      const attempt = () => fit(holed, y, key);
      expect(attempt).toThrow(ArgumentError);
      expect(attempt).toThrow(/row 5, column 2/);
    });

    it("refuses data without rows, and without columns", () => {
      const none = withRows(y, 0);
      expect(() => fit(matrix(new Float64Array(), 0, 3), none, key)).toThrow(ArgumentError);
      expect(() => fit(matrix(new Float64Array(), 120, 0), y, key)).toThrow(ArgumentError);
    });

    if (task !== "none") {
      it("refuses a target of another length than the rows", () => {
        expect(() => fit(x, withRows(y, 119), key)).toThrow(ArgumentError);
      });
    }

    if (y.kind === "classes") {
      it("refuses a target of one class only", () => {
        const labels = new Int32Array(x.rows).fill(1);
        expect(() => fit(x, { ...y, labels }, key)).toThrow(ArgumentError);
      });
    }

    if (task === "values") {
      it("refuses a target that is not finite, naming the row", () => {
        const values = new Float64Array(x.rows).fill(1, 7);
        values[6] = NaN;
        expect(() => fit(x, { kind: "values", values }, key)).toThrow(/row 6/);
      });
    }
  });
}

/** Three features around a center per class, and a target that depends on them. */
function sample(task: BatteryTask, rows: number, seed: number): { readonly x: Matrix; readonly y: Target } {
  const key = { hi: 99, lo: seed };
  const labels = Int32Array.from({ length: rows }, (_, row) => row % 3);
  const data = Float64Array.from({ length: rows * 3 }, (_, at) => {
    const label = labels[Math.floor(at / 3)]!;
    return (at % 3 === label ? 2 : 0) + uniform(key, at);
  });
  const x = matrix(data, rows, 3);
  if (task === "classes") return { x, y: { kind: "classes", labels, classes: 3 } };
  const values = Float64Array.from({ length: rows }, (_, row) => 3 * data[row * 3]! - data[row * 3 + 1]!);
  return { x, y: { kind: "values", values } };
}

function withRows(y: Target, rows: number): Target {
  if (y.kind === "classes") return { ...y, labels: y.labels.slice(0, rows) };
  return { ...y, values: y.values.slice(0, rows) };
}

/** Reads the share of one row in a prediction: of arrays of `rows` entries, and of the rows of matrices. */
function rowsOf(prediction: unknown): (row: number, rows: number) => unknown {
  return (row, rows) => shareOf(prediction, row, rows);
}

function shareOf(value: unknown, row: number, rows: number): unknown {
  if (isTypedArray(value) || Array.isArray(value)) {
    const width = value.length / rows;
    return Array.from(value).slice(row * width, (row + 1) * width);
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => name !== "rows");
  return Object.fromEntries(entries.map(([name, inner]) => [name, shareOf(inner, row, rows)]));
}

type TypedArray = Float64Array | Float32Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;
const typedArrays = { Float64Array, Float32Array, Int32Array, Uint32Array, Uint16Array, Uint8Array };

function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && value.constructor.name in typedArrays;
}

/** JSON of plain data with typed arrays in it: `{"$Float32Array": [1, 2]}`. Every finite number survives exactly. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isTypedArray(inner) ? { [`$${inner.constructor.name}`]: Array.from(inner) } : inner,
  );
}

/** What `toJson` wrote. */
export function fromJson<T>(json: string): T {
  return JSON.parse(json, (_, inner: unknown) => {
    if (typeof inner !== "object" || inner === null) return inner;
    const [entry, ...others] = Object.entries(inner);
    if (entry === undefined || others.length > 0 || !entry[0].startsWith("$")) return inner;
    const make = typedArrays[entry[0].slice(1) as keyof typeof typedArrays];
    return make.from(entry[1] as number[]);
  }) as T;
}
