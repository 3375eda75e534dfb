/**
 * Settings of our programs, as flags and variables give them: text.
 * @module
 */
import { isLoopback } from "./loopback.ts";

/** A setting that cannot be used; the message is for the operator. */
export class SettingError extends Error {}

type Flags = Readonly<Record<string, string | boolean | undefined>>;
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads settings by the names of their variables. The flag of the same name wins where the program has one:
 * `MINTMARK_KEY_DIR`, `--mintmark-key-dir`. What is empty is not given.
 */
export function settingsOf(flags: Flags, environment: Environment): (variable: string) => string | undefined {
  return (variable) => {
    const flag = flags[variable.toLowerCase().replaceAll("_", "-")];
    return (typeof flag === "string" ? flag : environment[variable]) || undefined;
  };
}

/** @throws SettingError naming `setting` and what was `expected` */
export function required(setting: string, value: string | undefined, expected: string): string {
  if (value === undefined) throw new SettingError(`${setting} is not set; expected ${expected}`);
  return value;
}

/** @throws SettingError naming `setting` */
export function portNumber(setting: string, text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new SettingError(`${setting} expected a port, 0 to 65535, got '${text}'`);
  return port;
}

/** @throws SettingError naming `setting` */
export function wholeNumber(setting: string, text: string, { min, max }: { min: number; max: number }): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < min || number > max)
    throw new SettingError(`${setting} expected a whole number, ${min} to ${max}, got '${text}'`);
  return number;
}

/** @throws SettingError naming `setting` */
export function httpUrl(setting: string, text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new SettingError(`${setting} expected http://HOST:PORT, got '${text}'`);
  return url;
}

/** @throws SettingError naming `setting` */
export function oneOf(setting: string, text: string, values: readonly string[]): string {
  if (!values.includes(text)) throw new SettingError(`${setting} expected one of ${values.join(", ")}, got '${text}'`);
  return text;
}

/** What `MINTMARK_LOG_LEVEL` may be. */
export const logLevels: readonly string[] = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

export interface Access {
  /** Whether only this machine can reach the server. */
  readonly isLoopback: boolean;
  /** Whether callers need a token. */
  readonly auth: boolean;
}

/**
 * Who may call a server bound to `host`.
 * @param auth `on` or `off`, where it is given
 * @throws SettingError where others could reach a server without authentication, and nobody said that they may
 */
export function accessTo(host: string, auth: string | undefined, insecure: boolean): Access {
  const local = isLoopback(host);
  if (auth !== undefined && auth !== "on" && auth !== "off")
    throw new SettingError(`--auth or MINTMARK_AUTH expected 'on' or 'off', got '${auth}'`);
  if (auth === "off" && !local && !insecure)
    throw new SettingError(
      `--host ${host} is not loopback, so authentication cannot be off; switch it on (--auth on), or add --insecure if everyone who reaches it may do everything`,
    );
  return { isLoopback: local, auth: auth === undefined ? !local : auth === "on" };
}
