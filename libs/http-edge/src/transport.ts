/**
 * How a server is reached: in clear text where only this machine can, else by TLS, or behind a proxy that ends it. Tokens travel in the
 * headers, so clear text would give them to everybody on the way.
 * @module
 */
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { isLoopback } from "./loopback.ts";
import { SettingError } from "./settings.ts";

/** In PEM. */
export interface TlsIdentity {
  /** The certificate, and those between it and the authority. */
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface TransportSettings {
  /** A file, as `--tls-cert` or `MINTMARK_TLS_CERT` give it. */
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Whether the operator says that a proxy in front of the server ends TLS. */
  readonly behindProxy: boolean;
}

/** The flags of every program that listens, for `parseArgs`. */
export const transportFlags = {
  "tls-cert": { type: "string" },
  "tls-key": { type: "string" },
  "behind-proxy": { type: "boolean", default: false },
} as const;

/** Reads them: a flag wins over its variable `MINTMARK_TLS_CERT`, `MINTMARK_TLS_KEY`, `MINTMARK_BEHIND_PROXY` (`on` or `off`). */
export function transportSettings(
  flags: Readonly<Record<string, string | boolean | undefined>>,
  setting: (variable: string) => string | undefined,
): TransportSettings {
  const file = (flag: string, variable: string) => {
    const given = flags[flag];
    return typeof given === "string" && given !== "" ? given : setting(variable);
  };
  const proxy = setting("MINTMARK_BEHIND_PROXY") ?? "off";
  if (proxy !== "on" && proxy !== "off")
    throw new SettingError(`MINTMARK_BEHIND_PROXY expected 'on' or 'off', got '${proxy}'`);
  return {
    cert: file("tls-cert", "MINTMARK_TLS_CERT"),
    key: file("tls-key", "MINTMARK_TLS_KEY"),
    behindProxy: flags["behind-proxy"] === true || proxy === "on",
  };
}

/**
 * With what a server bound to `host` identifies itself; `undefined` for clear text.
 * @throws SettingError where others could read what is sent to it, and nobody said that a proxy stands in front; where one of the two
 * files is missing, cannot be read, or does not belong to the other
 */
export function transportTo(host: string, { cert, key, behindProxy }: TransportSettings): TlsIdentity | undefined {
  if (cert === undefined && key === undefined) {
    if (isLoopback(host) || behindProxy) return undefined;
    throw new SettingError(
      `--host ${host} is not loopback, so tokens would be sent in clear text; give --tls-cert FILE and --tls-key FILE, or add --behind-proxy if a proxy in front ends TLS`,
    );
  }
  if (cert === undefined) throw new SettingError("--tls-key is given without --tls-cert; give both, or neither");
  if (key === undefined) throw new SettingError("--tls-cert is given without --tls-key; give both, or neither");
  const identity = { cert: fileOf("--tls-cert", cert), key: fileOf("--tls-key", key) };
  try {
    createSecureContext(identity);
  } catch (error) {
    throw new SettingError(`--tls-cert ${cert} and --tls-key ${key} cannot be used: ${(error as Error).message}`);
  }
  return identity;
}

function fileOf(flag: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new SettingError(`${flag} ${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}
