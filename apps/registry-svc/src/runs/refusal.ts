/**
 * What the functions of `0006_experiment.sql` refuse, as failures of the table.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { jobStatusName } from "./run-status.ts";

/**
 * Any other error is returned as it is.
 * @param given how the request named the run and the experiment
 */
export function refusal(error: unknown, given: { readonly run: string; readonly experiment?: string }): unknown {
  const { run } = given;
  const { code, detail = "" } = error as { code?: unknown; detail?: string };
  switch (code) {
    case "MM404":
    case "MM423":
      return missing(JSON.parse(detail), code === "MM423", given) ?? error;
    case "MM409":
      return new AppError("ATTEMPT_LOST", { run });
    case "MM410":
      return new AppError("RUN_ENDED", { run, status: jobStatusName(Number(detail)) });
    case "MM422":
      return new AppError("PARAM_CHANGED", {
        run,
        ...(JSON.parse(detail) as { key: string; old: string; new: string }),
      });
    default:
      return error;
  }
}

function missing(
  { what, id }: { readonly what: string; readonly id?: string },
  deleted: boolean,
  { run, experiment = "" }: { readonly run: string; readonly experiment?: string },
): AppError | undefined {
  switch (what) {
    case "run":
      return new AppError(deleted ? "RUN_DELETED" : "RUN_NOT_FOUND", { run: id ?? run });
    case "experiment":
      return new AppError(deleted ? "EXPERIMENT_DELETED" : "EXPERIMENT_NOT_FOUND", { experiment: experiment || id! });
    case "logged_model":
      return new AppError("LOGGED_MODEL_NOT_FOUND", { id: id! });
    default:
      return undefined;
  }
}
