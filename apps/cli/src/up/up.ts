/**
 * `mintmark up`: the whole system on one machine, as child processes of this one.
 *
 * Started in the order in which they need each other (Postgres, registry, gateway and workers), stopped in the reverse
 * one. A child learns of this process's end by its channel, Postgres by its guard; so nothing is left when `up` is killed.
 * @module
 */
import { availableParallelism } from "node:os";
import { pathToFileURL } from "node:url";
import { AppError } from "@mintmark/errors";
import { isLoopback } from "@mintmark/http-edge/loopback";
import { SettingError } from "@mintmark/http-edge/settings";
import { formatToken, newToken } from "@mintmark/http-edge/token";
import { transportTo } from "@mintmark/http-edge/transport";
import { queueUrlIn } from "@mintmark/job-queue/queue-url";
import { ensureSigningKeys } from "../keys/key-dir.ts";
import { type DataDir, dataDir, lockedOrTakenBack, prepareDataDir } from "./data-dir.ts";
import { openLog } from "./log.ts";
import { earlierPatienceMs } from "./offline.ts";
import { claimPort, localUrl } from "./ports.ts";
import { ProcessIds } from "./process-id.ts";
import { clearMark, clearRunState, writeMark, writeRunState } from "./run-state.ts";
import { defined, nodeProgram, type Ports, Stack, startPostgres } from "./stack.ts";

export interface UpOptions {
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  readonly grpcPort: number;
  readonly registryPort: number;
  /** How many workers; half the cores if not given, at least one. */
  readonly workers?: number | undefined;
  /** Off on loopback and on elsewhere, if not given. */
  readonly auth?: "on" | "off" | undefined;
  /** Allows `auth: "off"` where others can reach the host. */
  readonly insecure: boolean;
  /** Files, in PEM, with which the gateway's and the registry's ports identify themselves. */
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  /** Allows clear text where others can reach the host. */
  readonly behindProxy: boolean;
  readonly jsonLog: boolean;
  /** What the programs inherit: `DATABASE_URL`, `QUEUE_URL`, `MINTMARK_…`, AWS variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where log lines go. */
  readonly write: (line: string) => void;
}

