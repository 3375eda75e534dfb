import { digestsOf } from "@mintmark/crypto/digests";
import { modelFiles } from "@mintmark/model-package/package-directory";
import { allCases } from "@mintmark/model-package/testing/cases";
import { costlyGraph } from "@mintmark/model-package/testing/costly-graph";
import { afterAll, describe, expect, it } from "vitest";
import { modelTrials } from "./try-model.ts";

const { model } = allCases().find(({ name }) => name === "numbers: trees, logistic of booleans")!;
const files = modelFiles({ model, example: null, training: {} });
const stored = new Map<string, Uint8Array>();
const trials = modelTrials({
  async *read(blake3: string) {
    yield stored.get(blake3)!;
  },
});
afterAll(() => trials.close());

/** A directory with this graph, as it is stored. */
function directory(onnx: Uint8Array) {
  return Object.entries({ "model.onnx": onnx, MLmodel: files.get("MLmodel")! }).map(([path, bytes]) => {
    const digests = digestsOf(bytes);
    stored.set(digests.blake3, bytes);
    return { path, ...digests };
  });
}

describe("a model that is to be registered", () => {
  it("is refused if it could not be served without harm", async () => {
    const columns = model.inputs.length;
    for (const [graph, cost] of [
      [{ columns, doublings: 18, more: 40, keeps: true }, "a run takes more than 256 MiB"],
      [{ columns, doublings: 25, more: 0, keeps: false }, "elements, and at most 16777216 are possible"],
    ] as const)
      await expect(trials.requireAffordable(directory(costlyGraph(graph)))).rejects.toMatchObject({
        reason: "MODEL_TOO_COSTLY",
        message: expect.stringContaining(cost),
      });
  });

  it("is taken if it can be served, and if Mintmark does not run such at all", async () => {
    await trials.requireAffordable(directory(files.get("model.onnx")!));
    await trials.requireAffordable(directory(Buffer.from("another kind of file")));
    await trials.requireAffordable([]);
  });
});
