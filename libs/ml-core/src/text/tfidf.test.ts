import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { golden } from "../linear/golden.fixture.ts";
import { fitTfidf, transformTfidf } from "./tfidf.ts";

describe("fitTfidf", () => {
  it("weights terms by hand", () => {
    // 2 texts: "a" in both: ln(3/3) + 1 = 1; "b" in one: ln(3/2) + 1.
    const { vocabulary, idf } = fitTfidf(["a b", "a a"]);
    expect(vocabulary).toEqual(["a", "b"]);
    expect(idf[0]).toBe(1);
    expect(idf[1]).toBe(Math.log(1.5) + 1);
  });

  it.each(golden.tfidf.cases.map((one) => [JSON.stringify(one.params), one] as const))(
    "makes the same rows as scikit-learn with %s",
    (_, { params, vocabulary, idf, rows }) => {
      const vectorizer = fitTfidf(golden.tfidf.texts, params);
      expect(vectorizer.vocabulary).toEqual(vocabulary);
      for (const [j, value] of vectorizer.idf.entries()) expect(value).toBeCloseTo(idf[j]!, 14);
      const sparse = transformTfidf(vectorizer, golden.tfidf.texts);
      rows.forEach((row, i) => {
        const dense = new Array<number>(row.length).fill(0);
        for (let at = sparse.starts[i]!; at < sparse.starts[i + 1]!; at++)
          dense[sparse.columns[at]!] = sparse.values[at]!;
        for (const [j, value] of dense.entries()) expect(value).toBeCloseTo(row[j]!, 14);
      });
    },
  );

  it("keeps the most frequent terms, of equals the earlier one", () => {
    expect(fitTfidf(["c c c b a", "b a"], { max_features: 2 }).vocabulary).toEqual(["a", "c"]);
  });

  it("refuses texts without words, and a min_df that leaves none", () => {
    expect(() => fitTfidf(["", "  "])).toThrow(/expected words, got 0 terms in 2 texts/);
    expect(() => fitTfidf(["a", "b"], { min_df: 2 })).toThrow(/got 2 terms in 2 texts, none in at least 2/);
    expect(() => fitTfidf(["a"], { ngram_range: [2, 1] })).toThrow('"ngram_range[1]" expected an integer >= 2, got 1');
  });
});

describe("transformTfidf", () => {
  it("makes rows of length 1, or 0 where no term is known", () => {
    const text = fc.array(fc.constantFrom("a", "B", "c", "?", "  ")).map((words) => words.join(" "));
    const vectorizer = fitTfidf(["a b c", "a b", "a"], { ngram_range: [1, 2] });
    fc.assert(
      fc.property(text, (one) => {
        const { values } = transformTfidf(vectorizer, [one]);
        const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
        expect(length).toBeCloseTo(/[abcB]/.test(one) ? 1 : 0, 12);
      }),
    );
  });
});
