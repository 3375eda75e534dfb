/**
 * What a command is given besides its arguments: the server, the environment, and somewhere to show progress.
 * @module
 */
import type { Interceptor } from "@connectrpc/connect";
import { AppError } from "@mintmark/errors";
import { connectRegistry, type RegistryClient } from "@mintmark/registry-client/connect";
import { keyDirectory } from "./keys/known-servers.ts";

export interface GlobalOptions {
  readonly server: string;
  readonly token?: string | undefined;
  readonly json: boolean;
  /** Tables with everything in full. */
  readonly wide: boolean;
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
  /**
   * Asks a person whether to do what cannot be taken back.
   * @throws AppError NOT_CONFIRMED; CONFIRMATION_NEEDED where nobody can be asked
   */
  readonly confirm: (what: string) => Promise<void>;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Where the keys are that this machine signs with and trusts. */
  readonly keyDir: string;
}

export interface SessionPorts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly progress: Progress;
  readonly confirm: (what: string) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Nothing is sent before the command does.
 * @throws AppError OPTION_INVALID where `--server` is no URL
 */
export function openSession({ server, token }: GlobalOptions, ports: SessionPorts): Session {
  if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol))
    throw new AppError("OPTION_INVALID", {
      option: "--server",
      expected: "a URL as in http://127.0.0.1:8080",
      value: server,
    });
  const interceptors = [untilAborted(ports.signal)];
  const client = connectRegistry({ baseUrl: server, token, httpVersion: "1.1", interceptors });
  return { ...ports, server, token, client, keyDir: keyDirectory(ports.env, server, ports.cwd) };
}

/** Every call ends with the command, whichever of them waits. */
function untilAborted(signal: AbortSignal): Interceptor {
  return (next) => (request) => next({ ...request, signal: AbortSignal.any([request.signal, signal]) });
}
