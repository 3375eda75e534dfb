import { expect, it } from "vitest";
import { requireFewValues } from "./fields.ts";

it("JSON in a text is refused by the number of its values, before it is parsed, and not by its length", () => {
  const many = `[${"{},".repeat(200_000)}{}]`;
  expect(() => requireFewValues("records_json", many)).toThrow('"records_json" must hold at most 200000 values');
  expect(() => requireFewValues("records_json", JSON.stringify([many]))).not.toThrow();
});
