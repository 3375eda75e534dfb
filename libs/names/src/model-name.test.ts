import { describe, expect, it } from "vitest";
import { parseModelName } from "./model-name.ts";

describe("a model's name", () => {
  it.each([
    ["titanic", "main.default.titanic"],
    ["main.default.titanic", "main.default.titanic"],
    ["growth.churn.gbm", "growth.churn.gbm"],
    ["churn.gbm", "main.default.churn.gbm"],
    ["a..c", "main.default.a..c"],
    ["...", "main.default...."],
    ["a.b.c.d", "main.default.a.b.c.d"],
    ["42", "main.default.42"],
    ["user@example", "main.default.user@example"],
    ["名前 ü 🚢", "main.default.名前 ü 🚢"],
    ["a".repeat(255), `main.default.${"a".repeat(255)}`],
    [`${"a".repeat(255)}.b.c`, `${"a".repeat(255)}.b.c`],
  ])("%s is found as %s", (written, full) => {
    expect(parseModelName(written)).toMatchObject({ full, written });
  });

  it.each([
    ["", "blank"],
    ["  ", "blank"],
    ["a. .c", "blank"],
    ["a/b", "'/' or ':'"],
    ["models:/a", "'/' or ':'"],
    [".", "'..'"],
    ["..", "'..'"],
    ["a\u0000b", "control"],
    ["a\nb", "control"],
    ["a\u2028b", "control"],
    ["u\u0308ber", "NFC"],
    ["\ud800", "Unicode"],
    ["é".repeat(128), "255 bytes"],
  ])("%j is refused", (written, problem) => {
    expect(() => parseModelName(written)).toThrow(problem);
  });
});