export interface Running {
  readonly url: string;
  readonly grpcPort: number;
  readonly registryPort: number;
  readonly auth: "on" | "off";
  readonly directory: DataDir;
  /** Stops taking work, lets what runs finish or be kept, and ends everything within 10 s. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts everything, and settles when it can be used. `signal` ends a start that is under way.
 * @throws AppError with one clear reason; nothing is left running then
 */
export async function up(options: UpOptions, signal: AbortSignal): Promise<Running> {
  const auth = chooseAuth(options);
  requireTransport(options);
  const directory = dataDir(options.dataDir);
  const takeBack = prepareDataDir(directory);
  const lock = lockedOrTakenBack(directory, takeBack);
  writeMark(directory);
  const log = openLog(directory.logs, options.jsonLog, options.write);
  const stack = new Stack(log, new ProcessIds(directory.run), signal);
  const stop = async () => {
    clearRunState(directory);
    await stack.stop();
    clearMark(directory);
    lock.release();
  };
  try {
    await stack.ids.outlive(earlierPatienceMs);
    const running = await start(options, auth, directory, stack);
    writeRunState(directory, {
      pid: process.pid,
      url: running.url,
      grpc_port: running.grpcPort,
      registry_port: running.registryPort,
      auth,
      started_at: new Date().toISOString(),
    });
    log.show();
    return { ...running, auth, directory, stop };
  } catch (error) {
    await stack.stop();
    clearMark(directory);
    // While it is still taken: nobody else begins in what goes.
    takeBack();
    lock.release();
    throw error;
  }
}

async function start(options: UpOptions, auth: "on" | "off", directory: DataDir, stack: Stack) {
  const { host, env } = options;
  await requireFreePorts(options);
  const workers = Array.from({ length: options.workers ?? defaultWorkers() }, (_, i) => `worker-${i + 1}`);
  // In this order, because each waits for those before it.
  for (const name of ["registry", "gateway", ...workers])
    stack.startAhead(name, entryOf(name), defined(inherited(env)));
  await ensureSigningKeys(directory.keys);
  const database = await startDatabase(options, directory, stack);
  // For this start of the system: the registry keeps only their digests, and nothing of them is written to disk.
  const tokens = { gateway: formatToken(newToken()), worker: formatToken(newToken()) };
  const listen = ["--host", host, ...(options.insecure ? ["--insecure"] : []), ...transportArguments(options)];
  const shared = {
    ...inherited(env),
    MINTMARK_AUTH: auth,
    MINTMARK_KEY_DIR: env["MINTMARK_KEY_DIR"] ?? directory.keys,
  };

  const store = { MINTMARK_ARTIFACT_STORE: env["MINTMARK_ARTIFACT_STORE"] ?? pathToFileURL(directory.blobs).href };
  // The certificate names the host that others call; on this machine the programs go another way.
  const registry: Ports = { port: options.registryPort, ...(options.tlsCert === undefined ? {} : { innerPort: 0 }) };
  await stack.add(
    "services",
    nodeProgram({
      name: "registry",
      entry: entryOf("registry"),
      ports: registry,
      args: () => [
        ...listen,
        ...["--port", String(registry.port)],
        ...(registry.innerPort === undefined ? [] : ["--inner-port", String(registry.innerPort)]),
      ],
      env: {
        ...shared,
        ...database,
        ...store,
        MINTMARK_ADMIN_TOKEN_FILE: directory.adminToken,
        MINTMARK_BOOTSTRAP_TOKENS: `gateway=${tokens.gateway},worker=${tokens.worker}`,
      },
    }),
  );

  const inner =
    registry.innerPort === undefined ? localUrl(host, registry.port) : localUrl("127.0.0.1", registry.innerPort);
  const client = { ...shared, MINTMARK_REGISTRY_URL: inner };
  const gateway: Ports & { grpcPort: number } = { port: options.port, grpcPort: options.grpcPort };
  const clients = workers.map((name) =>
    stack.add(
      "workers",
      nodeProgram({
        name,
        entry: entryOf(name),
        args: () => [],
        env: {
          ...client,
          MINTMARK_TOKEN: tokens.worker,
          QUEUE_URL: database.QUEUE_URL ?? queueUrlIn(database.DATABASE_URL),
        },
      }),
    ),
  );
  clients.push(
    stack.add(
      "services",
      nodeProgram({
        name: "gateway",
        entry: entryOf("gateway"),
        ports: gateway,
        args: () => [...listen, "--port", String(gateway.port), "--grpc-port", String(gateway.grpcPort)],
        env: { ...client, ...store, MINTMARK_TOKEN: tokens.gateway },
      }),
    ),
  );
  await Promise.all(clients);
  return {
    url: `${options.tlsCert === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${gateway.port}`,
    grpcPort: gateway.grpcPort,
    registryPort: registry.port,
  };
}

/** What its package exports the program as. */
function entryOf(name: string): string {
  if (name === "registry") return "@mintmark/registry-svc/main";
  return name === "gateway" ? "@mintmark/gateway/main" : "@mintmark/trainer-worker/main";
}

/** Before anything is started: a system that comes up without its gateway helps nobody. */
async function requireFreePorts({ host, port, grpcPort, registryPort }: UpOptions): Promise<void> {
  await claimPort(host, port, "--port");
  await claimPort(host, grpcPort, "--grpc-port");
  await claimPort(host, registryPort, "--registry-port");
}

/** The embedded Postgres, unless another was named. */
async function startDatabase(options: UpOptions, directory: DataDir, stack: Stack) {
  const given = options.env["DATABASE_URL"];
  const queue = options.env["QUEUE_URL"];
  if (given !== undefined) return { DATABASE_URL: given, QUEUE_URL: queue };
  const { databaseUrl, queueUrl } = await startPostgres(directory, stack);
  return { DATABASE_URL: databaseUrl, QUEUE_URL: queue ?? queueUrl };
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Everything but what names parts of the system: each program is told of those parts that it needs, and of no others. */
function inherited(env: Environment): Environment {
  const { DATABASE_URL, QUEUE_URL, MINTMARK_TOKEN, MINTMARK_URL, NODE_CHANNEL_FD, ...rest } = env;
  return rest;
}

/** @throws AppError AUTH_NEEDED where others could reach a system without authentication, and nobody said that they may */
function chooseAuth({ auth, host, insecure }: UpOptions): "on" | "off" {
  if (auth === "off" && !isLoopback(host) && !insecure) throw new AppError("AUTH_NEEDED", { host });
  return auth ?? (isLoopback(host) ? "off" : "on");
}

/** @throws AppError TRANSPORT_INVALID, before anything is made */
function requireTransport({ host, tlsCert: cert, tlsKey: key, behindProxy }: UpOptions): void {
  try {
    transportTo(host, { cert, key, behindProxy });
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    throw new AppError("TRANSPORT_INVALID", { problem: error.message }, { cause: error });
  }
}

function transportArguments({ tlsCert, tlsKey, behindProxy }: UpOptions): string[] {
  const files = tlsCert === undefined || tlsKey === undefined ? [] : ["--tls-cert", tlsCert, "--tls-key", tlsKey];
  return behindProxy ? [...files, "--behind-proxy"] : files;
}

function defaultWorkers(): number {
  return Math.max(1, Math.floor(availableParallelism() / 2));
}
