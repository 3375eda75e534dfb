import { describe, expect, it } from "vitest";
import { algorithmNames } from "./algorithms.ts";
import { trainingFileJsonSchema } from "./json-schema.ts";

describe("the JSON Schema of the training file", () => {
  const schema = trainingFileJsonSchema();

  it("requires what has no default, and allows no other keys", () => {
    expect(schema).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      required: ["model", "data", "algorithm"],
      additionalProperties: false,
    });
  });

  it("has one form an algorithm", () => {
    const { algorithm } = schema["properties"] as {
      algorithm: { oneOf: { properties: { name: { const: string } } }[] };
    };
    expect(algorithm.oneOf.map((one) => one.properties.name.const)).toEqual(algorithmNames);
  });
});
