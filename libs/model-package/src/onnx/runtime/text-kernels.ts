/**
 * Operators on texts.
 * @module
 */
import type { Kernel, OnnxNode } from "./node.ts";
import { maxWork } from "./run-budget.ts";
import { sparseOf } from "./sparse-kernels.ts";
import { allocate, elements, type Tensor, type TextTensor, tooCostly } from "./tensor.ts";

/** The index of a category. */
export function labelEncoder(node: OnnxNode): Kernel {
  const keys = node.texts("keys_strings");
  const values = node.integers("values_int64s");
  const fallback = node.integer("default_int64", -1);
  if (keys.length === 0 || keys.length !== values.length)
    throw node.invalid(`expected a value for each of its keys, got ${values.length} for ${keys.length}`);
  const index = new Map(keys.map((key, i) => [key, values[i]!]));
  return ([input]) => {
    const { dims, data } = textsOf(node, input);
    return { type: "int64", dims, data: Float64Array.from(data, (text) => index.get(text) ?? fallback) };
  };
}

/** A column a category, all 0 for others. Categories are texts or whole numbers. */
export function oneHotEncoder(node: OnnxNode): Kernel {
  const texts = node.texts("cats_strings");
  const categories = texts.length > 0 ? texts : node.integers("cats_int64s");
  node.requireInteger("zeros", 1);
  const index = new Map<string | number, number>(categories.map((category, i) => [category, i]));
  return ([input]) => {
    const { dims, data } = texts.length > 0 ? textsOf(node, input) : node.wholeNumbers(input);
    const out = allocate("float", [...dims, categories.length]);
    for (let i = 0; i < data.length; i++) {
      const at = index.get(data[i]!);
      if (at !== undefined) out.data[i * categories.length + at] = 1;
    }
    return out;
  };
}

/** Lower case of ASCII letters, which is all that the locale "C" knows. */
export function stringNormalizer(node: OnnxNode): Kernel {
  node.requireText("case_change_action", "LOWER", "NONE");
  node.requireText("locale", "C", "en_US");
  return ([input]) => {
    const { dims, data } = textsOf(node, input);
    return { type: "string", dims, data: data.map(asciiLowerCase) };
  };
}

/** Words between spaces, one row a text, padded with ""; and how many there are. */
export function stringSplit(node: OnnxNode): Kernel {
  node.requireText("delimiter", "");
  return ([input]) => {
    const { dims, data } = textsOf(node, input);
    if (dims.length !== 1) throw node.invalid(`expected texts [N], got [${dims}]`);
    const lists = data.map((text) => text.split(" ").filter((word) => word !== ""));
    const width = lists.reduce((most, words) => Math.max(most, words.length), 0);
    elements([data.length, width]);
    const padded = lists.flatMap((words) => [...words, ...new Array<string>(width - words.length).fill("")]);
    const counts = Float64Array.from(lists, (words) => words.length);
    return [
      { type: "string", dims: [data.length, width], data: padded },
      { type: "int64", dims, data: counts },
    ];
  };
}

/** How often each n-gram of the pool occurs in a row of words. */
export function tfIdfVectorizer(node: OnnxNode): Kernel {
  node.requireText("mode", "TF", "");
  node.requireInteger("max_skip_count", 0, -1);
  const shortest = node.integer("min_gram_length");
  const longest = node.integer("max_gram_length");
  const columnOf = poolColumns(node, longest);
  const width = columnOf.values().reduce((most, column) => Math.max(most, column + 1), 0);
  return ([input], budget) => {
    const { dims, data } = textsOf(node, input);
    const [rows = 0, words = 0] = dims;
    // A gram is joined from its words, and looked up by all of its letters.
    budget.spend(rows * words * Math.min(longest, words) ** 2);
    const counted = Array.from({ length: rows }, (_, row) =>
      countGrams(data.slice(row * words, (row + 1) * words), columnOf, shortest, longest),
    );
    return sparseOf(counted, width);
  };
}

/** Column and count of each n-gram of the pool among the words, which end at the first "". */
function countGrams(
  words: readonly string[],
  columnOf: ReadonlyMap<string, number>,
  shortest: number,
  longest: number,
): [column: number, count: number][] {
  const counts = new Map<number, number>();
  for (let first = 0; first < words.length; first++) {
    let gram = "";
    for (let length = 1; length <= longest && first + length <= words.length; length++) {
      const word = words[first + length - 1]!;
      if (word === "") break;
      gram = length === 1 ? word : `${gram} ${word}`;
      const column = length < shortest ? undefined : columnOf.get(gram);
      if (column !== undefined) counts.set(column, (counts.get(column) ?? 0) + 1);
    }
  }
  return [...counts].sort(([a], [b]) => a - b);
}

/** The column of each n-gram of the pool, its words joined by a space (which no word holds). */
function poolColumns(node: OnnxNode, longest: number): Map<string, number> {
  const pool = node.texts("pool_strings");
  const starts = node.integers("ngram_counts");
  const columns = node.integers("ngram_indexes");
  if (longest < 1 || starts.length < longest || pool.some((word) => word === "" || word.includes(" ")))
    throw node.unsupported("a pool that is not of words");
  if (starts.length * pool.length > maxWork) throw tooCostly(`its n-grams of ${starts.length} lengths are too many`);
  const columnOf = new Map<string, number>();
  let gram = 0;
  for (let length = 1; length <= starts.length; length++) {
    const end = starts[length] ?? pool.length;
    for (let at = starts[length - 1]!; at < end; at += length) {
      const column = columns[gram++];
      if (column === undefined || column < 0 || column >= pool.length)
        throw node.invalid(`has no column for its n-gram ${gram - 1}`);
      columnOf.set(pool.slice(at, at + length).join(" "), column);
    }
  }
  return columnOf;
}

function textsOf(node: OnnxNode, input: Tensor | undefined): TextTensor {
  if (input?.type !== "string") throw node.wrongType("texts", input);
  return input;
}

function asciiLowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
