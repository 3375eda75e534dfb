/**
 * The models of one thread or process, and what is asked of them. Nothing here waits: a task is done before the next is read.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { loadPredictor, type Predictor } from "@mintmark/model-package/predictor";
import type { Outcome, Task } from "../messages.ts";
import { score } from "../scoring/score.ts";
import { ScoringError } from "../scoring/scoring-error.ts";

/** Does a task; undefined where it has no outcome. */
export function serveModels(): (task: Task) => Outcome | undefined {
  const predictors = new Map<string, Predictor>();
  const work = (task: Task): Outcome | undefined => {
    switch (task.type) {
      case "load": {
        const onnx = joined(task.pieces);
        const predictor = loadPredictor(onnx, task.mlmodel);
        predictors.set(task.key, predictor);
        const { inputs, outputs, schema, rowWork } = predictor;
        return { type: "loaded", model: { signature: { inputs, outputs, schema }, bytes: onnx.length, rowWork } };
      }
      case "score":
        return { type: "scored", pieces: score(predictors.get(task.key)!, task.body, task.maxValues) };
      case "unload":
        predictors.delete(task.key);
        return undefined;
      default:
        return task satisfies never;
    }
  };
  return (task) => {
    try {
      return work(task);
    } catch (error) {
      return failureOf(error);
    }
  };
}

function failureOf(error: unknown): Outcome {
  if (error instanceof AppError) return { type: "refused", reason: error.reason, detail: error.detail };
  if (error instanceof ScoringError) return { type: "unreadable", code: error.code, message: error.message };
  return { type: "broken", problem: String((error as Error).stack ?? error) };
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}
