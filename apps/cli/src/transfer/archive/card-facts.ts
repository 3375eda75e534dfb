/**
 * What a model card says that only its maker knew, as RegisterVersion takes it.
 * @module
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { LineageKind } from "@mintmark/proto/mintmark/registry/v1/lineage";
import type { RegisterVersionRequestSchema } from "@mintmark/proto/mintmark/registry/v1/version_service";

type Facts = Pick<MessageInitShape<typeof RegisterVersionRequestSchema>, "facts" | "inputs">;

interface Card {
  readonly model_type?: string;
  readonly training_data?: {
    readonly n_samples?: number;
    readonly n_features?: number;
    readonly sources?: readonly { readonly name: string; readonly digest: string }[];
  };
  readonly intended_use?: string;
  readonly limitations?: string;
  readonly warnings?: readonly string[];
  readonly feature_importance?: readonly { readonly feature: string; readonly importance: number }[];
  readonly single_row_latency_us?: number;
  readonly provenance?: { readonly code?: readonly string[] };
}

/** @param bytes of `model_card.json` */
export function factsOf(bytes: Uint8Array | undefined): Facts {
  if (bytes === undefined) return {};
  const card = JSON.parse(new TextDecoder().decode(bytes)) as Card;
  const { n_samples = 0, n_features = 0, sources = [] } = card.training_data ?? {};
  return {
    facts: {
      modelType: card.model_type ?? "",
      nSamples: BigInt(n_samples),
      nFeatures: n_features,
      intendedUse: card.intended_use ?? "",
      limitations: card.limitations ?? "",
      warnings: [...(card.warnings ?? [])],
      featureImportance: [...(card.feature_importance ?? [])],
      singleRowLatencyUs: card.single_row_latency_us ?? 0,
    },
    inputs: [
      ...sources.map(({ name, digest }) => ({
        node: { kind: LineageKind.DATASET, id: digest, label: name },
        role: "training",
      })),
      ...(card.provenance?.code ?? []).map((commit) => ({
        node: { kind: LineageKind.CODE, id: commit, label: commit },
        role: "code",
      })),
    ],
  };
}
