import fc from "fast-check";
import { expect, it } from "vitest";
import { repeatedKey } from "./repeated-key.ts";

it.each([
  ['{"a":1,"a":2}', "a"],
  ['{"dataframe_records":[{"a":1},{"b":"x","a" : 1, "b":2}]}', "b"],
  ['{"a":{"x":1,"\\u0078":2}}', "x"],
  ['{"é\\"":1,"é\\"":2}', 'é"'],
])("finds %s", (text, key) => expect(repeatedKey(text)).toBe(key));

it("finds none in what JSON.stringify writes, whatever stands in it", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), (text) => {
      // A text without repeated keys survives parsing as it is.
      expect(repeatedKey(JSON.stringify(JSON.parse(text)))).toBeUndefined();
    }),
  );
});

it("leaves values alone that look like keys", () => {
  expect(repeatedKey('{"a":"b","b":["b:","a","a"],"c":{"a":1}}')).toBeUndefined();
});
