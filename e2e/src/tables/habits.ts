/**
 * Files with the habits of well-known public ones: what their delimiters, quotes, spellings of missing values and names are
 * like. The values are made here.
 * @module
 */
import { readFileSync } from "node:fs";
import { checkout } from "../process.ts";
import { csvOf, sequence, type Table } from "./table.ts";

const rows = <T>(count: number, row: (index: number, next: () => number) => T, seed = 7): T[] => {
  const next = sequence(seed);
  return Array.from({ length: count }, (_, index) => row(index, next));
};
const pick = <T>(from: readonly T[], share: number): T => from[Math.floor(share * from.length)]!;
const trees = (name: string, params: object = {}) => ({ name, params, seed: 1 });
const example = (name: string) => readFileSync(`${checkout}examples/${name}`, "utf8");
const split = { test: 0.2 };

export const habits: readonly Table[] = [
  {
    name: "titanic: text columns, words as classes",
    csv: example("titanic.csv"),
    data: { target: "survival", split },
    algorithm: trees("gradient-boosting", { n_estimators: 20 }),
  },
  {
    name: "iris: real numbers, three classes of text",
    csv: example("iris.csv"),
    data: { target: "species", split },
    algorithm: trees("random-forest", { n_estimators: 10 }),
  },
  {
    name: "passengers: quotes and commas in names, ages and cabins missing",
    csv: csvOf(
      ["PassengerId", "Survived", "Pclass", "Name", "Sex", "Age", "SibSp", "Fare", "Cabin", "Embarked"],
      rows(120, (i, next) => [
        ...[i + 1, Number(next() < 0.4), pick([1, 2, 3], next()), `O'Dwyer, Mrs. "Nellie" ${i}`],
        ...[
          pick(["male", "female"], next()),
          next() < 0.2 ? null : Math.round(next() * 60 * 2) / 2,
          pick([0, 1, 2], next()),
        ],
        ...[
          Math.round(next() * 9e4) / 1e3,
          next() < 0.7 ? null : `C${i % 5}`,
          next() < 0.05 ? null : pick(["S", "C", "Q"], next()),
        ],
      ]),
    ),
    data: { target: "Survived", drop: ["PassengerId", "Name"], split },
    algorithm: trees("gradient-boosting", { n_estimators: 10 }),
    rest: { preprocess: [{ impute: ["Age"], strategy: "median" }] },
  },
  {
    name: "telco: a blank where a number is missing, No and No internet service",
    csv: csvOf(
      ["customerID", "gender", "SeniorCitizen", "tenure", "OnlineBackup", "MonthlyCharges", "TotalCharges", "Churn"],
      rows(120, (i, next) => {
        const tenure = i % 11;
        const charges = (20 + next() * 80).toFixed(2);
        const total = tenure === 0 ? " " : (tenure * Number(charges)).toFixed(1);
        return [
          ...[`${String(i).padStart(4, "0")}-ABC`, pick(["Male", "Female"], next()), Number(next() < 0.2), tenure],
          ...[pick(["Yes", "No", "No internet service"], next()), charges, total, pick(["Yes", "No", "No"], next())],
        ];
      }),
    ),
    data: { target: "Churn", drop: ["customerID"], split },
    algorithm: trees("gradient-boosting", { n_estimators: 10 }),
    pandas: { na_values: [" "] },
  },
  {
    name: "bank marketing: semicolons, quotes around every text, yes and no",
    csv: csvOf(
      ["age", "job", "default", "housing", "balance", "y"],
      rows(120, (i, next) => [
        ...[20 + (i % 50), pick(["admin.", "blue-collar", "unknown"], next()), "no", pick(["yes", "no"], next())],
        ...[Math.round(next() * 9_000) - 500, pick(["yes", "no"], next())],
      ]),
      { delimiter: ";", quotes: true },
    ),
    data: { target: "y", split },
    algorithm: trees("logistic-regression", {}),
    rest: { evaluate: { positive: "yes" }, preprocess: [{ "standard-scale": ["age", "balance"] }] },
    pandas: { sep: ";" },
  },
  {
    name: "house prices: NA for no alley and for a frontage that is missing",
    csv: csvOf(
      ["Id", "MSZoning", "LotFrontage", "Alley", "1stFlrSF", "SalePrice"],
      rows(120, (i, next) => [
        ...[i + 1, pick(["RL", "RM", "C (all)"], next()), next() < 0.2 ? "NA" : 40 + Math.round(next() * 60)],
        ...[next() < 0.8 ? "NA" : pick(["Grvl", "Pave"], next()), 600 + Math.round(next() * 900), 100_000 + i * 750],
      ]),
    ),
    data: { target: "SalePrice", drop: ["Id"], split },
    algorithm: trees("random-forest", { n_estimators: 12 }),
  },
  {
    name: "mushrooms: t and f, single letters, a question mark",
    csv: csvOf(
      ["class", "cap-shape", "bruises", "stalk-root", "odor"],
      rows(120, (i, next) => [
        ...[i % 3 === 0 ? "p" : "e", pick(["x", "f", "b"], next()), pick(["t", "f"], next())],
        ...[pick(["?", "b", "e"], next()), i % 3 === 0 ? pick(["f", "y"], next()) : pick(["n", "a"], next())],
      ]),
    ),
    data: { target: "class", split },
    algorithm: trees("decision-tree", { max_depth: 4 }),
  },
  {
    name: "air quality: decimal commas, -200 for missing, nameless columns at the end",
    csv: csvOf(
      ["Date", "Time", "CO(GT)", "PT08.S1(CO)", "T", "RH", "", ""],
      rows(120, (i, next) => [
        ...[`${String((i % 28) + 1).padStart(2, "0")}/03/2004`, `${String(i % 24).padStart(2, "0")}.00.00`],
        ...[i % 9 === 0 ? "-200" : (next() * 4).toFixed(1).replace(".", ","), String(900 + (i % 400))],
        ...[(10 + next() * 9).toFixed(1).replace(".", ","), (40 + next() * 9).toFixed(1).replace(".", ","), null, null],
      ]),
      { delimiter: ";", line: "\r\n" },
    ),
    data: { target: "T", features: ["CO(GT)", "PT08.S1(CO)", "RH"], missing: ["-200"], split },
    algorithm: trees("gradient-boosting", { n_estimators: 10 }),
    pandas: { sep: ";", decimal: "," },
  },
  {
    name: "adult: a blank after every comma, a question mark for what is not known",
    csv: rows(120, (i, next) => [
      20 + (i % 50),
      pick(["Private", "?", "State-gov"], next()),
      pick(["<=50K", ">50K"], next()),
    ]).reduce((text, row) => `${text}${row.join(", ")}\n`, "age, workclass, income\n"),
    data: { target: "income", missing: ["?"], split },
    algorithm: trees("random-forest", { n_estimators: 8 }),
    pandas: { skipinitialspace: true, na_values: ["?"] },
  },
  {
    name: "a frame of pandas with its index, and its booleans",
    csv: csvOf(
      ["", "x", "member", "y"],
      rows(120, (i, next) => [
        i,
        Math.round(next() * 100) / 4,
        pick(["True", "False"], next()),
        Math.round(next() * 1_000) / 8,
      ]),
    ),
    data: { target: "y", split },
    algorithm: trees("gradient-boosting", { n_estimators: 10 }),
  },
  {
    name: "wine: semicolons and quotes around the names, grades of quality",
    csv: csvOf(
      ["fixed acidity", "volatile acidity", "pH", "quality"],
      rows(120, (_, next) => [
        4 + Math.round(next() * 60) / 10,
        Math.round(next() * 100) / 100,
        3 + Math.round(next() * 50) / 100,
        3 + Math.floor(next() * 6),
      ]),
      { delimiter: ";" },
    ).replace(/^.*$/m, '"fixed acidity";"volatile acidity";"pH";"quality"'),
    data: { target: "quality", split },
    algorithm: trees("logistic-regression", {}),
    pandas: { sep: ";" },
  },
  {
    name: "breast cancer: thirty numbers",
    csv: example("breast_cancer.csv"),
    data: { target: "diagnosis", split },
    algorithm: trees("decision-tree", { max_depth: 5 }),
  },
  {
    name: "sections of packages: sentences",
    csv: csvOf(
      ["text", "section"],
      rows(120, (i) => [
        i % 3 === 0 ? null : `${pick(["editor", "library", "game"], (i % 7) / 7)} for "the" console, ${i}`,
        pick(["editors", "libs", "games"], (i % 7) / 7),
      ]),
    ),
    data: { target: "section", split },
    algorithm: trees("tfidf-logistic-regression", {}),
  },
  {
    name: "clusters of numbers with thousands",
    csv: csvOf(
      ["population", "area"],
      rows(120, (i, next) => [`${1 + (i % 3)},${String(Math.floor(next() * 1_000)).padStart(3, "0")}`, next()]),
    ),
    data: { features: ["population", "area"], split: { test: 0 } },
    algorithm: trees("k-means", { n_clusters: 3 }),
    pandas: { thousands: "," },
  },
];
