/**
 * `mintmark up`: the system, kept up until it is told to stop.
 * @module
 */
import type { Command } from "commander";
import { Option } from "commander";
import { forgetServer, rememberServer } from "../keys/known-servers.ts";
import { print } from "../output.ts";
import type { Run } from "../run.ts";
import { nextSteps } from "../up/next-steps.ts";
import { dataDirOption, examples, integer } from "./options.ts";

interface UpArguments {
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  readonly grpcPort: number;
  readonly registryPort: number;
  readonly workers?: number;
  readonly auth?: "on" | "off";
  readonly insecure: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly behindProxy: boolean;
  readonly jsonLog: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function addUpCommand(program: Command, env: Environment, run: Run): void {
  const command = program
    .command("up")
    .description("start the whole system on this machine, and keep it up")
    .addOption(dataDirOption("where everything is kept"))
    .option("--host <address>", "the address to listen on", "127.0.0.1")
    .option("--port <port>", "the gateway; 0 for a free port", integer("--port", 0, 65_535), 8080)
    .option("--grpc-port <port>", "inference over gRPC", integer("--grpc-port", 0, 65_535), 8081)
    .option("--registry-port <port>", "the registry: Connect and gRPC", integer("--registry-port", 0, 65_535), 8082)
    .option("--workers <n>", "how many workers (default: half the cores)", integer("--workers", 0, 256))
    .addOption(
      new Option("--auth <on|off>", "whether callers need a token (default: off on loopback)").choices(["on", "off"]),
    )
    .option("--insecure", "allow --auth off where others can reach the host", false)
    .addOption(externalPart("--tls-cert <file>", "the certificate of this host, in PEM", "MINTMARK_TLS_CERT"))
    .addOption(externalPart("--tls-key <file>", "its key, in PEM", "MINTMARK_TLS_KEY"))
    .option("--behind-proxy", "allow clear text where others can reach the host: a proxy in front ends TLS", false)
    .option("--json-log", "log lines as JSON, all of them", false)
    .addOption(externalPart("--database-url <url>", "a Postgres of yours instead of the embedded one", "DATABASE_URL"))
    .addOption(externalPart("--queue-url <url>", "redis://… or another Postgres for the queue", "QUEUE_URL"))
    .addOption(
      externalPart("--mintmark-artifact-store <url>", "file:///dir or s3://bucket/prefix", "MINTMARK_ARTIFACT_STORE"),
    )
    .addOption(
      externalPart("--mintmark-key-dir <dir>", "keys elsewhere than in the data directory", "MINTMARK_KEY_DIR"),
    );
  examples(
    command,
    "mintmark up",
    "mintmark up --data-dir /srv/mintmark --port 0 --workers 4",
    "mintmark up --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem",
  );
  command.action((options: UpArguments & ExternalParts) =>
    run(command, async ({ signal, cwd, progress }) => {
      // Loaded here, because it brings databases and queues that other commands have no use for.
      const { up } = await import("../up/up.ts");
      const write = (line: string) => void process.stderr.write(line);
      progress.status("starting …");
      const behindProxy = options.behindProxy || env["MINTMARK_BEHIND_PROXY"] === "on";
      const running = await up({ ...options, behindProxy, env: { ...env, ...external(options) }, write }, signal);
      progress.status("");
      rememberServer(env, running.url, running.directory.keys);
      const { url, grpcPort, registryPort, stop } = running;
      print(`ready ${url} grpc=${grpcPort} registry=${registryPort}\n`);
      if (!options.jsonLog) write(nextSteps(running, env, cwd));
      await aborted(signal);
      await stop();
      forgetServer(env, url);
      return { text: "", json: { stopped: true } };
    }),
  );
}

interface ExternalParts {
  readonly databaseUrl?: string;
  readonly queueUrl?: string;
  readonly mintmarkArtifactStore?: string;
  readonly mintmarkKeyDir?: string;
}

function externalPart(flags: string, description: string, name: string): Option {
  return new Option(flags, description).env(name);
}

function external(options: ExternalParts): Environment {
  return {
    DATABASE_URL: options.databaseUrl,
    QUEUE_URL: options.queueUrl,
    MINTMARK_ARTIFACT_STORE: options.mintmarkArtifactStore,
    MINTMARK_KEY_DIR: options.mintmarkKeyDir,
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  // A signal alone keeps no process alive, and the children's channels may all be closed for a moment.
  const alive = setInterval(() => {}, 60_000);
  return new Promise<void>((done) => {
    if (signal.aborted) return done();
    signal.addEventListener("abort", () => done(), { once: true });
  }).finally(() => clearInterval(alive));
}
