import { costBattery, parser } from "@mintmark/testing/cost-battery";
import { jsonShapes, numbered, repeated, textShapes, yamlShapes } from "@mintmark/testing/hostile-text";
import { parseTrainingConfig, parseTrainingFile } from "./index.ts";

const file = "model: m\ndata: { source: a.csv, target: t }\nalgorithm: { name: random-forest }\n";

costBattery("training files", {
  "YAML of a training file": parser({
    run: (text: string) => parseTrainingFile(text),
    size: 1 << 16,
    shapes: {
      ...yamlShapes,
      ...textShapes,
      "many tags": numbered((index) => `    k${index}: v`, "\n", `${file}register:\n  tags:\n`),
      "many labels": numbered((index) => `    k${index}: v`, "\n", `${file}output:\n  labels:\n`),
      "many steps": repeated("  - one-hot: [a]\n", `${file}preprocess:\n`),
      "many unknown keys": numbered((index) => `modle${index}: v`, "\n", file),
      "many unknown parameters": numbered(
        (index) => `    depth${index}: v`,
        "\n",
        `${file.replace("{ name: random-forest }", "\n  name: random-forest\n  params:")}`,
      ),
      "many environments": numbered((index) => `  e${index}: { model: x }`, "\n", `${file}environments:\n`),
      "a long unknown key": repeated("x", `${file}`, ": 1"),
    },
  }),
  "an environment": parser({
    run: (text: string) => parseTrainingFile(text, { env: "x" }),
    size: 1 << 16,
    shapes: {
      "many keys": numbered(
        (index) => `        k${index}: v`,
        "\n",
        `${file}environments:\n  x:\n    register:\n      tags:\n`,
      ),
    },
  }),
  "a setting": parser({
    run: (text: string) => parseTrainingFile(file, { set: [text] }),
    size: 1 << 16,
    shapes: {
      "a long path": repeated("a.", "", "a=1"),
      "a long value": repeated("[", "data.query="),
      "no value": repeated("a."),
    },
  }),
  "a configuration as JSON": parser({
    run: (text: string) => parseTrainingConfig(JSON.parse(text)),
    shapes: jsonShapes,
  }),
});
