import { define } from "../define.ts";

interface Problem {
  readonly path: string;
  readonly message: string;
}

/** Failures of training files, runs and jobs. */
export const trainingReasons = {
  TRAINING_FILE_SYNTAX: define(
    "invalid_argument",
    (d: { problem: string }) => `the training file is not valid YAML: ${d.problem}`,
  ),
  TRAINING_FILE_INVALID: define("invalid_argument", (d: { problems: readonly Problem[] }) =>
    d.problems.length === 1
      ? `training file: ${shown(d.problems[0]!)}`
      : `training file: ${d.problems.length} problems:${d.problems.map((each) => `\n  ${shown(each)}`).join("")}`,
  ),
  ENVIRONMENT_NOT_FOUND: define(
    "invalid_argument",
    (d: { name: string; known: readonly string[]; suggestion: string }) =>
      d.known.length === 0
        ? `there is no environment '${d.name}': the training file has no environments`
        : `there is no environment '${d.name}'${d.suggestion} (the training file has: ${d.known.join(", ")})`,
  ),
  SETTING_INVALID: define(
    "invalid_argument",
    (d: { assignment: string; problem: string }) => `--set '${d.assignment}': ${d.problem}`,
  ),
  SNAPSHOT_NOT_UPLOADED: define(
    "failed_precondition",
    (d: { name: string; blake3: string }) =>
      `the bytes of '${d.name}' (blake3:${d.blake3}) are not in the registry; upload them, then submit again`,
  ),
  DATA_NOT_CHECKABLE: define(
    "failed_precondition",
    (d: { source: string }) =>
      `'${d.source}' cannot be checked here: only workers read it, as their policy allows; check files that are uploaded with the request, or train`,
  ),
  CHECKS_BUSY: define(
    "resource_exhausted",
    (d: { running: number }) =>
      `${d.running} checks are under way, and no more are made at a time; try again in a moment`,
  ),
  CHECK_TOO_LARGE: define(
    "resource_exhausted",
    (d: { problem: string }) => `the data is too much for a check: ${d.problem}; train, and a worker reads it`,
  ),
  CHECKPOINT_NOT_UPLOADED: define(
    "failed_precondition",
    (d: { blake3: string }) => `the checkpoint's bytes (blake3:${d.blake3}) are not in the registry; upload them first`,
  ),
  ARTIFACT_NOT_UPLOADED: define(
    "failed_precondition",
    (d: { path: string; blake3: string }) =>
      `the bytes of '${d.path}' (blake3:${d.blake3}) are not in the registry; upload them first`,
  ),
  ARTIFACTS_ELSEWHERE: define(
    "failed_precondition",
    (d: { run: string; uri: string }) => `the artifacts of run ${d.run} are at ${d.uri}, not on this server`,
  ),
  SUBMISSION_DIFFERS: define(
    "already_exists",
    (d: { key: string; run: string }) =>
      `idempotency key '${d.key}' was used for another job, ${d.run}; use a new key for a new job`,
  ),
  EXPERIMENT_NAME_INVALID: define(
    "invalid_argument",
    (d: { name: string }) => `'${d.name}' is no experiment's name: it must be 1 to 500 characters, not blank`,
  ),
  EXPERIMENT_NOT_FOUND: define("not_found", (d: { experiment: string }) => `there is no experiment '${d.experiment}'`),
  EXPERIMENT_TAKEN: define(
    "already_exists",
    (d: { name: string; deleted: boolean }) =>
      `experiment '${d.name}' exists already${d.deleted ? ", deleted; restore it, or choose another name" : ""}`,
  ),
  EXPERIMENT_DELETED: define(
    "failed_precondition",
    (d: { experiment: string }) => `experiment '${d.experiment}' is deleted; restore it first`,
  ),
  EXPERIMENT_NOT_ACTIVE: define(
    "not_found",
    (d: { experiment: string }) => `there is no active experiment '${d.experiment}': it is deleted already`,
  ),
  EXPERIMENT_NOT_DELETED: define(
    "not_found",
    (d: { experiment: string }) => `there is no deleted experiment '${d.experiment}': it is active`,
  ),
  EXPERIMENT_IS_DEFAULT: define(
    "failed_precondition",
    (_: Record<string, never>) => "the experiment 'Default' is where runs go that name none; it cannot be deleted",
  ),
  TAG_NOT_FOUND: define("not_found", (d: { of: string; key: string }) => `${d.of} has no tag '${d.key}'`),
  LOGGED_MODEL_PARAM_CHANGED: define(
    "invalid_argument",
    (d: { model: string; key: string; old: string; new: string }) =>
      `param '${d.key}' of logged model ${d.model} is '${d.old}' already and cannot become '${d.new}'; log it under another key`,
  ),
  RUN_NOT_FOUND: define("not_found", (d: { run: string }) => `there is no run '${d.run}'`),
  RUN_ID_PREFIX_INVALID: define(
    "invalid_argument",
    (d: { prefix: string }) => `id_prefix '${d.prefix}' is not 1 to 32 hex digits in lower case`,
  ),
  RUN_AMBIGUOUS: define(
    "invalid_argument",
    (d: { prefix: string; runs: readonly string[] }) =>
      `several runs begin with '${d.prefix}': ${d.runs.join(", ")}${d.runs.length > 2 ? " …" : ""}; write more of the id`,
  ),
  RUN_ENDED: define(
    "failed_precondition",
    (d: { run: string; status: string }) => `run ${d.run} has ended (${d.status}); only its tags can still change`,
  ),
  RUN_DELETED: define("failed_precondition", (d: { run: string }) => `run ${d.run} is deleted; restore it first`),
  RUN_ID_TAKEN: define("already_exists", (d: { run: string }) => `there is a run ${d.run} already`),
  LOGGED_MODEL_ID_TAKEN: define(
    "already_exists",
    (d: { id: string }) => `there is a logged model '${d.id}' already, or there was one until it was deleted`,
  ),
  LOGGED_MODEL_NOT_FOUND: define("not_found", (d: { id: string }) => `there is no logged model '${d.id}'`),
  RUN_IS_JOB: define(
    "failed_precondition",
    (d: { run: string }) => `run ${d.run} is a job: its status follows from its worker; use the job's cancel or retry`,
  ),
  PARAM_CHANGED: define(
    "invalid_argument",
    (d: { run: string; key: string; old: string; new: string }) =>
      `param '${d.key}' of run ${d.run} is '${d.old}' already and cannot become '${d.new}'; log it under another key`,
  ),
  JOB_NOT_FOUND: define("not_found", (d: { run: string }) => `there is no job '${d.run}'`),
  JOB_ENDED: define(
    "failed_precondition",
    (d: { run: string; status: string }) => `job ${d.run} has ended: ${d.status}`,
  ),
  NOTHING_TO_CANCEL: define(
    "failed_precondition",
    (d: { run: string; status: string }) =>
      `job ${d.run} ${d.status === "cancelled" ? "was cancelled already" : `has ${d.status}`}; nothing to cancel`,
  ),
  JOB_NOT_ENDED: define(
    "failed_precondition",
    (d: { run: string; status: string }) => `job ${d.run} is ${d.status}; cancel it before it can be queued again`,
  ),
  JOB_FINISHED: define(
    "failed_precondition",
    (d: { run: string }) => `job ${d.run} has finished; submit a new one to train again`,
  ),
  JOB_CLAIMED: define(
    "failed_precondition",
    (d: { run: string; worker: string }) => `job ${d.run} is claimed by ${d.worker}, whose claim is alive`,
  ),
  ATTEMPT_LOST: define(
    "aborted",
    (d: { run: string }) =>
      `the attempt is no longer that of job ${d.run}: it was claimed again, cancelled, or has ended`,
  ),
  QUEUE_ROLE_REFUSED: define(
    "failed_precondition",
    (d: { account: string }) =>
      `the database account '${d.account}' may not create the queue's role; give QUEUE_URL (redis://…, or a Postgres of its own)`,
  ),
  QUEUE_UNAVAILABLE: define("unavailable", (d: { cause: string }) => `the queue does not answer: ${d.cause}`),
  QUEUE_URL_INVALID: define(
    "invalid_argument",
    (d: { problem: string }) => `QUEUE_URL ${d.problem}; expected redis://…, rediss://… or postgres://…`,
  ),
} as const;

function shown({ path, message }: Problem): string {
  return path === "" ? message : `"${path}" ${message}`;
}
