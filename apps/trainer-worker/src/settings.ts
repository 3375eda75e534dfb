/**
 * How a worker is set up: from flags and the environment, read once at the start.
 * @module
 */
import { hostname } from "node:os";
import { parseArgs } from "node:util";
import { httpUrl, required, SettingError, settingsOf, wholeNumber } from "@mintmark/http-edge/settings";
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

export const usage = `mintmark worker [--mintmark-registry-url URL] [--queue-url URL] [--mintmark-key-dir DIR] [--data-root DIR] [--slots 1]

Environment: MINTMARK_REGISTRY_URL, MINTMARK_TOKEN (the worker's own), QUEUE_URL (redis://… or postgres://…; default: the
Postgres of DATABASE_URL), MINTMARK_KEY_DIR (whose keys sign), MINTMARK_DATA_ROOT (--data-root: the only directory of this
machine whose files jobs may name), MINTMARK_SLOTS (--slots: how many jobs at once), MINTMARK_ALLOWED_SOURCES (prefixes of
http(s) and s3 URIs that jobs may read, one after each comma). A flag wins over the variable of its name.`;

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
