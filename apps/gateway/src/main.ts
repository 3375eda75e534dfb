/**
 * Starts the gateway as a process of its own: settings from flags and environment, one line on a bad start, a clean end
 * on SIGTERM, SIGINT, or the end of the process that started it.
 * @module
 */
import { parseArgs } from "node:util";
import pino from "pino";
import { defaultFreshness, type GatewayOptions, startGateway } from "./server.ts";

const usage = `mintmark gateway [--host 127.0.0.1] [--port 8080] [--grpc-port 8081] [--registry http://127.0.0.1:8082]

Environment: MINTMARK_REGISTRY_URL, MINTMARK_TOKEN (the gateway's own), MINTMARK_AUTH=on|off, MINTMARK_KEY_DIR,
MINTMARK_PUBLIC_URL (another name under which it is reached), MINTMARK_STALE_AFTER and MINTMARK_REFUSE_AFTER
(seconds of silence of the registry after which answers are marked, and refused), MINTMARK_LOG_LEVEL`;

/** A setting that cannot be used; the message is for the operator. */
class SettingError extends Error {}

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
  return {
    host: values.host,
    port: portNumber("--port", values.port),
    grpcPort: portNumber("--grpc-port", values["grpc-port"]),
    registryUrl: values.registry,
    token: env["MINTMARK_TOKEN"],
    auth,
    keyDir: env["MINTMARK_KEY_DIR"] ?? "mintmark-data/keys",
    ownHosts: env["MINTMARK_PUBLIC_URL"] === undefined ? [] : [new URL(env["MINTMARK_PUBLIC_URL"]).hostname],
    freshness: {
      staleAfterMs: seconds("MINTMARK_STALE_AFTER", defaultFreshness.staleAfterMs),
      refuseAfterMs: seconds("MINTMARK_REFUSE_AFTER", defaultFreshness.refuseAfterMs),
    },
    log: pino(
      { name: "gateway", level: env["MINTMARK_LOG_LEVEL"] ?? "info" },
      pino.destination({ fd: 2, sync: false }),
    ),
  };
}

function portNumber(flag: string, text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new SettingError(`${flag} expected a port, 0 to 65535, got '${text}'`);
  return port;
}

function seconds(variable: string, otherwiseMs: number): number {
  const text = process.env[variable];
  if (text === undefined) return otherwiseMs;
  if (!(Number(text) > 0)) throw new SettingError(`${variable} expected seconds above 0, got '${text}'`);
  return Number(text) * 1000;
}

function onOrOff(variable: string, text: string): boolean {
  if (text !== "on" && text !== "off") throw new SettingError(`${variable} expected 'on' or 'off', got '${text}'`);
  return text === "on";
}

/** What the operator can mend gets one line and exit code 2; anything else is ours, and 3. */
function badStart(error: unknown): never {
  const { code, message, port } = error as NodeJS.ErrnoException & { port?: number };
  const taken = code === "EADDRINUSE" || code === "EACCES";
  const line = taken ? `port ${port} cannot be used: ${code === "EACCES" ? "not permitted" : "it is taken"}` : message;
  const operators = taken || error instanceof SettingError || code?.startsWith("ERR_PARSE_ARGS") === true;
  process.stderr.write(`gateway: ${line}\n`);
  process.exit(operators ? 2 : 3);
}

try {
  const options = readOptions();
  if (options === undefined) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  const gateway = await startGateway(options);
  process.send?.({ ready: true, port: gateway.port, grpcPort: gateway.grpcPort });
  options.log.info({ port: gateway.port, grpcPort: gateway.grpcPort, registry: options.registryUrl }, "ready");

  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    // Whatever does not end by itself in time is cut off.
    setTimeout(() => process.exit(0), 5_000).unref();
    await gateway.close();
    process.exit(0);
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  process.on("disconnect", end);
} catch (error) {
  badStart(error);
}
