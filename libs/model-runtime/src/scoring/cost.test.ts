import { costBattery, parser } from "@mintmark/testing/cost-battery";
import { jsonShapes, numbered, repeated, textShapes } from "@mintmark/testing/hostile-text";
import { readCsvInput, readJsonInput } from "./read-input.ts";

const inputs = ["a", "b"];

costBattery("scoring input", {
  "JSON to score": parser({
    run: (text: string) => readJsonInput(text, inputs),
    shapes: {
      ...textShapes,
      ...jsonShapes,
      records: repeated('{"a":1,"b":2},', '{"dataframe_records":[', '{"a":1,"b":2}]}'),
      "records of other names each": numbered((index) => `{"k${index}":1}`, ",", '{"dataframe_records":[', "]}"),
      "one record of many names": numbered((index) => `"k${index}":1`, ",", '{"dataframe_records":[{', "}]}"),
      "names beside an input": numbered((index) => `"k${index}":1`, ",", '{"inputs":[{"a":1},{', "}]}"),
      "columns of many names": numbered((index) => `"k${index}":[1]`, ",", '{"inputs":{', "}}"),
      "split of many columns": (size: number) =>
        `{"dataframe_split":{"columns":[${numbered((index) => `"k${index}"`, ",")(size)}],"data":[[1]]}}`,
      "empty rows": repeated("[],", '{"dataframe_split":{"columns":["a"],"data":[', "[]]}}"),
      "lists in a row": (size: number) => `{"instances":[${"[".repeat(size / 2)}1${"]".repeat(size / 2)}]}`,
    },
  }),
  "CSV to score": parser({
    run: (text: string) => readCsvInput(text, inputs, { maxValues: 1e9 }),
    shapes: {
      ...textShapes,
      rows: repeated("1,2\n", "a,b\n"),
      "many columns": numbered((index) => `c${index}`, ",", "a,b,", "\n1,2"),
      "quotes in quotes": repeated('""', 'a,b\n"', '",1'),
      "a quote that does not end": repeated("1,2\n", 'a,b\n"'),
      "short rows": repeated("1\n", "a,b\n"),
    },
  }),
});
