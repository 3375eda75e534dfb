/**
 * The model card of a version, from what its maker said, what its run recorded and what the registry found out itself.
 * @module
 */
import { composeCard, type ModelCard, renderJson, renderMarkdown } from "@mintmark/model-card";
import { type LineageInput, LineageKind } from "@mintmark/proto/mintmark/registry/v1/lineage";
import type { ModelFacts } from "@mintmark/proto/mintmark/registry/v1/version";
import { sql } from "kysely";
import { prepared } from "../db/prepared.ts";
import type { Db } from "../db/schema.ts";
import { invalid, requireCount, requireText } from "../fields.ts";

export interface CardFacts {
  readonly name: string;
  readonly number: number;
  readonly semver: string;
  readonly digest: string;
  readonly description: string;
  readonly modelType: string;
  readonly author: string;
  readonly createdAt: Date;
  readonly sizeBytes: number;
  readonly signedBy: readonly string[];
  readonly run: string | undefined;
  readonly record: RunRecord;
  readonly facts: ModelFacts | undefined;
  /** Of what the files are, whatever their maker said. */
  readonly warnings: readonly string[];
  readonly inputs: readonly LineageInput[];
}

/** What a run has measured and been given. */
export interface RunRecord {
  readonly metrics: Readonly<Record<string, number>>;
  readonly parameters: Readonly<Record<string, string>>;
}

export interface RenderedCard {
  readonly json: Uint8Array;
  readonly markdown: Uint8Array;
}

/** The last value of each metric and all parameters. A card cannot hold NaN or an infinity; the run keeps them. */
export async function readRunRecord(db: Db, run_pk: bigint | undefined): Promise<RunRecord> {
  if (run_pk === undefined) return { metrics: {}, parameters: {} };
  const { rows } = await sql<{ name: string; metric: number | null; parameter: string | null }>`${prepared}
    select k.name, l.value as metric, null as parameter
    from latest_metric l join key_name k using (key_id) where l.run_pk = ${run_pk}
    union all
    select k.name, null, p.value from param p join key_name k using (key_id) where p.run_pk = ${run_pk}`.execute(db);
  return {
    metrics: Object.fromEntries(
      rows.flatMap(({ name, metric }) => (metric !== null && Number.isFinite(metric) ? [[name, metric]] : [])),
    ),
    parameters: Object.fromEntries(
      rows.flatMap(({ name, parameter }) => (parameter === null ? [] : [[name, parameter]])),
    ),
  };
}

export function renderCard(facts: CardFacts): RenderedCard {
  const card = composeCard(cardOf(facts));
  const encoder = new TextEncoder();
  return { json: encoder.encode(renderJson(card)), markdown: encoder.encode(renderMarkdown(card)) };
}

const maxWarnings = 1_000;
const maxWarning = 10_000;

/** @throws AppError `REQUEST_INVALID` for what no card can hold */
export function requireFacts(facts: ModelFacts | undefined): void {
  if (facts === undefined) return;
  if (facts.nSamples > Number.MAX_SAFE_INTEGER) throw invalid("n_samples", "is too large");
  const { singleRowLatencyUs: latency } = facts;
  if (!Number.isFinite(latency) || latency < 0)
    throw invalid("single_row_latency_us", `must be 0 or more, got ${latency}`);
  for (const { feature, importance } of facts.featureImportance)
    if (!Number.isFinite(importance) || importance < 0)
      throw invalid("feature_importance", `of '${feature}' must be 0 or more, got ${importance}`);
  requireCount("warnings", facts.warnings.length, maxWarnings);
  for (const warning of facts.warnings) requireText("warnings", warning, maxWarning);
}

function cardOf({ facts, inputs, record, run, ...about }: CardFacts): ModelCard {
  const warnings = [...(facts?.warnings ?? []), ...about.warnings];
  const idsOf = (kind: LineageKind) => inputs.flatMap(({ node }) => (node?.kind === kind ? [node.id] : []));
  return {
    name: about.name,
    version: about.semver,
    number: about.number,
    description: about.description,
    model_type: about.modelType,
    metrics: record.metrics,
    parameters: record.parameters,
    training_data: {
      ...(facts !== undefined && facts.nSamples > 0n ? { n_samples: Number(facts.nSamples) } : {}),
      ...(facts !== undefined && facts.nFeatures > 0 ? { n_features: facts.nFeatures } : {}),
      sources: inputs.flatMap(({ node }) =>
        node?.kind === LineageKind.DATASET ? [{ name: node.label, digest: node.id }] : [],
      ),
    },
    author: about.author,
    created_at: about.createdAt.toISOString(),
    intended_use: facts?.intendedUse ?? "",
    limitations: facts?.limitations ?? "",
    ...(warnings.length > 0 ? { warnings } : {}),
    feature_importance: (facts?.featureImportance ?? []).map(({ feature, importance }) => ({ feature, importance })),
    size_bytes: about.sizeBytes,
    ...(facts !== undefined && facts.singleRowLatencyUs > 0 ? { single_row_latency_us: facts.singleRowLatencyUs } : {}),
    provenance: {
      digest: about.digest,
      ...(run === undefined ? {} : { run }),
      code: idsOf(LineageKind.CODE),
      parents: idsOf(LineageKind.VERSION),
      signed_by: [...about.signedBy],
    },
  };
}
