/**
 * What every part of an import from MLflow works with.
 * @module
 */
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { RegistryClient } from "@mintmark/registry-client";
import type { Progress } from "../../session.ts";
import type { Report } from "../report.ts";
import {
  byKey,
  type Pair,
  type SourceExperiment,
  type SourceLoggedModel,
  type SourceModel,
  type SourceRun,
  type SourceVersion,
  type Whole,
} from "./records.ts";
import type { MlflowSource } from "./source.ts";

export const nouns = ["experiments", "runs", "logged_models", "models", "versions", "files"] as const;
export type Noun = (typeof nouns)[number];

export interface Import {
  readonly source: MlflowSource;
  readonly client: RegistryClient;
  readonly report: Report<Noun>;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** What is deleted at the source is copied as well, and deleted here. */
  readonly deleted: boolean;
  /** Files and histories that are here already are read again at the source: those are compared, these completed. */
  readonly check: boolean;
}

/** What is to be copied. */
export interface Selection {
  readonly experiments: readonly SelectedExperiment[];
  /** With their versions, in the order of their numbers. */
  readonly models: readonly { readonly model: SourceModel; readonly versions: readonly SourceVersion[] }[];
}

export interface SelectedExperiment {
  readonly experiment: SourceExperiment;
  /** All that it holds; else only what models come from. */
  readonly whole: boolean;
  readonly runs: readonly SourceRun[];
  readonly loggedModels: readonly SourceLoggedModel[];
}

/**
 * Where something was copied from. On runs and logged models it is the last thing that is written, so that whatever has it is
 * complete; experiments, models and versions are made with it, so that what has another, or none, is known as another one.
 */
export const sourceTag = "mintmark.import.source";

/** The tags of something at the source, which may have been imported itself: where from is not said twice. */
export function tagsOf(pairs: readonly Pair[] | undefined): Record<string, string> {
  const { [sourceTag]: _, ...tags } = byKey(pairs);
  return tags;
}

/**
 * Does something about one item. That the registry or the source refuses it is reported, and the others are gone on with; what
 * would refuse all of them, such as a server that is away, ends the import, which can be started again.
 */
export async function attempt<T>({ report }: Import, what: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const problem = refusalOf(error);
    if (problem === undefined) throw error;
    report.differs(what, problem);
    return undefined;
  }
}

/** A refusal of this item, in words; `undefined` for anything else. */
function refusalOf(error: unknown): string | undefined {
  if (error instanceof ConnectError) return itemCodes.has(error.code) ? error.rawMessage : undefined;
  const { reason, message } = error as { reason?: string; message: string };
  return reason === "MLFLOW_REFUSED" ? message : undefined;
}

const itemCodes: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.AlreadyExists,
  Code.FailedPrecondition,
  Code.DataLoss,
]);

export function timestamp(milliseconds: Whole | undefined): Timestamp | undefined {
  return milliseconds === undefined ? undefined : timestampFromMs(Number(milliseconds));
}

/** Those entries of `wanted` that `there` has not, or otherwise. */
export function lacking(
  wanted: Readonly<Record<string, string>>,
  there: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(wanted).filter(([key, value]) => there[key] !== value));
}

/** The name of an enumeration's value. */
export function wordOf(words: Readonly<Record<string, number>>, value: number): string {
  return Object.keys(words).find((word) => words[word] === value) ?? String(value);
}
