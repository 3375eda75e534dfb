/**
 * The card as Markdown (CommonMark with GitHub's tables).
 * @module
 */
import { composeCard, type ModelCard } from "./card.ts";
import { escapeMarkdown } from "./escape-markdown.ts";

/** How many features are listed. */
const listedFeatures = 20;

/** `model_card.md`; whatever people wrote stands there as text, never as markup. */
export function renderMarkdown(facts: ModelCard): string {
  const card = composeCard(facts);
  const sections = [
    `# ${escapeMarkdown(card.name)} ${escapeMarkdown(card.version)}`,
    escapeMarkdown(card.description),
    table(["", ""], summary(card)),
    section("Intended use", escapeMarkdown(card.intended_use)),
    section("Limitations", escapeMarkdown(card.limitations)),
    section("Warnings", list(card.warnings ?? [])),
    section("Metrics", table(["Metric", "Value"], Object.entries(card.metrics).map(metricRow))),
    section("Parameters", table(["Parameter", "Value"], Object.entries(card.parameters))),
    section("Training data", table(["", ""], trainingData(card))),
    section("Feature importance", table(["Feature", "Share"], importances(card))),
    section("Provenance", table(["", ""], provenance(card))),
  ];
  return `${sections.filter((part) => part !== "").join("\n\n")}\n`;
}

type Row = readonly [name: string, value: string];

function summary(card: ModelCard): Row[] {
  const rows: Row[] = [
    ["Version", `${card.version} (number ${card.number})`],
    ["Type", card.model_type],
    ["Author", card.author],
    ["Created", card.created_at],
    ["Size", `${card.size_bytes} bytes`],
  ];
  if (card.single_row_latency_us !== undefined)
    rows.push([
      "One prediction",
      `${shortNumber(card.single_row_latency_us)} µs (median, on the machine that trained)`,
    ]);
  return rows.filter(([, value]) => value !== "");
}

function trainingData({ training_data }: ModelCard): Row[] {
  const { n_samples, n_features, sources } = training_data;
  const rows: Row[] = sources.map(({ name, digest }) => [name, digest]);
  if (n_features !== undefined) rows.unshift(["Features", String(n_features)]);
  if (n_samples !== undefined) rows.unshift(["Rows", String(n_samples)]);
  return rows;
}

function importances({ feature_importance }: ModelCard): Row[] {
  const more = feature_importance.length - listedFeatures;
  const rows: Row[] = feature_importance
    .slice(0, listedFeatures)
    .map(({ feature, importance }) => [feature, importance.toFixed(4)]);
  return more > 0 ? [...rows, [`and ${more} more`, ""]] : rows;
}

function provenance({ provenance: { digest, run, code, parents, signed_by } }: ModelCard): Row[] {
  return [
    ["Digest", digest],
    ...(run === undefined ? [] : [["Run", run] as const]),
    ...code.map((commit) => ["Code", commit] as const),
    ...parents.map((parent) => ["Made from", parent] as const),
    ...signed_by.map((key) => ["Signed by", key] as const),
  ];
}

function metricRow([name, value]: readonly [string, number]): Row {
  return [name, shortNumber(value)];
}

/** Six significant digits, without trailing zeros. */
function shortNumber(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function section(title: string, body: string): string {
  return body === "" ? "" : `## ${title}\n\n${body}`;
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${escapeMarkdown(line)}`).join("\n");
}

/** Empty if there are no rows. */
function table(head: Row, rows: readonly Row[]): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const cells = rows.map((row) => line(row.map(escapeMarkdown)));
  return [line(head), line(["---", "---"]), ...cells].join("\n");
}
