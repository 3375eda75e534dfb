/**
 * What MLflow's REST API answers, as far as an import reads it. Fields that are not set are absent.
 * @module
 */

export interface Pair {
  readonly key: string;
  readonly value?: string;
}

export interface SourceExperiment {
  readonly experiment_id: string;
  readonly name: string;
  readonly lifecycle_stage: string;
  readonly tags?: readonly Pair[];
}

/** A whole number, exact as a text where it is beyond 2^53. */
export type Whole = number | string;

export interface SourceMetric {
  readonly key: string;
  readonly value: number | "NaN" | "Infinity" | "-Infinity";
  readonly timestamp: Whole;
  readonly step?: Whole;
  readonly model_id?: string;
  readonly dataset_name?: string;
  readonly dataset_digest?: string;
  readonly run_id?: string;
}

export interface SourceRun {
  readonly info: {
    readonly run_id: string;
    readonly run_name?: string;
    readonly experiment_id: string;
    readonly user_id?: string;
    readonly status: string;
    readonly start_time?: Whole;
    readonly end_time?: Whole;
    readonly artifact_uri: string;
    readonly lifecycle_stage: string;
  };
  readonly data?: {
    readonly metrics?: readonly SourceMetric[];
    readonly params?: readonly Pair[];
    readonly tags?: readonly Pair[];
  };
  readonly inputs?: {
    readonly dataset_inputs?: readonly {
      readonly tags?: readonly Pair[];
      readonly dataset: {
        readonly name: string;
        readonly digest: string;
        readonly source_type?: string;
        readonly source?: string;
        readonly schema?: string;
        readonly profile?: string;
      };
    }[];
    readonly model_inputs?: readonly { readonly model_id: string }[];
  };
  readonly outputs?: {
    readonly model_outputs?: readonly { readonly model_id: string; readonly step?: Whole }[];
  };
}

export interface SourceLoggedModel {
  readonly info: {
    readonly model_id: string;
    readonly experiment_id: string;
    readonly name: string;
    readonly artifact_uri: string;
    readonly status: string;
    readonly model_type?: string;
    readonly source_run_id?: string;
    readonly tags?: readonly Pair[];
  };
  readonly data?: {
    readonly params?: readonly Pair[];
    readonly metrics?: readonly SourceMetric[];
  };
}

export interface SourceModel {
  readonly name: string;
  readonly description?: string;
  readonly tags?: readonly Pair[];
  readonly aliases?: readonly { readonly alias: string; readonly version: string }[];
}

export interface SourceVersion {
  readonly name: string;
  readonly version: string;
  readonly creation_timestamp?: Whole;
  readonly current_stage?: string;
  readonly description?: string;
  readonly source: string;
  readonly run_id?: string;
  readonly run_link?: string;
  readonly model_id?: string;
  readonly tags?: readonly Pair[];
}

export function byKey(pairs: readonly Pair[] | undefined): Record<string, string> {
  return Object.fromEntries((pairs ?? []).map(({ key, value = "" }) => [key, value]));
}

/** Of a metric; JSON has no word for what is no number. */
export function numberOf({ value }: SourceMetric): number {
  return Number(value);
}
