import { describe, expect, it } from "vitest";
import { parseFilter, parseOrderItem } from "./grammar.ts";

/** `entity.key comparator values`, or the problem with the place. */
function read(filter: string): unknown {
  const clauses = parseFilter(filter);
  if ("problem" in clauses) return `${clauses.at}: ${clauses.problem}`;
  return clauses.map(({ field, comparator, values }) => [
    field.entity === undefined ? field.key : [field.entity, field.key],
    comparator,
    ...values.map(({ text, type }) => (type === "number" ? Number(text) : text)),
  ]);
}

describe("a filter", () => {
  it("is empty if it is blank", () => {
    expect([read(""), read(" \n")]).toEqual([[], []]);
  });
  it.each([
    ["name='x'", [["name", "=", "x"]]],
    [
      "a != 1 AND b <= -2.5e-3 and c > .5 And d < +3",
      [
        ["a", "!=", 1],
        ["b", "<=", -0.0025],
        ["c", ">", 0.5],
        ["d", "<", 3],
      ],
    ],
    [
      "name like '%x' and name ILike \"Y_\"",
      [
        ["name", "LIKE", "%x"],
        ["name", "ILIKE", "Y_"],
      ],
    ],
    [
      "id in ('a') and id NOT in ('b', \"c\",)",
      [
        ["id", "IN", "a"],
        ["id", "NOT IN", "b", "c"],
      ],
    ],
    [
      "a is null and b IS not NULL",
      [
        ["a", "IS NULL"],
        ["b", "IS NOT NULL"],
      ],
    ],
    ["tags.mlflow.source.name = 'a'", [[["tags", "mlflow.source.name"], "=", "a"]]],
    ["tags.`a key` = ''", [[["tags", "a key"], "=", ""]]],
    ["tags.\"a.key\" = '1'", [[["tags", "a.key"], "=", "1"]]],
    ["params.größe-2/x = '1'", [[["params", "größe-2/x"], "=", "1"]]],
    ["`Run name` = 'it''s \"so\"'", [["Run name", "=", 'it\'s "so"']]],
    [
      "android = 'x' AND inner = 'y' AND nullable = 'z'",
      [
        ["android", "=", "x"],
        ["inner", "=", "y"],
        ["nullable", "=", "z"],
      ],
    ],
    [
      "tags.in = 'x' and tags.and != 'y'",
      [
        [["tags", "in"], "=", "x"],
        [["tags", "and"], "!=", "y"],
      ],
    ],
  ])("%s", (filter, clauses) => {
    expect(read(filter)).toEqual(clauses);
  });
});

describe("a filter that cannot be read says where and what would have been allowed", () => {
  it.each([
    ["a = 'x", "4: the quote ' is not closed"],
    ["a = 1x", "4: expected a quoted text or a number, found 1x"],
    ["a = 1e+5and b = 1", "4: expected a quoted text or a number, found 1e+5and"],
    ["a = x", "4: expected a quoted text or a number, found x"],
    ["a = 'x' OR b = 'y'", "8: expected AND or the end, found OR"],
    ["a = 'x' b = 'y'", "8: expected AND or the end, found b"],
    ["a = 'x' AND", "11: expected a field such as name or tags.KEY or a quoted text, found the end"],
    ["a 'x'", "2: expected a comparator such as = or LIKE or ILIKE or NOT or IN or IS, found 'x'"],
    ["a NOT LIKE 'x'", "6: expected IN, found LIKE"],
    ["a IN ('x' 'y')", "10: expected ')', found 'y'"],
    ["a IN ()", "6: expected a quoted text or a number, found )"],
    ["a\0 = 1", "1: holds a character that is not valid Unicode, or NUL"],
    ["a = '\ud800'", "5: holds a character that is not valid Unicode, or NUL"],
  ])("%j", (filter, problem) => {
    expect(read(filter)).toBe(problem);
  });
  it("is read once, however many digits a number has, and refused unread beyond 100,000 characters", () => {
    // To look for the end of the number from each of its digits takes minutes.
    const filter = (digits: number) => `a = ${"1".repeat(digits)}x`;
    expect(read(filter(99_995))).toMatch(/^4: expected a quoted text or a number, found 1/);
    expect(read(filter(1_000_000))).toBe("100000: at most 100000 characters are taken, got 1000005");
  });
  it.each(["a == 1", "a <> 1", "a = 1;", "a = 1x", "a.b.'c' = 1", "(a = 1)", "a = 1.2.3"])("%s", (filter) => {
    expect(read(filter)).toMatch(/^\d+: /);
  });
});

describe("an order", () => {
  it("goes up unless it says DESC", () => {
    const name = { key: "name", at: 0 };
    expect(["name", "name asc", "name DESC", "name desc"].map(parseOrderItem)).toEqual([
      { field: name, descending: false },
      { field: name, descending: false },
      { field: name, descending: true },
      { field: name, descending: true },
    ]);
  });
  it("may quote its key", () => {
    expect(parseOrderItem("metrics.`val loss` DESC")).toEqual({
      field: { entity: "metrics", key: "val loss", at: 0 },
      descending: true,
    });
  });
  it.each([
    ["", "expected a field such as name or tags.KEY or a quoted text, found the end"],
    ["name DOWN", "expected ASC or DESC or the end, found DOWN"],
    ["name ASC DESC", "expected ASC or DESC or the end, found DESC"],
    ["name = 1", "expected ASC or DESC or the end, found ="],
  ])("%j is refused", (item, problem) => {
    expect(parseOrderItem(item)).toMatchObject({ problem });
  });
});
