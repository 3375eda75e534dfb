/**
 * Starts the gateway as a process of its own: settings from flags and environment, one line on a bad start, a clean end
 * on SIGTERM, SIGINT, or the end of the process that started it.
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
  SettingError,
  settingsOf,
} from "@mintmark/http-edge/settings";
import { transportFlags, transportSettings, transportTo } from "@mintmark/http-edge/transport";
import { usageText } from "@mintmark/http-edge/usage";
import pino from "pino";
import { limitsOf } from "./limits.ts";
import { defaultFreshness, type Gateway, type GatewayOptions, startGateway } from "./server.ts";

const usage = usageText({
  command: "mintmark gateway",
  description: "The gateway alone: one HTTP port for MLflow's clients, predictions and the native API.",
  options: [
    ["--host <address>", "the address to listen on (default: 127.0.0.1)"],
    ["--port <port>", "0 for a free one (default: 8080)"],
    ["--grpc-port <port>", "inference over gRPC (default: 8081)"],
    ["--auth <on|off>", "whether callers need a token (default: off on loopback)"],
    ["--insecure", "allow --auth off where others can reach the host"],
    ["--tls-cert <file>", "the certificate in PEM; where others can reach the host, tokens need TLS"],
    ["--tls-key <file>", "its key"],
    ["--behind-proxy", "instead of a certificate: a proxy in front ends TLS"],
    ["--mintmark-registry-url <url>", "the registry (default: http://127.0.0.1:8082)"],
    ["--mintmark-artifact-store <uri>", "the registry's; file:///dir is read from there where this machine has it"],
    ["--mintmark-key-dir <dir>", "whose trusted keys count (default: mintmark-data/keys)"],
    ["--mintmark-public-url <url>", "under which others reach it: what links begin with"],
  ],
  variables: [
    ["MINTMARK_TOKEN", "the gateway's own token at the registry"],
    ["MINTMARK_AUTH", "on or off"],
    ["MINTMARK_BEHIND_PROXY", "on or off"],
    ["MINTMARK_TLS_CERT", "a file, as --tls-cert"],
    ["MINTMARK_TLS_KEY", "a file, as --tls-key"],
    ["MINTMARK_STALE_AFTER", "seconds of silence of the registry after which answers are marked"],
    ["MINTMARK_REFUSE_AFTER", "seconds after which they are refused"],
    ["MINTMARK_SCORING_BYTES", "of a body to predict"],
    ["MINTMARK_SCORING_VALUES", "of a body to predict"],
    ["MINTMARK_MODEL_MEMORY", "MiB of a process of models"],
    ["MINTMARK_MODEL_SECONDS", "of a prediction"],
    ["MINTMARK_BODY_MEMORY", "MiB of all bodies"],
    ["MINTMARK_MAX_CONNECTIONS", "and others: docs/operations.md, Limits"],
    ["MINTMARK_LOG_LEVEL", "trace, debug, info, warn, error, fatal or silent (default: info)"],
  ],
  example: "mintmark gateway --mintmark-registry-url http://registry:8082 --auth on",
});

function readOptions(): GatewayOptions {
  const { values } = parseArgs({
    options: {
      host: { type: "string", default: "127.0.0.1" },
      port: { type: "string", default: "8080" },
      "grpc-port": { type: "string", default: "8081" },
      auth: { type: "string" },
      insecure: { type: "boolean", default: false },
      ...transportFlags,
      "mintmark-registry-url": { type: "string" },
      "mintmark-artifact-store": { type: "string" },
      "mintmark-key-dir": { type: "string" },
      "mintmark-public-url": { type: "string" },
    },
  });
  const setting = settingsOf(values, process.env);
  const { auth } = accessTo(values.host, values.auth ?? setting("MINTMARK_AUTH"), values.insecure);
  const named = setting("MINTMARK_PUBLIC_URL");
  const publicUrl = named === undefined ? undefined : httpUrl("MINTMARK_PUBLIC_URL", named);
  const level = oneOf("MINTMARK_LOG_LEVEL", setting("MINTMARK_LOG_LEVEL") ?? "info", logLevels);
  const { staleAfterMs, refuseAfterMs } = defaultFreshness;
  return {
    host: values.host,
    port: portNumber("--port", values.port),
    grpcPort: portNumber("--grpc-port", values["grpc-port"]),
    registryUrl: httpUrl("MINTMARK_REGISTRY_URL", setting("MINTMARK_REGISTRY_URL") ?? "http://127.0.0.1:8082").origin,
    token: setting("MINTMARK_TOKEN"),
    tls: transportTo(values.host, transportSettings(values, setting)),
    auth,
    keyDir: setting("MINTMARK_KEY_DIR") ?? "mintmark-data/keys",
    artifactStore: setting("MINTMARK_ARTIFACT_STORE"),
    publicUrl: publicUrl?.href.replace(/\/+$/, ""),
    freshness: {
      staleAfterMs: milliseconds("MINTMARK_STALE_AFTER", setting("MINTMARK_STALE_AFTER")) ?? staleAfterMs,
      refuseAfterMs: milliseconds("MINTMARK_REFUSE_AFTER", setting("MINTMARK_REFUSE_AFTER")) ?? refuseAfterMs,
    },
    limits: limitsOf(setting),
    connectionLimits: connectionLimitsOf(setting),
    quotas: quotasOf(setting),
    log: pino({ name: "gateway", level }, pino.destination({ fd: 2, sync: false })),
  };
}

function milliseconds(variable: string, seconds: string | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  if (!(Number(seconds) > 0)) throw new SettingError(`${variable} expected seconds above 0, got '${seconds}'`);
  return Number(seconds) * 1000;
}

/** Ends once, with what has begun answered if that is a matter of seconds. */
let ending = false;
async function end(gateway: Gateway | undefined): Promise<void> {
  if (ending) return;
  ending = true;
  // Whatever does not end by itself in time is cut off.
  setTimeout(() => process.exit(0), 5_000).unref();
  await gateway?.close();
  process.exit(0);
}

explainIfAsked(usage);
await untilReleased();
try {
  const options = readOptions();
  // From the beginning: who started it may be gone before it is ready.
  let gateway: Gateway | undefined;
  for (const signal of ["SIGTERM", "SIGINT", "disconnect"] as const) process.on(signal, () => void end(gateway));
  gateway = await startGateway(options);
  const { port, grpcPort } = gateway;
  tellReady({ port, grpcPort });
  options.log.info({ port, grpcPort, registry: options.registryUrl }, "ready");
} catch (error) {
  badStart("gateway", error);
}
