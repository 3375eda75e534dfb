import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { type ColumnSchema, storageOf, type TableSchema } from "@mintmark/columns/column-schema";
import { AppError } from "@mintmark/errors";
import type { Column, NumberEncoder } from "@mintmark/ml-core/base/preprocessing";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readMlmodel, writeMlmodel } from "./mlmodel.ts";
import { modelFiles, writeModelDirectory } from "./package-directory.ts";
import { loadPredictor } from "./predictor.ts";
import { allCases } from "./testing/cases.ts";
import { inputOf } from "./testing/random-model.ts";
import type { TrainedModel } from "./trained-model.ts";

const cases = allCases();
const named = (name: string) => cases.find((each) => each.name === name)!;
const mixed = named("mixed: trees, renamed");
const numbers = named("numbers: isolation forest");
const training = { seed: 42, algorithm: { name: "random-forest" }, data: { file: "titanic.csv", blake3: "ab" } };

describe("modelFiles", () => {
  it.each(cases)("gives the same bytes for the same model: $name", ({ model, columns }) => {
    const once = modelFiles({ model, example: columns, training });
    expect(modelFiles({ model: structuredClone(model), example: columns, training })).toEqual(once);
  });

  it("does not depend on the order in which the training facts are given", () => {
    const reordered = { data: { blake3: "ab", file: "titanic.csv" }, algorithm: { name: "random-forest" }, seed: 42 };
    expect(textOf(modelFiles({ ...mixed, example: null, training }), "training.yaml")).toBe(
      textOf(modelFiles({ ...mixed, example: null, training: reordered }), "training.yaml"),
    );
  });

  it("names no host, no run and no time", () => {
    for (const [path, content] of modelFiles({ ...mixed, example: mixed.columns, training }))
      expect(Buffer.from(content).toString("latin1"), path).not.toMatch(
        new RegExp(`${hostname()}|run_id|model_uuid|utc_time|${new Date().getFullYear()}-`),
      );
  });

  it("writes the files that MLflow expects, input examples only if there are rows", async () => {
    const directory = await mkdtemp(join(tmpdir(), "mintmark-package-"));
    try {
      await writeModelDirectory(directory, modelFiles({ ...mixed, example: mixed.columns, training }));
      expect((await readdir(directory)).sort()).toEqual([
        "MLmodel",
        "code",
        "conda.yaml",
        "input_example.json",
        "model.onnx",
        "python_env.yaml",
        "requirements.txt",
        "serving_input_example.json",
        "training.yaml",
      ]);
      expect(parse(await readFile(join(directory, "training.yaml"), "utf8"))).toEqual(training);
    } finally {
      await rm(directory, { recursive: true });
    }
    expect([...modelFiles({ ...mixed, example: null, training }).keys()]).not.toContain("input_example.json");
  });

  it("writes missing numbers of the example as null", () => {
    const columns = numbers.model.inputs.map(({ name }) => ({
      type: "number" as const,
      name,
      values: new Float64Array([Number.NaN, 1]),
    }));
    const example = textOf(modelFiles({ ...numbers, example: columns, training }), "input_example.json");
    expect(JSON.parse(example).data).toEqual([
      [null, null, null, null],
      [1, 1, 1, 1],
    ]);
  });

  it("describes numeric models by columns, and columns with text or booleans among them as tensors", () => {
    expect(signature(numbers.model).inputs[0]).toEqual({ type: "double", name: "width", required: true });
    expect(signature(numbers.model).outputs).toEqual([
      { type: "double", name: "anomaly_score", required: true },
      { type: "boolean", name: "is_anomaly", required: true },
    ]);
    expect(signature(mixed.model).inputs[0]).toEqual({
      type: "tensor",
      "tensor-spec": { dtype: "object", shape: [-1] },
      name: "class",
    });
    expect(signature(named("flags: isolation forest").model).inputs[1]).toEqual({
      type: "tensor",
      "tensor-spec": { dtype: "float64", shape: [-1] },
      name: "member",
    });
    expect(signature(named("text: 2 classes, 1 to 1 words").model).inputs).toEqual([
      { type: "string", name: "summary", required: true },
    ]);
  });

  it("refuses names of outputs that are taken", () => {
    const probability = { ...mixed.model, output: { name: "probability_1", labels: null } };
    expect(() => modelFiles({ model: probability, example: null, training })).toThrow(
      `"output.name" gives two columns the name 'probability_1'; choose another`,
    );
    const input = { ...mixed.model, output: { name: "age", labels: null } };
    expect(() => modelFiles({ model: input, example: null, training })).toThrow(/two columns the name 'age'/);
  });

  it("refuses labels of values that are not predicted, and names for what has none", () => {
    const labels = { ...mixed.model, output: { name: null, labels: { alive: "1" } } };
    expect(() => modelFiles({ model: labels, example: null, training })).toThrow(
      `"output.labels" names 'alive', which is not predicted; predictions are '0', '1'`,
    );
    const anomaly = { ...numbers.model, output: { name: "odd", labels: null } };
    expect(() => modelFiles({ model: anomaly, example: null, training })).toThrow(AppError);
  });

  it("refuses models whose parts do not fit together", () => {
    const { model } = mixed;
    expect(() => modelFiles({ model: { ...model, classes: null }, example: null, training })).toThrow(
      /"classes" expected 2 values, got 0/,
    );
    const inputs = model.inputs.toReversed();
    expect(() => modelFiles({ model: { ...model, inputs }, example: null, training })).toThrow(
      /"encoders" expected one for each input/,
    );
    const withColumn = (column: ColumnSchema) =>
      modelFiles({
        model: { ...bare, inputs: bare.inputs.with(0, { ...bare.inputs[0]!, column }) },
        example: null,
        training,
      });
    const bare = named("numbers: linear, bare").model;
    expect(() => withColumn({ name: "width", type: "text", optional: true })).toThrow(
      "expected the column of 'width', number, got 'width', text",
    );
    expect(() => withColumn({ name: "width", type: "number", optional: true })).toThrow(
      "expected 'width' not optional, for nothing fills it",
    );
  });
});

