/**
 * What a command is given besides its arguments: the server, the environment, and somewhere to show progress.
 * @module
 */
import { connectRegistry, type RegistryClient } from "@mintmark/registry-client/connect";
import { keyDirectory } from "./keys/known-servers.ts";

export interface GlobalOptions {
  readonly server: string;
  readonly token?: string | undefined;
  readonly json: boolean;
  readonly debug: boolean;
}

export interface Progress {
  /** A line that stays. */
  readonly line: (text: string) => void;
  /** A stage that has begun: a line that stays, except on a terminal, where the state of affairs shows it. */
  readonly step: (text: string) => void;
  /** The state of affairs, empty for none: replaces the one before on a terminal; nothing elsewhere. */
  readonly status: (text: string) => void;
}

export interface Session {
  readonly server: string;
  readonly token: string | undefined;
  readonly client: RegistryClient;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly progress: Progress;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Where the keys are that this machine signs with and trusts. */
  readonly keyDir: string;
}

export interface SessionPorts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Nothing is sent before the command does. */
export function openSession({ server, token }: GlobalOptions, ports: SessionPorts): Session {
  const client = connectRegistry({ baseUrl: server, token, httpVersion: "1.1" });
  return { ...ports, server, token, client, keyDir: keyDirectory(ports.env, server, ports.cwd) };
}
