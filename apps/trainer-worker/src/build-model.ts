/**
 * From data to the files of a model: split, fit, evaluate, package. No network and no registry; what a job does between
 * reading its data and signing what became of it.
 * @module
 */
import { checkTrainingData, type TrainingData } from "@mintmark/dataset";
import type { RowSplit } from "@mintmark/ml-core/split/split-rows";
import type { TrainingConfig } from "@mintmark/training-file";
import type { FittedModel } from "./algorithms.ts";
import { type Checkpoints, decodeState, encodeState, fitKey, type LossPoint } from "./checkpoint/fit-state.ts";
import type { ChildLogLine, StepProgress } from "./child/messages.ts";
import { type FitStates, watchFit } from "./fit-progress.ts";
import type { StepClock } from "./step-clock.ts";
import { type Evaluation, evaluateModel } from "./steps/evaluate.ts";
import { fitRows } from "./steps/fit.ts";
import type { LoadedData } from "./steps/load.ts";
import { nothingLearned } from "./steps/nothing-learned.ts";
import { type CardFacts, cardFacts, type PackagedModel, packageModel } from "./steps/package.ts";
import { allRows, type Rows, splitData, takeRows } from "./steps/split.ts";
import { listWarnings } from "./steps/warnings.ts";

export interface BuildPorts {
  readonly clock: StepClock;
  readonly report: (progress: StepProgress) => void;
  readonly log: (level: ChildLogLine["level"], text: string) => void;
  /** Throws if the job is to end. */
  readonly requireWanted: () => void;
  /** Absent where a fit that is cut off begins anew. */
  readonly checkpoints?: Checkpoints;
}

export interface BuiltModel {
  readonly data: TrainingData;
  readonly split: RowSplit;
  readonly fitted: FittedModel;
  readonly losses: readonly LossPoint[];
  readonly evaluation: Evaluation;
  readonly packaged: PackagedModel;
  readonly facts: CardFacts;
  /** What a person should know before using it, as sentences. */
  readonly warnings: readonly string[];
}

/** @throws AppError of the failures of data */
export async function buildModel(config: TrainingConfig, loaded: LoadedData, ports: BuildPorts): Promise<BuiltModel> {
  const { clock, log } = ports;
  const warnings: string[] = [];
  const warn = (sentences: readonly string[]) => {
    for (const sentence of sentences) {
      warnings.push(sentence);
      log("warn", sentence);
    }
  };
  const data = checkTrainingData(config, loaded.table);
  warn(data.warnings);
  const rows = allRows(data);
  const split = splitData(config, rows);
  const training = takeRows(rows, split.train);
  log(
    "info",
    `${rows.count} rows: ${split.train.length} to train, ${split.validation.length} to validate, ${split.test.length} to test`,
  );

  const port = watchFit({ ...ports, states: fitStates(config, training, ports) });
  const fitted = await clock.run("fit", () => fitRows(config, training, port));
  if (!fitted.converged) warn([`${config.algorithm.name} has not converged; allow it more iterations with max_iter`]);
  const nothing = nothingLearned(config, fitted, training);
  if (nothing !== null) warn([nothing]);

  const evaluation = await clock.run("evaluate", () =>
    evaluateModel({ config, data, split, fitted, onFold: (done, of) => evaluated(ports, done, of) }),
  );
  warn(evaluation.warnings);

  const request = { config, data, fitted, dataFiles: loaded.files };
  const { packaged, facts } = await clock.run("package", () => {
    const packaged = packageModel(request);
    return { packaged, facts: cardFacts(request, training, packaged) };
  });
  log("info", `packaged ${packaged.digest}`);
  const losses = port.losses();
  return { data, split, fitted, losses, evaluation, packaged, facts, warnings: listWarnings(warnings) };
}

/** The key is made when it is needed: hashing the rows takes time, and most fits are over before their first checkpoint. */
function fitStates(config: TrainingConfig, training: Rows, { checkpoints, log }: BuildPorts): FitStates | undefined {
  if (checkpoints === undefined) return undefined;
  let made: string | undefined;
  const key = () => {
    made ??= fitKey(config, training);
    return made;
  };
  const { last, keep } = checkpoints;
  const resumeFrom = last === undefined ? null : decodeState(key(), last);
  if (resumeFrom !== null) log("info", `resumed at iteration ${resumeFrom.fit.iterations}`);
  else if (last !== undefined)
    log("warn", "the checkpoint of an earlier attempt is of other rows or another version; training begins anew");
  return {
    resumeFrom: resumeFrom ?? undefined,
    keep: (state) => keep(encodeState(key(), state), state.fit.iterations),
  };
}

function evaluated({ report, requireWanted }: BuildPorts, iteration: number, iterations: number): void {
  requireWanted();
  report({ step: "evaluate", iteration, iterations });
}