describe("loadPredictor", () => {
  const files = modelFiles({ ...mixed, example: null, training });
  const load = (mlmodel = files.get("MLmodel")!) => loadPredictor(files.get("model.onnx")!, mlmodel);

  it("says what goes in and what comes out", () => {
    const { inputs, outputs, schema } = load();
    expect(schema.columns).toEqual(mixed.model.inputs.map(({ column }) => column));
    expect(inputs).toEqual(mixed.model.inputs);
    expect(outputs).toEqual([
      { name: "Survival prediction", type: "text" },
      { name: "probability_0", type: "number" },
      { name: "probability_1", type: "number" },
    ]);
  });

  it("takes columns in any order, and ignores others", () => {
    const expected = load().predict(mixed.columns);
    const extra = { type: "text" as const, name: "extra", values: [] };
    expect(load().predict([extra, ...mixed.columns.toReversed()])).toEqual(expected);
  });

  it("answers no rows for no rows", () => {
    const none = mixed.columns.map((column) => ({
      ...column,
      values: column.values.slice(0, 0),
    })) as typeof mixed.columns;
    expect(
      load()
        .predict(none)
        .map(({ values }) => values.length),
    ).toEqual([0, 0, 0]);
  });

  it("names missing inputs, uneven inputs, and texts in the place of numbers", () => {
    const [first, second, ...rest] = mixed.columns;
    expect(() => load().predict(rest)).toThrow("model is missing inputs ['class', 'age']");
    const short = { type: "number" as const, name: "age", values: new Float64Array(3) };
    expect(() => load().predict([first!, short, ...rest])).toThrow(
      /input 'age' has 3 rows, the inputs before it have 2003/,
    );
    const text = { type: "text" as const, name: "age", values: Array.from(second!.values, String) };
    expect(() => load().predict([first!, text, ...rest])).toThrow("input 'age' expected a number, got a text");
  });

  it("refuses numbers that are missing where no rule says what then, and infinite ones, by column and row", () => {
    const { model, columns } = named("numbers: linear, bare");
    const files = modelFiles({ model, example: null, training });
    const { predict } = loadPredictor(files.get("model.onnx")!, files.get("MLmodel")!);
    const withValue = (value: number) =>
      columns.map((column) =>
        column.name === "Größe" ? { ...column, values: (column.values as Float64Array).with(70, value) } : column,
      ) as Column[];
    expect(() => predict(withValue(Number.NaN))).toThrow("input 'Größe' has no value at row 70");
    expect(() => predict(withValue(-Infinity))).toThrow("'Größe' expected a finite number, got -Infinity at row 70");
    const fill = { ...model.preprocessor.encoders[2]!, fill: 0 } as NumberEncoder;
    const encoders = model.preprocessor.encoders.with(2, fill);
    const rule = modelFiles({
      model: { ...model, inputs: encoders.map((encoder) => inputOf(encoder)), preprocessor: { encoders } },
      example: null,
      training,
    });
    const filled = loadPredictor(rule.get("model.onnx")!, rule.get("MLmodel")!);
    expect(filled.predict(withValue(Number.NaN))).toEqual(filled.predict(withValue(0)));
    expect(() => filled.predict(withValue(Infinity))).toThrow(/expected a finite number, got Infinity at row 70/);
  });

  it.each(["one text: linear", "text: 2 classes, 1 to 1 words"])(
    "takes the table's own spellings for missing: %s",
    (name) => {
      const { preprocessor, ...rest } = named(name).model;
      // A missing text is a category of its own, so that it is not the same as one that training did not see.
      const encoders = preprocessor.encoders.map((encoder) =>
        encoder.kind === "number"
          ? encoder
          : { ...encoder, fill: null, categories: ["", ...encoder.categories.slice(1)] },
      );
      const model = { ...rest, preprocessor: { encoders }, missing: ["library and gtk"] };
      const files = modelFiles({ model, example: null, training });
      const { predict } = loadPredictor(files.get("model.onnx")!, files.get("MLmodel")!);
      const answer = (text: string) =>
        predict([{ type: "text", name: model.inputs[0]!.name, values: [text] }]).map(({ values }) => values[0]);
      expect(answer("library and gtk")).toEqual(answer(""));
      expect(answer("library")).not.toEqual(answer(""));
    },
  );

  it("refuses a graph that is not the one of the signature", () => {
    const other = modelFiles({ ...numbers, example: null, training }).get("MLmodel")!;
    expect(() => load(other)).toThrow(/the graph takes 'class', which the signature does not name/);
  });
});

