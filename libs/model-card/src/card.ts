/**
 * The model card: what somebody who did not train a model has to know before using it.
 *
 * After Mitchell et al., "Model Cards for Model Reporting", FAT* 2019, doi:10.1145/3287560.3287596. What nobody stated is
 * left out, never guessed. The same facts give the same bytes.
 * @module
 */
import { z } from "zod";

const text = z.string();
const count = z.int().nonnegative();
const share = z.number().min(0);

const trainingData = z.strictObject({
  /** Rows; left out if unknown. */
  n_samples: count.optional(),
  /** Feature columns; left out if unknown. */
  n_features: count.optional(),
  /** What it was trained on, by digest. */
  sources: z.array(z.strictObject({ name: text, digest: text })).readonly(),
});

const provenance = z.strictObject({
  /** The content address of the files: `blake3:<hex>`. */
  digest: text,
  /** The run that made it; left out for a push by hand. */
  run: text.optional(),
  /** Commits of the code. */
  code: z.array(text).readonly(),
  /** Versions that it was made from, as `NAME/NUMBER`. */
  parents: z.array(text).readonly(),
  /** The ids of the keys whose signatures were verified. */
  signed_by: z.array(text).readonly(),
});

export const modelCardSchema = z.strictObject({
  name: text.min(1),
  /** The semantic version. */
  version: text.min(1),
  /** 1, 2, 3 … */
  number: z.int().positive(),
  description: text,
  /** The algorithm or flavor, such as `gradient-boosting`; empty if unknown. */
  model_type: text,
  metrics: z.record(text, z.number()).readonly(),
  /** As text, in the form in which they were recorded. */
  parameters: z.record(text, text).readonly(),
  training_data: trainingData,
  author: text,
  /** RFC 3339, in UTC. */
  created_at: z.iso.datetime(),
  /** Empty if nobody stated it. */
  intended_use: text,
  /** Empty if nobody stated it. */
  limitations: text,
  /** What its training showed that should be known before using it; left out if nothing did. */
  warnings: z.array(text).readonly().optional(),
  /** Largest first. */
  feature_importance: z.array(z.strictObject({ feature: text, importance: share })).readonly(),
  size_bytes: count,
  /** Median time of one prediction of one row, on the machine that trained; left out if not measured. */
  single_row_latency_us: z.number().positive().optional(),
  provenance,
});

export type ModelCard = z.infer<typeof modelCardSchema>;

/**
 * Puts a card in order: keys of records by code unit, features by importance and then by name.
 * @throws ZodError if a field is not what the schema says
 */
export function composeCard(facts: ModelCard): ModelCard {
  const card = modelCardSchema.parse(facts);
  return {
    ...card,
    // Those that were given: a record of zod leaves out a key `__proto__`.
    metrics: sortKeys(facts.metrics),
    parameters: sortKeys(facts.parameters),
    feature_importance: card.feature_importance.toSorted(
      (a, b) => b.importance - a.importance || (a.feature < b.feature ? -1 : 1),
    ),
  };
}

/** `model_card.json`: keys in the order of the schema, two spaces, a final newline. */
export function renderJson(card: ModelCard): string {
  return `${JSON.stringify(composeCard(card), null, 2)}\n`;
}

function sortKeys<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
