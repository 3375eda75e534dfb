/**
 * Starts the registry as a process of its own: settings from flags and environment, one line on a bad start, a clean end on
 * SIGTERM, SIGINT, or the end of the process that started it.
 * @module
 */
import { parseArgs } from "node:util";
import { AppError } from "@mintmark/errors";
import { loopbackNames } from "@mintmark/http-edge/own-address";
import { onOrOff, portNumber, SettingError } from "@mintmark/http-edge/settings";
import pino from "pino";
import { defaultLinkSeconds } from "./datasets/data-link.ts";
import { type RegistryOptions, startRegistry } from "./server.ts";

const usage = `mintmark registry --database-url postgres://… [--host 127.0.0.1] [--port 8082] [--auth on|off] [--insecure]
  [--queue-url URL] [--mintmark-artifact-store URI] [--mintmark-key-dir DIR] [--mintmark-public-url URL]

Environment: DATABASE_URL, QUEUE_URL (redis://… or postgres://…; default: the same Postgres, under a role of its own),
MINTMARK_ARTIFACT_STORE (file:///dir or s3://bucket/prefix), MINTMARK_KEY_DIR, MINTMARK_PUBLIC_URL, MINTMARK_AUTH=on|off,
MINTMARK_ADMIN_TOKEN_FILE, MINTMARK_BOOTSTRAP_TOKENS (name=mm_…,…: tokens of the other programs),
MINTMARK_WEBHOOK_ALLOW (host[:port],…: where webhooks may go besides public addresses by https),
MINTMARK_DATA_URL_SECONDS (how long links to the data of runs hold; 3600), MINTMARK_LOG_LEVEL`;

try {
  const options = readOptions();
  if (options === undefined) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  const registry = await startRegistry(options);
  process.send?.({ ready: true, port: registry.port });
  options.log.info({ port: registry.port, auth: options.auth }, "ready");

  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    // Whatever does not end by itself in time is cut off; every write is a transaction.
    setTimeout(() => process.exit(0), 7_000).unref();
    await registry.close();
    process.exit(0);
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  process.on("disconnect", end);
} catch (error) {
  badStart(error);
}

function readOptions(): RegistryOptions | undefined {
  const env = process.env;
  const { values } = parseArgs({
    options: {
      host: { type: "string", default: "127.0.0.1" },
      port: { type: "string", default: "8082" },
      auth: { type: "string" },
      insecure: { type: "boolean", default: false },
      "database-url": { type: "string" },
      "queue-url": { type: "string" },
      "mintmark-artifact-store": { type: "string" },
      "mintmark-key-dir": { type: "string" },
      "mintmark-public-url": { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const isLoopback = ["127.0.0.1", "::1", "localhost"].includes(values.host);
  const auth = onOrOff("--auth", values.auth ?? env["MINTMARK_AUTH"] ?? (isLoopback ? "off" : "on"));
  if (!auth && !isLoopback && !values.insecure)
    throw new SettingError(
      `--host ${values.host} is not loopback, so authentication cannot be off; add --insecure if everyone who reaches it may do everything`,
    );
  return {
    databaseUrl: required(values["database-url"] ?? env["DATABASE_URL"], "DATABASE_URL", "postgres://…"),
    queueUrl: values["queue-url"] ?? env["QUEUE_URL"],
    artifactStore: required(
      values["mintmark-artifact-store"] ?? env["MINTMARK_ARTIFACT_STORE"],
      "MINTMARK_ARTIFACT_STORE",
      "file:///dir or s3://bucket/prefix",
    ),
    keyDir: required(values["mintmark-key-dir"] ?? env["MINTMARK_KEY_DIR"], "MINTMARK_KEY_DIR", "a directory"),
    host: values.host,
    port: portNumber("--port", values.port),
    auth,
    ownNames: isLoopback ? ownNames(values["mintmark-public-url"] ?? env["MINTMARK_PUBLIC_URL"]) : undefined,
    adminTokenFile: env["MINTMARK_ADMIN_TOKEN_FILE"],
    serviceTokens: env["MINTMARK_BOOTSTRAP_TOKENS"] ?? "",
    webhookAllow: env["MINTMARK_WEBHOOK_ALLOW"] ?? "",
    dataLinkSeconds: linkSeconds(env["MINTMARK_DATA_URL_SECONDS"] ?? String(defaultLinkSeconds)),
    log: pino(
      { name: "registry", level: env["MINTMARK_LOG_LEVEL"] ?? "info" },
      pino.destination({ fd: 2, sync: false }),
    ),
  };
}

function required(value: string | undefined, name: string, example: string): string {
  if (value === undefined || value === "") throw new SettingError(`${name} is not set; expected ${example}`);
  return value;
}

function linkSeconds(text: string): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0)
    throw new SettingError(`MINTMARK_DATA_URL_SECONDS expected whole seconds above 0, got '${text}'`);
  return Number(text);
}

function ownNames(publicUrl: string | undefined): readonly string[] {
  if (publicUrl === undefined) return loopbackNames;
  const url = URL.parse(publicUrl);
  if (url === null) throw new SettingError(`MINTMARK_PUBLIC_URL expected a URL, got '${publicUrl}'`);
  return [...loopbackNames, url.hostname];
}

/** What the operator can mend gets one line and exit code 2; anything else is ours, and 3. */
function badStart(error: unknown): never {
  const { code, message, port } = error as NodeJS.ErrnoException & { port?: number };
  const cannotListen = port !== undefined && (code === "EADDRINUSE" || code === "EACCES" || code === "EADDRNOTAVAIL");
  const isArgument = code?.startsWith("ERR_PARSE_ARGS") === true;
  const operators = cannotListen || isArgument || error instanceof SettingError || error instanceof AppError;
  const line = cannotListen
    ? `port ${port} cannot be used: ${code === "EADDRINUSE" ? "it is taken" : message}`
    : message;
  process.stderr.write(`registry: ${line}\n`);
  if (!operators && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exit(operators ? 2 : 3);
}
