/**
 * From the text of a training file to a configuration in which everything is said.
 * @module
 */
import { AppError } from "@mintmark/errors";
import type { Task } from "@mintmark/ml-core/base/task";
import { shortName } from "@mintmark/names/model-name";
import { type AlgorithmName, tasksOf } from "./algorithms.ts";
import type { TrainingConfig } from "./config.ts";
import { applySet, type Document, inEnvironment, isObject, prototypeKey, readDocument } from "./document.ts";
import { type Problem, problemsOf } from "./problems.ts";
import { rulesBroken } from "./rules.ts";
import { configSchema, trainingFileSchema } from "./schema.ts";

export interface ParseOptions {
  /** The environment to merge over the file. */
  readonly env?: string | undefined;
  /** `path=value`, applied in order after the environment. */
  readonly set?: readonly string[] | undefined;
}

/**
 * Reads a training file.
 * @throws AppError TRAINING_FILE_SYNTAX, TRAINING_FILE_INVALID, ENVIRONMENT_NOT_FOUND or SETTING_INVALID.
 */
export function parseTrainingFile(text: string, { env, set = [] }: ParseOptions = {}): TrainingConfig {
  const document = readDocument(text);
  requireNoPrototype(document);
  const config = parseTrainingConfig(set.reduce(applySet, inEnvironment(document, env)));
  checkOtherEnvironments(document, env);
  return config;
}

/**
 * Checks a configuration that is an object already, as a job brings it, and fills in what it leaves out.
 * A configuration that this returned comes back equal.
 * @throws AppError TRAINING_FILE_INVALID with every problem.
 */
export function parseTrainingConfig(document: unknown): TrainingConfig {
  requireNoPrototype(document);
  const parsed = configSchema.safeParse(document);
  if (!parsed.success) throw invalid(problemsOf(parsed.error, document));
  const task = parsed.data.task ?? onlyTask(parsed.data.algorithm.name);
  const config = { ...parsed.data, task, experiment: parsed.data.experiment ?? shortName(parsed.data.model) };
  const broken = rulesBroken(config);
  if (broken.length > 0) throw invalid(broken);
  return config;
}

/** What is known of a target column before a task is chosen. */
export interface TargetFacts {
  readonly type: "text" | "boolean" | "number";
  /** Whether all its values are integers. */
  readonly integers: boolean;
  /** How many different values it has. */
  readonly distinct: number;
}

/** Integers with more different values than this are amounts, not classes, unless the file says otherwise. */
const mostIntegerClasses = 20;

/** The task of a configuration once its target is known: text, booleans and few integers are classes. */
export function inferTask(config: TrainingConfig, target: TargetFacts | null): Task {
  if (config.task !== null) return config.task;
  if (target === null) return tasksOf[config.algorithm.name][0]!;
  const classes = target.type !== "number" || (target.integers && target.distinct <= mostIntegerClasses);
  return classes ? "classification" : "regression";
}

// A slip in an environment is found on the day it is written, not on the day it is used.
function checkOtherEnvironments(document: Document, chosen: string | undefined): void {
  const shape = trainingFileSchema.shape.environments.safeParse(document["environments"]);
  if (!shape.success) throw invalid(problemsOf(shape.error, document["environments"]).map(within("environments")));
  for (const name of Object.keys(shape.data ?? {})) {
    if (name === chosen) continue;
    try {
      parseTrainingConfig(inEnvironment(document, name));
    } catch (error) {
      if (!(error instanceof AppError) || !isObject(error.detail) || error.reason !== "TRAINING_FILE_INVALID")
        throw error;
      throw invalid((error.detail["problems"] as readonly Problem[]).map(within(`environments.${name}`)));
    }
  }
}

function requireNoPrototype(document: unknown): void {
  const path = prototypeKey(document);
  if (path === undefined) return;
  throw invalid([
    { path: path.slice(0, -1).slice(0, 20).join("."), message: 'has the key "__proto__", which cannot be kept' },
  ]);
}

function within(path: string): (problem: Problem) => Problem {
  return (problem) => ({ ...problem, path: problem.path === "" ? path : `${path}.${problem.path}` });
}

function onlyTask(algorithm: AlgorithmName): Task | null {
  const possible = tasksOf[algorithm];
  return possible.length === 1 ? possible[0]! : null;
}

function invalid(problems: readonly Problem[]): AppError {
  return new AppError("TRAINING_FILE_INVALID", { problems });
}
