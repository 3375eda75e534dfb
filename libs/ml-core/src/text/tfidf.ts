/**
 * TF-IDF: texts to sparse rows of unit length, weighted by how rare each term is.
 *
 * Source: Spärck Jones 1972, doi:10.1108/eb026526; the smoothed form of scikit-learn's TfidfVectorizer:
 * idf = ln((1 + texts) / (1 + texts with the term)) + 1, rows count · idf divided by their Euclidean norm.
 * @module
 */
import { ArgumentError } from "../base/argument-error.ts";
import { requireInteger } from "../base/check.ts";
import { compareCodePoints } from "../base/code-points.ts";
import type { TfidfVectorizer } from "../base/estimator.ts";
import type { SparseRows } from "../linear/design.ts";
import { nGrams, tokenize } from "./tokenize.ts";

export interface TfidfParams {
  /** Fewest and most words of a term; default [1, 1]. */
  readonly ngram_range?: readonly [number, number] | undefined;
  /** A term must occur in at least so many texts, ≥ 1; default 1. */
  readonly min_df?: number | undefined;
  /** Keeps only the terms that occur most often, all texts together; null (default) keeps all. */
  readonly max_features?: number | null | undefined;
}

/** @throws ArgumentError for bad parameters, or if no term is left. */
export function fitTfidf(
  texts: readonly string[],
  { ngram_range: [ngramMin, ngramMax] = [1, 1], min_df = 1, max_features = null }: TfidfParams = {},
): TfidfVectorizer {
  requireInteger("ngram_range[0]", ngramMin, 1);
  requireInteger("ngram_range[1]", ngramMax, ngramMin);
  requireInteger("min_df", min_df, 1);
  if (max_features !== null) requireInteger("max_features", max_features, 1);

  const terms = countTerms(texts, ngramMin, ngramMax);
  const frequent = [...terms].filter(([, { texts: count }]) => count >= min_df);
  if (frequent.length === 0)
    throw new ArgumentError(
      `"texts" expected words, got ${terms.size} terms in ${texts.length} texts, none in at least ${min_df} of them (min_df)`,
    );
  // Of equally frequent terms the earlier in code-point order stays, so that the choice is always the same.
  frequent.sort(([a, x], [b, y]) => y.occurrences - x.occurrences || compareCodePoints(a, b));
  const kept = frequent.slice(0, max_features ?? frequent.length).sort(([a], [b]) => compareCodePoints(a, b));
  return {
    vocabulary: kept.map(([term]) => term),
    idf: Float64Array.from(kept, ([, { texts: count }]) => Math.log((1 + texts.length) / (1 + count)) + 1),
    ngramMin,
    ngramMax,
  };
}

/** One row a text; a text without a known term is a row of zeros. Columns ascend within a row. */
export function transformTfidf(
  { vocabulary, idf, ngramMin, ngramMax }: TfidfVectorizer,
  texts: readonly string[],
): SparseRows {
  const columnOf = new Map(vocabulary.map((term, column) => [term, column]));
  const starts = new Int32Array(texts.length + 1);
  const columns: number[] = [];
  const values: number[] = [];
  texts.forEach((text, row) => {
    const counts = new Map<number, number>();
    for (const term of nGrams(tokenize(text), ngramMin, ngramMax)) {
      const column = columnOf.get(term);
      if (column !== undefined) counts.set(column, (counts.get(column) ?? 0) + 1);
    }
    const entries = [...counts]
      .sort(([a], [b]) => a - b)
      .map(([column, count]) => [column, count * idf[column]!] as const);
    const norm = Math.sqrt(entries.reduce((sum, [, weight]) => sum + weight * weight, 0));
    for (const [column, weight] of entries) {
      columns.push(column);
      values.push(weight / norm);
    }
    starts[row + 1] = columns.length;
  });
  return {
    rows: texts.length,
    cols: vocabulary.length,
    starts,
    columns: Int32Array.from(columns),
    values: Float64Array.from(values),
  };
}

interface TermCount {
  readonly texts: number;
  readonly occurrences: number;
}

function countTerms(texts: readonly string[], min: number, max: number): Map<string, TermCount> {
  const terms = new Map<string, TermCount>();
  for (const text of texts) {
    const grams = nGrams(tokenize(text), min, max);
    const seen = new Set<string>();
    for (const term of grams) {
      const { texts: count, occurrences } = terms.get(term) ?? { texts: 0, occurrences: 0 };
      terms.set(term, { texts: seen.has(term) ? count : count + 1, occurrences: occurrences + 1 });
      seen.add(term);
    }
  }
  return terms;
}
