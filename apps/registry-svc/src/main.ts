/**
 * Starts the registry as a process of its own: settings from flags and environment, one line on a bad start, a clean end on
 * SIGTERM, SIGINT, or the end of the process that started it.
 * @module
 */
import { parseArgs } from "node:util";
import { connectionLimitsOf } from "@mintmark/http-edge/connection-limits";
import { badStart, explainIfAsked, tellReady, untilReleased } from "@mintmark/http-edge/program";
import { quotasOf } from "@mintmark/http-edge/quotas";
import {
  accessTo,
  httpUrl,
  logLevels,
  oneOf,
  portNumber,
  required,
  settingsOf,
  wholeNumber,
} from "@mintmark/http-edge/settings";
import { transportFlags, transportSettings, transportTo } from "@mintmark/http-edge/transport";
import { usageText } from "@mintmark/http-edge/usage";
import { sweepScratch } from "@mintmark/scratch/scratch";
import pino from "pino";
import { defaultLinkSeconds } from "./data-links/data-link.ts";
import { defaultEntryLimits } from "./entry-limit.ts";
import { messageLimitsOf } from "./messages/message-limits.ts";
import { type RegistryOptions, startRegistry } from "./server.ts";

const usage = usageText({
  command: "mintmark registry",
  description: "The registry alone: models, versions, aliases, runs and jobs, by Connect and gRPC.",
  options: [
    ["--host <address>", "the address to listen on (default: 127.0.0.1)"],
    ["--port <port>", "0 for a free one (default: 8082)"],
    ["--inner-port <port>", "a second port for the programs of this machine: on loopback, in clear text"],
    ["--auth <on|off>", "whether callers need a token (default: off on loopback)"],
    ["--insecure", "allow --auth off where others can reach the host"],
    ["--tls-cert <file>", "the certificate in PEM; where others can reach the host, tokens need TLS"],
    ["--tls-key <file>", "its key"],
    ["--behind-proxy", "instead of a certificate: a proxy in front ends TLS"],
    ["--database-url <url>", "the database, postgres://… (required)"],
    ["--queue-url <url>", "redis://… or postgres://… (default: the same Postgres, under a role of its own)"],
    ["--mintmark-artifact-store <uri>", "file:///dir or s3://bucket/prefix (required)"],
    ["--mintmark-key-dir <dir>", "the keys that it signs with and trusts (required)"],
    ["--mintmark-public-url <url>", "under which others reach it"],
  ],
  variables: [
    ["MINTMARK_AUTH", "on or off"],
    ["MINTMARK_BEHIND_PROXY", "on or off"],
    ["MINTMARK_TLS_CERT", "a file, as --tls-cert"],
    ["MINTMARK_TLS_KEY", "a file, as --tls-key"],
    ["MINTMARK_SPOOL_DIR", "where uploads to S3 arrive first"],
    ["MINTMARK_ADMIN_TOKEN_FILE", "where the first token is written"],
    ["MINTMARK_BOOTSTRAP_TOKENS", "tokens of the other programs: name=mm_…,…"],
    ["MINTMARK_WEBHOOK_ALLOW", "host[:port],…: where webhooks may go besides public addresses by https"],
    ["MINTMARK_DATA_URL_SECONDS", "how long links to the data of runs hold (default: 3600)"],
    ["MINTMARK_MAX_ENTRIES_REQUEST", "tags or parameters of a request (default: 1000)"],
    ["MINTMARK_MAX_ENTRIES", "tags or parameters of one object (default: 10000)"],
    ["MINTMARK_MESSAGE_BYTES", "of one message of the native API"],
    ["MINTMARK_LARGE_MESSAGE_BYTES", "of one where large ones are needed"],
    ["MINTMARK_MAX_CONNECTIONS", "and others: docs/operations.md, Limits"],
    ["MINTMARK_LOG_LEVEL", "trace, debug, info, warn, error, fatal or silent (default: info)"],
  ],
  example: "mintmark registry --database-url postgres://registry@db/mintmark",
});

explainIfAsked(usage);
await untilReleased();
try {
  const options = readOptions();
  await sweepScratch();
  const registry = await startRegistry(options);
  const { port, innerPort } = registry;
  tellReady({ port, innerPort });
  options.log.info({ port, auth: options.auth }, "ready");

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
  badStart("registry", error);
}

function readOptions(): RegistryOptions {
  const { values } = parseArgs({
    options: {
      host: { type: "string", default: "127.0.0.1" },
      port: { type: "string", default: "8082" },
      auth: { type: "string" },
      insecure: { type: "boolean", default: false },
      ...transportFlags,
      "inner-port": { type: "string" },
      "database-url": { type: "string" },
      "queue-url": { type: "string" },
      "mintmark-artifact-store": { type: "string" },
      "mintmark-key-dir": { type: "string" },
      "mintmark-public-url": { type: "string" },
    },
  });
  const setting = settingsOf(values, process.env);
  const needed = (name: string, expected: string) => required(name, setting(name), expected);
  const { isLoopback, auth } = accessTo(values.host, values.auth ?? setting("MINTMARK_AUTH"), values.insecure);
  const count = (name: string, usual: number) =>
    wholeNumber(name, setting(name) ?? String(usual), { min: 1, max: 1_000_000 });
  const publicUrl = setting("MINTMARK_PUBLIC_URL");
  const level = oneOf("MINTMARK_LOG_LEVEL", setting("MINTMARK_LOG_LEVEL") ?? "info", logLevels);
  return {
    databaseUrl: needed("DATABASE_URL", "postgres://…"),
    queueUrl: setting("QUEUE_URL"),
    artifactStore: needed("MINTMARK_ARTIFACT_STORE", "file:///dir or s3://bucket/prefix"),
    spoolDirectory: setting("MINTMARK_SPOOL_DIR"),
    keyDir: needed("MINTMARK_KEY_DIR", "a directory"),
    host: values.host,
    port: portNumber("--port", values.port),
    tls: transportTo(values.host, transportSettings(values, setting)),
    innerPort: values["inner-port"] === undefined ? undefined : portNumber("--inner-port", values["inner-port"]),
    auth,
    ownNames: isLoopback ? [] : undefined,
    publicUrl: publicUrl === undefined ? undefined : httpUrl("MINTMARK_PUBLIC_URL", publicUrl).href,
    adminTokenFile: setting("MINTMARK_ADMIN_TOKEN_FILE"),
    serviceTokens: setting("MINTMARK_BOOTSTRAP_TOKENS") ?? "",
    webhookAllow: setting("MINTMARK_WEBHOOK_ALLOW") ?? "",
    dataLinkSeconds: linkSeconds(setting("MINTMARK_DATA_URL_SECONDS")),
    messageLimits: messageLimitsOf(setting),
    connectionLimits: connectionLimitsOf(setting),
    quotas: quotasOf(setting),
    entryLimits: {
      request: count("MINTMARK_MAX_ENTRIES_REQUEST", defaultEntryLimits.request),
      object: count("MINTMARK_MAX_ENTRIES", defaultEntryLimits.object),
    },
    log: pino({ name: "registry", level }, pino.destination({ fd: 2, sync: false })),
  };
}

function linkSeconds(text: string | undefined): number {
  if (text === undefined) return defaultLinkSeconds;
  return wholeNumber("MINTMARK_DATA_URL_SECONDS", text, { min: 1, max: 999_999_999 });
}
