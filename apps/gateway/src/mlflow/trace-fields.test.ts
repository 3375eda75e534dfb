import { expect, it } from "vitest";
import { message, readMessage } from "./fields.ts";
import { texts } from "./trace-fields.ts";

const read = (json: string) => readMessage(message({ tags: texts }), JSON.parse(json)).tags;

it("texts by key keep every key, also those that objects have of their own", () => {
  const tags = read('{"tags":{"__proto__":"a","constructor":"b","toString":"c"}}');
  expect(Object.entries(tags)).toEqual([
    ["__proto__", "a"],
    ["constructor", "b"],
    ["toString", "c"],
  ]);
  expect(read("{}")).toEqual({});
});

it.each(['{"tags":["a"]}', '{"tags":"a"}', '{"tags":{"a":1}}', '{"tags":{"__proto__":{"b":"c"}}}'])(
  "anything else is refused: %s",
  (json) => expect(() => read(json)).toThrow("tags"),
);
