import { expect, it } from "vitest";
import { pickledFiles, pickleWarning } from "./pickled-files.ts";

const pickled = [
  "python_model.pkl",
  "a/b/MODEL.PKL",
  "model.joblib",
  "data/model.pth",
  "epoch.ckpt",
  "pytorch_model.bin",
  "pytorch_model-00001-of-00002.bin",
  "checkpoint/optimizer.bin",
];
const others = [
  "MLmodel",
  "model.onnx",
  "model.safetensors",
  "pkl",
  "model.pkl.txt",
  "tokenizer.bin",
  "my_training_args.bin",
];

it("knows pickles by their names", () => {
  expect(pickledFiles([...pickled, ...others].map((path) => ({ path })))).toEqual(pickled);
});

it("names three of them, and how many more there are", () => {
  expect(pickleWarning([])).toBeUndefined();
  expect(pickleWarning(["a.pkl"])).toBe("holds pickled code (a.pkl): whoever loads it runs what its maker wrote");
  expect(pickleWarning(["a.pkl", "b.pkl", "c.pkl", "d.pt", "e.pt"])).toContain("(a.pkl, b.pkl, c.pkl and 2 more)");
});
