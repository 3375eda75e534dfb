/**
 * How a worker is set up: from flags and the environment, read once at the start.
 * @module
 */
import { hostname } from "node:os";
import { parseArgs } from "node:util";
import { httpUrl, required, SettingError, settingsOf, wholeNumber } from "@mintmark/http-edge/settings";
import { usageText } from "@mintmark/http-edge/usage";
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

export const usage = usageText({
  command: "mintmark worker",
  description: "A worker alone: takes jobs from the queue and trains them, each in a process of its own.",
  options: [
    ["--mintmark-registry-url <url>", "the registry (required)"],
    ["--queue-url <url>", "redis://… or postgres://… (default: the Postgres of DATABASE_URL)"],
    ["--mintmark-key-dir <dir>", "whose keys sign (required)"],
    ["--data-root <dir>", "the only directory of this machine whose files jobs may name (MINTMARK_DATA_ROOT)"],
    ["--slots <n>", "how many jobs at once (MINTMARK_SLOTS; default: 1)"],
  ],
  variables: [
    ["MINTMARK_TOKEN", "the worker's own token at the registry"],
    ["MINTMARK_ALLOWED_SOURCES", "prefixes of http(s) and s3 URIs that jobs may read, separated by commas"],
  ],
  example: "mintmark worker --mintmark-registry-url http://registry:8082 --slots 2",
});

/** @throws SettingError */
export function readWorkerSettings(args: readonly string[], environment: Environment): WorkerSettings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      "mintmark-registry-url": { type: "string" },
      "queue-url": { type: "string" },
      "mintmark-key-dir": { type: "string" },
      "data-root": { type: "string" },
      slots: { type: "string" },
    },
  });
  const setting = settingsOf(values, environment);
  const needed = (name: string, expected: string) => required(name, setting(name), expected);
  const slots = values.slots ?? setting("MINTMARK_SLOTS") ?? "1";
  return {
    registryUrl: httpUrl("MINTMARK_REGISTRY_URL", needed("MINTMARK_REGISTRY_URL", "http://HOST:PORT")).origin,
    token: setting("MINTMARK_TOKEN"),
    queueUrl: required(
      "QUEUE_URL",
      setting("QUEUE_URL") ?? queueOf(setting("DATABASE_URL")),
      "redis://… or postgres://…",
    ),
    slots: wholeNumber("--slots", slots, { min: 1, max: 64 }),
    job: {
      keyDirectory: needed("MINTMARK_KEY_DIR", "a directory"),
      dataRoot: values["data-root"] ?? setting("MINTMARK_DATA_ROOT"),
      allowedSources: (setting("MINTMARK_ALLOWED_SOURCES") ?? "").split(",").map(trimmed).filter(Boolean),
    },
  };
}

/** Host and process: for people who look for the machine that has a job. */
export function workerName(): string {
  return `${hostname()}/${process.pid}`;
}

function queueOf(databaseUrl: string | undefined): string | undefined {
  if (databaseUrl === undefined) return undefined;
  // A password may be in it, so it is not repeated.
  if (!URL.canParse(databaseUrl)) throw new SettingError("DATABASE_URL expected postgres://…");
  return queueUrlIn(databaseUrl);
}

function trimmed(text: string): string {
  return text.trim();
}
