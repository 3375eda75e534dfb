/**
 * The two places where entries can wait, told apart by the URL.
 *
 * BullMQ's types hold Redis for given, and a union of backends does not compile; so each is opened by its own branch, and what
 * leaves this folder is our own interface.
 * @module
 */
import { AppError } from "@mintmark/errors";

export type Backend =
  | { readonly kind: "redis"; readonly connection: RedisConnection }
  | { readonly kind: "postgres"; readonly connection: PostgresConnection };

export interface RedisConnection {
  readonly url: string;
  /** Commands wait for the connection to come back; whoever cannot wait has a deadline of its own. */
  readonly maxRetriesPerRequest: null;
}

/** A type, not an interface: BullMQ's has an index signature, which an interface does not fit. */
export type PostgresConnection = {
  readonly connectionString: string;
  readonly options: string;
  readonly schema: string;
  readonly max: number;
  readonly connectionTimeoutMillis: number;
};

export const queueName = "training";
/** The schema of the queue's tables. */
export const queueSchema = "queue";

/** @throws AppError QUEUE_URL_INVALID */
export function backendOf(url: string): Backend {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  switch (parsed?.protocol) {
    case "redis:":
    case "rediss:":
      return { kind: "redis", connection: { url, maxRetriesPerRequest: null } };
    case "postgres:":
    case "postgresql:":
      return { kind: "postgres", connection: postgresConnection(parsed) };
    default:
      throw new AppError("QUEUE_URL_INVALID", {
        problem: parsed === undefined ? "is not a URL" : `has the scheme '${parsed.protocol}'`,
      });
  }
}

// Options in the URL would win over those beside it, where BullMQ puts the schema.
function postgresConnection(url: URL): PostgresConnection {
  const bare = new URL(url);
  bare.searchParams.delete("options");
  return {
    connectionString: bare.href,
    options: url.searchParams.get("options") ?? "",
    schema: queueSchema,
    max: 3,
    connectionTimeoutMillis: 10_000,
  };
}
