/**
 * Starts the gateway as a process of its own: settings from flags and environment, one line on a bad start, a clean end
 * on SIGTERM, SIGINT, or the end of the process that started it.
 * @module
 */
import { parseArgs } from "node:util";
import { onOrOff, portNumber, SettingError } from "@mintmark/http-edge/settings";
import pino from "pino";
import { defaultFreshness, type Gateway, type GatewayOptions, startGateway } from "./server.ts";

const usage = `mintmark gateway [--host 127.0.0.1] [--port 8080] [--grpc-port 8081] [--registry http://127.0.0.1:8082]

Environment: MINTMARK_REGISTRY_URL, MINTMARK_TOKEN (the gateway's own), MINTMARK_AUTH=on|off, MINTMARK_KEY_DIR,
MINTMARK_ARTIFACT_STORE (the registry's, as file:///dir: where this machine has it, artifacts are read from there),
MINTMARK_PUBLIC_URL (under which others reach it: a name of its own, and what links begin with), MINTMARK_STALE_AFTER and MINTMARK_REFUSE_AFTER
(seconds of silence of the registry after which answers are marked, and refused), MINTMARK_LOG_LEVEL`;

function readOptions(): GatewayOptions | undefined {
  const env = process.env;
  const { values } = parseArgs({
    options: {
      host: { type: "string", default: "127.0.0.1" },
      port: { type: "string", default: "8080" },
      "grpc-port": { type: "string", default: "8081" },
      registry: { type: "string", default: env["MINTMARK_REGISTRY_URL"] ?? "http://127.0.0.1:8082" },
      insecure: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const loopback = ["127.0.0.1", "::1", "localhost"].includes(values.host);
  const auth = onOrOff("MINTMARK_AUTH", env["MINTMARK_AUTH"] ?? (loopback ? "off" : "on"));
  if (!auth && !loopback && !values.insecure)
    throw new SettingError(
      `--host ${values.host} is not loopback, so authentication cannot be off; set MINTMARK_AUTH=on, or add --insecure if everyone who reaches it may do everything`,
    );
  const named = env["MINTMARK_PUBLIC_URL"];
  const publicUrl = named === undefined ? undefined : httpUrl("MINTMARK_PUBLIC_URL", named);
  return {
    host: values.host,
    port: portNumber("--port", values.port),
    grpcPort: portNumber("--grpc-port", values["grpc-port"]),
    registryUrl: httpUrl("--registry", values.registry).origin,
    token: env["MINTMARK_TOKEN"],
    auth,
    keyDir: env["MINTMARK_KEY_DIR"] ?? "mintmark-data/keys",
    artifactStore: env["MINTMARK_ARTIFACT_STORE"],
    publicUrl: publicUrl?.href.replace(/\/+$/, ""),
    ownHosts: publicUrl === undefined ? [] : [publicUrl.hostname],
    freshness: {
      staleAfterMs: seconds("MINTMARK_STALE_AFTER", defaultFreshness.staleAfterMs),
      refuseAfterMs: seconds("MINTMARK_REFUSE_AFTER", defaultFreshness.refuseAfterMs),
    },
    log: pino(
      { name: "gateway", level: logLevel(env["MINTMARK_LOG_LEVEL"] ?? "info") },
      pino.destination({ fd: 2, sync: false }),
    ),
  };
}

function httpUrl(setting: string, text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new SettingError(`${setting} expected http://HOST:PORT, got '${text}'`);
  return url;
}

function logLevel(text: string): string {
  const levels = [...Object.values(pino.levels.labels), "silent"];
  if (!levels.includes(text))
    throw new SettingError(`MINTMARK_LOG_LEVEL expected one of ${levels.join(", ")}, got '${text}'`);
  return text;
}

function seconds(variable: string, otherwiseMs: number): number {
  const text = process.env[variable];
  if (text === undefined) return otherwiseMs;
  if (!(Number(text) > 0)) throw new SettingError(`${variable} expected seconds above 0, got '${text}'`);
  return Number(text) * 1000;
}

/** What the operator can mend gets one line and exit code 2; anything else is ours, and 3. */
function badStart(error: unknown): never {
  const { code = "", message, port } = error as NodeJS.ErrnoException & { port?: number };
  const listening = cannotListen[code];
  const operators = listening !== undefined || error instanceof SettingError || code.startsWith("ERR_PARSE_ARGS");
  const line =
    listening === undefined
      ? message
      : `${port === undefined ? "the port" : `port ${port}`} cannot be used: ${listening}`;
  process.stderr.write(`gateway: ${line}\n`);
  process.exit(operators ? 2 : 3);
}

/** By the system's code; before the gateway is ready nothing else than listening asks the system. */
const cannotListen: Readonly<Record<string, string>> = {
  EADDRINUSE: "it is taken",
  EACCES: "this account may not",
  EADDRNOTAVAIL: "--host is no address of this machine",
  ENOTFOUND: "--host is not known",
};

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

try {
  const options = readOptions();
  if (options === undefined) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  // From the beginning: who started it may be gone before it is ready.
  let gateway: Gateway | undefined;
  for (const signal of ["SIGTERM", "SIGINT", "disconnect"] as const) process.on(signal, () => void end(gateway));
  gateway = await startGateway(options);
  if (process.connected) process.send?.({ ready: true, port: gateway.port, grpcPort: gateway.grpcPort });
  options.log.info({ port: gateway.port, grpcPort: gateway.grpcPort, registry: options.registryUrl }, "ready");
} catch (error) {
  badStart(error);
}
