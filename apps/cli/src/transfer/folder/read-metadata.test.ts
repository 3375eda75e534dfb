import { MalformedError } from "@mintmark/crypto/malformed-error";
import { describe, expect, it } from "vitest";
import { parseMetadata } from "./read-metadata.ts";

const parse = (value: unknown) => parseMetadata(JSON.stringify(value));

describe("metadata.json", () => {
  it("is sorted into what a registry has a place for", () => {
    const card = {
      name: "titanic",
      version: "1.0.0",
      model_type: "RandomForestClassifier",
      description: "who survives",
      metrics: { accuracy: 0.81, f1_score: 0.77, note: "high" },
      parameters: { n_estimators: 200, max_depth: null, features: ["age", "sex"] },
      training_data: { n_samples: 891, n_features: 3 },
      author: "ada",
      created_at: "1717243200",
      auc: 0.9,
      git: { commit: "0af1" },
    };
    expect(parse(card)).toEqual({
      description: "who survives",
      version: "1.0.0",
      metrics: { accuracy: 0.81, f1_score: 0.77, auc: 0.9 },
      params: { n_estimators: "200", max_depth: "null", features: '["age","sex"]' },
      tags: {
        name: "titanic",
        model_type: "RandomForestClassifier",
        training_data: '{"n_samples":891,"n_features":3}',
        author: "ada",
        created_at: "1717243200",
        git: '{"commit":"0af1"}',
      },
      facts: { modelType: "RandomForestClassifier", nSamples: 891n, nFeatures: 3 },
      time: new Date("2024-06-01T12:00:00Z"),
    });
  });

  it.each([
    ["2024-06-01T12:00:00Z", "2024-06-01T12:00:00.000Z"],
    [1_717_243_200, "2024-06-01T12:00:00.000Z"],
    [1_717_243_200_000, "2024-06-01T12:00:00.000Z"],
    ["1717243200.5", "2024-06-01T12:00:00.500Z"],
    ["last summer", undefined],
    [null, undefined],
  ])("says when: %j", (created_at, time) => {
    expect(parse({ created_at }).time?.toISOString()).toBe(time);
  });

  it("leaves out what no key can be, and what is no count", () => {
    const { metrics, params, facts } = parse({
      metrics: { "../x": 1, "": 2, "a/b": 3, ok: 4 },
      params: { "/etc": "x", fine: "y" },
      n_samples: -1,
      n_features: 1.5,
    });
    expect([metrics, params, facts]).toEqual([{ ok: 4 }, { fine: "y" }, { modelType: "", nSamples: 0n, nFeatures: 0 }]);
  });

  it.each(["", "[]", "null", "3", '{"accuracy": NaN}', "{"])("that is %j says why it cannot be read", (text) => {
    expect(() => parseMetadata(text)).toThrow(MalformedError);
  });
});
