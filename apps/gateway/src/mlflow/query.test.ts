import { expect, it } from "vitest";
import { readQuery } from "./query.ts";

it.each([
  ["/a", {}],
  ["/a?", {}],
  ["/a?name=50%25+%C3%BC&path=x?y", { name: "50% ü", path: "x?y" }],
  ["/a?id=1&id=2", { id: ["1", "2"] }],
  ["/a?name=%EF%BF%BD", { name: "\uFFFD" }],
  ["/a?name=%zz", { name: "%zz" }],
])("%s has the parameters %j", (url, parameters) => {
  expect(readQuery(url)).toEqual(parameters);
});

it.each(["/a?name=x%FF", "/a?name=%ED%A0%80", "/a?id=1&id=%C3"])("%s names nothing, for it is not UTF-8", (url) => {
  expect(() => readQuery(url)).toThrow("not UTF-8");
});
