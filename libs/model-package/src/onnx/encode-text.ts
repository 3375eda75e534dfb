/**
 * TF-IDF in the graph: unit vectors, float64 `[N, vocabulary]`, of texts `[N]`.
 *
 * Lower case is that of ASCII letters (locale "C": others are not in every container), and words end at spaces only
 * (tabs and line breaks are part of a word): so does onnxruntime's StringSplit.
 * @module
 */
import type { TableSchema } from "@mintmark/columns/column-schema";
import type { TfidfVectorizer } from "@mintmark/ml-core/base/estimator";
import { TensorProto_DataType as DataType } from "@mintmark/proto/onnx/onnx";
import { missingSpellings } from "../text-spellings.ts";
import type { GraphBuilder, Value } from "./graph-builder.ts";
import { mlDomain } from "./operator-sets.ts";

export function encodeTfidf(
  graph: GraphBuilder,
  vectorizer: TfidfVectorizer,
  texts: Value,
  table: Pick<TableSchema, "missing">,
): Value {
  const present = withoutMissing(graph, texts, missingSpellings(table));
  const lower = graph.node("StringNormalizer", [present], { attributes: { case_change_action: "LOWER", locale: "C" } });
  const [words] = graph.nodes("StringSplit", [lower], 2);
  const counts = graph.node("TfIdfVectorizer", [words!], { attributes: vectorizerAttributes(vectorizer) });
  const frequencies = graph.node("Cast", [counts], { attributes: { to: DataType.DOUBLE } });
  const weighted = graph.node("Mul", [frequencies, graph.doubles(vectorizer.idf)]);
  return unitRows(graph, weighted);
}

/** The texts, empty where they spell a missing value: Python's `None` is no word. */
function withoutMissing(graph: GraphBuilder, texts: Value, spellings: readonly string[]): Value {
  const attributes = { keys_strings: spellings, values_int64s: spellings.map(() => 1), default_int64: 0 };
  const flag = graph.node("LabelEncoder", [texts], { attributes, domain: mlDomain });
  const isMissing = graph.node("Cast", [flag], { attributes: { to: DataType.BOOL } });
  return graph.node("Where", [isMissing, graph.texts([""]), texts]);
}

/** The pool holds the n-grams by length, so each says which column of the vocabulary it counts in. */
function vectorizerAttributes({ vocabulary, ngramMin, ngramMax }: TfidfVectorizer) {
  const terms = vocabulary.map((term, column) => ({ words: term.split(" "), column }));
  const byLength = Array.from({ length: ngramMax }, (_, i) => terms.filter(({ words }) => words.length === i + 1));
  const starts: number[] = [];
  let start = 0;
  for (const [i, group] of byLength.entries()) {
    starts.push(start);
    start += group.length * (i + 1);
  }
  return {
    mode: "TF",
    min_gram_length: ngramMin,
    max_gram_length: ngramMax,
    max_skip_count: 0,
    ngram_counts: starts,
    ngram_indexes: byLength.flat().map(({ column }) => column),
    pool_strings: byLength.flat().flatMap(({ words }) => words),
  };
}

/** Rows divided by their length; a row of zeros stays. */
function unitRows(graph: GraphBuilder, x: Value): Value {
  const attributes = { keepdims: 1 };
  const length = graph.node("Sqrt", [graph.node("ReduceSumSquare", [x, graph.integers([1])], { attributes })]);
  const isPositive = graph.node("Greater", [length, graph.double(0)]);
  return graph.node("Div", [x, graph.node("Where", [isPositive, length, graph.double(1)])]);
}
