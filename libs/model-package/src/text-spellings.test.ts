import { pandasMissing } from "@mintmark/columns/missing";
import { describe, expect, it } from "vitest";
import { spellingsOf, type TextCategories } from "./text-spellings.ts";

/** The category that each of the spellings means, null where it is unknown. */
function meanings(of: TextCategories, spellings: readonly string[], missing?: readonly string[]) {
  const { indices } = spellingsOf(of, missing === undefined ? {} : { missing });
  return spellings.map((spelling) => of.categories[indices.get(spelling) ?? -1] ?? null);
}

describe("spellingsOf", () => {
  it("takes each category for itself, before all else", () => {
    const categories = ["", "None", "True", "nan", "red"];
    expect([...spellingsOf({ categories }, {}).indices].slice(0, 5)).toEqual(categories.map((text, i) => [text, i]));
    expect(meanings({ categories }, ["None", "nan", "True", "red"])).toEqual(["None", "nan", "True", "red"]);
  });

  it("takes every spelling of a missing value for the missing category, of pandas' list and as Python says it", () => {
    const spellings = [...pandasMissing, "nan", "None", "<NA>", "NaT", " "];
    expect(meanings({ categories: ["", "red"] }, spellings)).toEqual(spellings.map(() => ""));
  });

  it("takes it for the category that fills, and where there is neither for an unknown one", () => {
    const spellings = ["", "NA", "None", "NaT"];
    expect(meanings({ categories: ["blue", "red"], fill: "red" }, spellings)).toEqual(spellings.map(() => "red"));
    expect(meanings({ categories: ["blue", "red"], fill: null }, spellings)).toEqual(spellings.map(() => null));
    expect(meanings({ categories: ["blue", "red"] }, spellings)).toEqual(spellings.map(() => null));
  });

  it("knows the table's own spellings instead of pandas', as numbers too, and Python's at all times", () => {
    const spellings = ["-999", "-999.0", "-", "NULL", "None"];
    expect(meanings({ categories: ["", "1"] }, spellings, ["-", "-999"])).toEqual(["", "", "", null, ""]);
    expect(meanings({ categories: ["-999.00", "1"] }, ["-999", "-999.0"], ["-999"])).toEqual([null, null]);
  });

  it("takes booleans in the spellings that pandas reads as them, if all categories are such", () => {
    const words = ["true", "True", "TRUE", "false", "False", "FALSE", "tRUE"];
    expect(meanings({ categories: ["", "FALSE", "true"] }, words)).toEqual([
      ...["true", "true", "true"],
      ...["FALSE", "FALSE", "FALSE", null],
    ]);
    expect(meanings({ categories: ["True"] }, words)).toEqual(["True", "True", "True", null, null, null, null]);
    expect(meanings({ categories: ["True", "false", "true"] }, ["True", "true", "TRUE", "False"])).toEqual([
      ...["True", "true", null, "false"],
    ]);
    expect(meanings({ categories: ["maybe", "true"] }, ["True"])).toEqual([null]);
  });

  it("takes numbers as pandas spells them from columns of integers and of floats, if one category is meant", () => {
    const categories = ["", "007", "1", "1.50", "1e16", "1e-7", "x", "0.0001", "1,000"];
    const spellings = ["7", "7.0", "1", "1.0", "1.5", "1e+16", "10000000000000000", "1e-07", "0.0001", "1000.0"];
    expect(meanings({ categories }, spellings)).toEqual([
      ...["007", "007", "1", "1", "1.50", "1e16", "1e16", "1e-7", "0.0001", "1,000"],
    ]);
    // 1 and 01 both are 1.0; which was meant is not known.
    expect(meanings({ categories: ["01", "1"] }, ["1", "01", "1.0"])).toEqual(["1", "01", null]);
  });

  it("says what else than texts is taken", () => {
    const spells = (...categories: string[]) => spellingsOf({ categories }, {}).spells;
    expect(spells("", "blue")).toEqual([]);
    expect(spells("", "TRUE", "false")).toEqual(["boolean"]);
    expect(spells("1001", "x")).toEqual(["number"]);
    expect(spells("")).toEqual([]);
  });
});