describe("readMlmodel", () => {
  const read = (text: string) => readMlmodel(new TextEncoder().encode(text));

  it("reads what it wrote", () => {
    expect(readMlmodel(modelFiles({ ...mixed, example: null, training }).get("MLmodel")!)).toEqual({
      inputs: mixed.model.inputs,
      schema: { columns: mixed.model.inputs.map(({ column }) => column) },
      onnxFile: "model.onnx",
      task: "classification",
    });
  });

  it("reads how rows are read: formats, missing values, the delimiter and the query", () => {
    const column = { name: "yes", type: "number", format: { decimal: ",", thousands: null }, optional: false } as const;
    const written: TableSchema = {
      columns: [
        column,
        { name: "1:30", type: "integer", format: { decimal: ".", thousands: "'" }, optional: true },
        { name: "null", type: "boolean", optional: false },
        { name: "é\n#", type: "date", optional: true },
        { name: "~", type: "text", optional: true, spells: ["number", "boolean"] },
      ],
      missing: ["", "no", "-999"],
      delimiter: "\t",
      query: "SELECT yes,\n  no -- 'no'\nFROM data",
    };
    const inputs = written.columns.map((column) => ({ name: column.name, type: storageOf(column.type), column }));
    const text = writeMlmodel({ inputs, outputs: [], schema: written }, { task: "regression", hasExample: false });
    expect(read(text)).toMatchObject({ inputs, schema: written });
    // What YAML 1.1, and so Python, takes for other things than texts is quoted.
    expect(parse(text, { version: "1.1" }).metadata.mintmark).toMatchObject({
      columns: written.columns.map(({ name }) => ({ name })),
      missing: written.missing,
    });
  });

  it("tolerates files of others, with and without a signature", () => {
    expect(read("flavors: {sklearn: {pickled_model: model.pkl}}\n")).toEqual({
      inputs: [],
      schema: { columns: [] },
      onnxFile: null,
      task: null,
    });
    const columns = [
      { type: "long", name: "a" },
      { type: "tensor", "tensor-spec": { dtype: "float32", shape: [-1] }, name: "b" },
      { type: "string", name: "c", required: false },
    ];
    expect(read(`signature: {inputs: '${JSON.stringify(columns)}'}`).schema.columns).toEqual([
      { name: "a", type: "number", optional: true },
      { name: "b", type: "number", optional: true },
      { name: "c", type: "text", optional: true },
    ]);
  });

  it.each([
    ["a: [", /not YAML/],
    ["signature: {inputs: '['}", /not JSON/],
    ["signature: {inputs: '{}'}", /not a list/],
    [`signature: {inputs: '[{"type":"double"}]'}`, /input 0 of the signature has no name/],
    [`signature: {inputs: '[{"type":"datetime","name":"t"}]'}`, /input 't' of the signature has the type "datetime"/],
    [ours("[]"), /metadata.mintmark has other columns than the signature/],
    [ours("[{name: b, type: number, optional: true}]"), /other columns than the signature/],
    [ours("[{name: a, type: text, optional: true}]"), /other columns than the signature/],
    [ours("7"), /has no list of columns/],
    [ours("[a]"), /a type that is none in columns\[0\]/],
    [ours("[{name: a, type: number}]"), /does not say in columns\[0\] whether it is optional/],
    [ours("[{name: 1, type: number, optional: true}]"), /expected a text as columns\[0\].name/],
    [ours("[{name: a, type: number, optional: true, decimal: x}]"), /a decimal mark that is none in columns\[0\]/],
    [ours("[{name: a, type: number, optional: true, spells: [x]}]"), /a spelling that is none in columns\[0\]/],
    [ours("[{name: a, type: number, optional: true}], missing: [1]"), /expected a text as missing/],
  ])("says what is wrong with %j", (text, problem) => expect(() => read(text)).toThrow(problem));
});

/** An MLmodel of ours with one input, `a`. */
function ours(columns: string): string {
  return `metadata: {mintmark: {columns: ${columns}}}\nsignature: {inputs: '[{"type":"double","name":"a"}]'}`;
}

function signature(model: TrainedModel) {
  const { signature } = parse(textOf(modelFiles({ model, example: null, training }), "MLmodel"));
  return { inputs: JSON.parse(signature.inputs), outputs: JSON.parse(signature.outputs) };
}

function textOf(files: ReadonlyMap<string, Uint8Array>, path: string): string {
  return new TextDecoder().decode(files.get(path)!);
}
