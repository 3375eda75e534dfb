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
import pino from "pino";
import { limitsOf } from "./limits.ts";
import { defaultFreshness, type Gateway, type GatewayOptions, startGateway } from "./server.ts";

const usage = `mintmark gateway [--host 127.0.0.1] [--port 8080] [--grpc-port 8081] [--auth on|off] [--insecure]
  [--tls-cert FILE --tls-key FILE | --behind-proxy]
  [--mintmark-registry-url http://127.0.0.1:8082] [--mintmark-artifact-store URI] [--mintmark-key-dir DIR] [--mintmark-public-url URL]

Where others can reach --host, tokens need TLS: give a certificate and its key, or say that a proxy in front ends TLS.

Environment: MINTMARK_REGISTRY_URL, MINTMARK_TOKEN (the gateway's own), MINTMARK_AUTH=on|off,
MINTMARK_TLS_CERT, MINTMARK_TLS_KEY, MINTMARK_BEHIND_PROXY=on|off, MINTMARK_KEY_DIR,
MINTMARK_ARTIFACT_STORE (the registry's, as file:///dir: where this machine has it, artifacts are read from there),
MINTMARK_PUBLIC_URL (under which others reach it: a name of its own, and what links begin with),
MINTMARK_STALE_AFTER and MINTMARK_REFUSE_AFTER (seconds of silence of the registry after which answers are marked, and
refused), MINTMARK_SCORING_BYTES and MINTMARK_SCORING_VALUES (of a body to predict), MINTMARK_MODEL_MEMORY (MiB of a
process of models), MINTMARK_MODEL_SECONDS (of a prediction), MINTMARK_BODY_MEMORY (MiB of all bodies),
MINTMARK_MAX_CONNECTIONS and others (docs/operations.md, Limits), MINTMARK_LOG_LEVEL. A flag wins over the variable of its name.`;

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
