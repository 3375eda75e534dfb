/**
 * How a worker is set up: from flags and the environment, read once at the start.
 * @module
 */
import { hostname } from "node:os";
import { parseArgs } from "node:util";
import { AppError } from "@mintmark/errors";
import { queueUrlIn } from "@mintmark/job-queue/queue-url";

export interface WorkerSettings {
  readonly registryUrl: string;
  readonly token: string | undefined;
  /** Where `QUEUE_URL` is not given: the queue in the database of `DATABASE_URL`. */
  readonly queueUrl: string;
  readonly slots: number;
  readonly job: JobSettings;
}

/** What the child of a job needs as well. */
export interface JobSettings {
  readonly keyDirectory: string;
  /** The only directory of this machine whose files jobs may name. */
  readonly dataRoot: string | undefined;
  /** Prefixes of the URIs that jobs may read. */
  readonly allowedSources: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws AppError OPTION_INVALID */
export function readWorkerSettings(args: readonly string[], environment: Environment): WorkerSettings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      "registry-url": { type: "string" },
      "queue-url": { type: "string" },
      "key-dir": { type: "string" },
      "data-root": { type: "string" },
      slots: { type: "string" },
    },
  });
  const given = (option: keyof typeof values, variable: string) => values[option] ?? environment[variable];
  return {
    registryUrl: required(given("registry-url", "MINTMARK_REGISTRY_URL"), "MINTMARK_REGISTRY_URL"),
    token: environment["MINTMARK_TOKEN"],
    queueUrl: given("queue-url", "QUEUE_URL") ?? queueUrlIn(required(environment["DATABASE_URL"], "QUEUE_URL")),
    slots: countOf(given("slots", "MINTMARK_SLOTS") ?? "1"),
    job: {
      keyDirectory: required(given("key-dir", "MINTMARK_KEY_DIR"), "MINTMARK_KEY_DIR"),
      dataRoot: given("data-root", "MINTMARK_DATA_ROOT"),
      allowedSources: (environment["MINTMARK_ALLOWED_SOURCES"] ?? "").split(",").map(trimmed).filter(Boolean),
    },
  };
}

/** Host and process: for people who look for the machine that has a job. */
export function workerName(): string {
  return `${hostname()}/${process.pid}`;
}

function required(value: string | undefined, variable: string): string {
  if (value === undefined || value === "")
    throw new AppError("OPTION_INVALID", { option: variable, expected: "a value", value: "" });
  return value;
}

function countOf(value: string): number {
  const count = Number(value);
  if (Number.isInteger(count) && count >= 1 && count <= 64) return count;
  throw new AppError("OPTION_INVALID", { option: "--slots", expected: "an integer in 1..64", value });
}

function trimmed(text: string): string {
  return text.trim();
}
