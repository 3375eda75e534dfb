/**
 * What a `metadata.json` beside a model says, sorted into what a registry has a place for. Pure: a text in, its meaning out.
 *
 * Description, model type, time and author are known by name; `metrics` and `parameters` hold numbers and settings; of whatever
 * else is there, numbers are metrics and the rest are tags.
 * @module
 */
import { MalformedError } from "@mintmark/crypto/malformed-error";
import type { ModelFacts } from "@mintmark/proto/mintmark/registry/v1/version";

export interface Metadata {
  readonly description: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly facts: Partial<Pick<ModelFacts, "modelType" | "nSamples" | "nFeatures">>;
  /** When it was made; `undefined` if it does not say. */
  readonly time: Date | undefined;
  /** The semantic version that it states. */
  readonly version: string | undefined;
}

export const noMetadata: Metadata = {
  description: "",
  metrics: {},
  params: {},
  tags: {},
  facts: {},
  time: undefined,
  version: undefined,
};

type Fields = Readonly<Record<string, unknown>>;

/** @throws MalformedError that says why it cannot be read */
export function parseMetadata(text: string): Metadata {
  const fields = fieldsOf(text);
  const { training_data } = fields;
  const data = isFields(training_data) ? training_data : {};
  const rest = Object.entries(fields).filter(([key]) => !named.has(key));
  const isMetric = ([key, value]: [string, unknown]) => isKey(key) && typeof value === "number" && !counts.has(key);
  return {
    description: textOf(fields["description"]),
    metrics: Object.fromEntries([...numbersOf(fields["metrics"]), ...rest.filter(isMetric)]) as Record<string, number>,
    params: Object.fromEntries(settings.flatMap((key) => entriesOf(fields[key]))),
    tags: Object.fromEntries(rest.filter((entry) => !isMetric(entry)).flatMap(([key, value]) => tagOf(key, value))),
    facts: {
      modelType: textOf(fields["model_type"] ?? fields["algorithm"] ?? fields["model_class"]).slice(0, 200),
      nSamples: BigInt(countOf(data["n_samples"] ?? fields["n_samples"])),
      nFeatures: countOf(data["n_features"] ?? fields["n_features"]),
    },
    time: timeOf(fields["created_at"] ?? fields["trained_at"] ?? fields["timestamp"]),
    version: typeof fields["version"] === "string" ? fields["version"] : undefined,
  };
}

const settings = ["parameters", "params", "hyperparameters"];
const counts = new Set(["n_samples", "n_features"]);
/** Those that have a place of their own. */
const named = new Set(["description", "metrics", "version", ...settings]);
const maxTag = 100_000;
const maxParam = 6_000;

function fieldsOf(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new MalformedError(`is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!isFields(value)) throw new MalformedError("is not a JSON object");
  return value;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** As keys of metrics and parameters may be. */
function isKey(key: string): boolean {
  return /^[\p{L}\p{N}_][\p{L}\p{N}_\-. ]{0,248}$/u.test(key) && !key.includes("..");
}

function numbersOf(value: unknown): [string, number][] {
  if (!isFields(value)) return [];
  return Object.entries(value).filter(
    (entry): entry is [string, number] => isKey(entry[0]) && typeof entry[1] === "number",
  );
}

function entriesOf(value: unknown): [string, string][] {
  if (!isFields(value)) return [];
  return Object.entries(value)
    .filter(([key]) => isKey(key))
    .map(([key, setting]) => [key, wordsOf(setting).slice(0, maxParam)]);
}

function tagOf(key: string, value: unknown): [string, string][] {
  const words = wordsOf(value);
  return key === "" || key.length > 250 || words.length > maxTag ? [] : [[key, words]];
}

function wordsOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function countOf(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value < 2 ** 32 ? value : 0;
}

/** RFC 3339, or seconds or milliseconds since 1970, as text or number. */
function timeOf(value: unknown): Date | undefined {
  const isNumber = typeof value === "number" || (typeof value === "string" && /^\d+(\.\d+)?$/.test(value));
  const number = Number(value);
  const time = isNumber ? new Date(number < 1e11 ? number * 1000 : number) : new Date(textOf(value));
  return Number.isNaN(time.getTime()) ? undefined : time;
}
