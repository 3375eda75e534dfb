/**
 * What a connection may take of a server before it has asked for anything, between requests, and while it sends.
 * @module
 */
import { wholeNumber } from "./settings.ts";

export interface ConnectionLimits {
  /** From the first byte of a request, or of the connection, until its headers are whole. */
  readonly headersMs: number;
  /** Without a request or stream under way. */
  readonly idleMs: number;
  /** Without a byte of a body that is still to come, or of an answer that is not taken. */
  readonly stallMs: number;
  /** At once, on one port. */
  readonly maxConnections: number;
}

export const defaultConnectionLimits: ConnectionLimits = {
  headersMs: 30_000,
  idleMs: 75_000,
  stallMs: 120_000,
  maxConnections: 4_000,
};

/**
 * As variables give them: `MINTMARK_HEADER_SECONDS`, `MINTMARK_IDLE_SECONDS`, `MINTMARK_STALL_SECONDS`, `MINTMARK_MAX_CONNECTIONS`.
 * @throws SettingError
 */
export function connectionLimitsOf(setting: (variable: string) => string | undefined): ConnectionLimits {
  const number = (variable: string, otherwise: number, max: number) => {
    const text = setting(variable);
    return text === undefined ? otherwise : wholeNumber(variable, text, { min: 1, max });
  };
  const { headersMs, idleMs, stallMs, maxConnections } = defaultConnectionLimits;
  return {
    headersMs: 1000 * number("MINTMARK_HEADER_SECONDS", headersMs / 1000, 60),
    idleMs: 1000 * number("MINTMARK_IDLE_SECONDS", idleMs / 1000, 86_400),
    stallMs: 1000 * number("MINTMARK_STALL_SECONDS", stallMs / 1000, 86_400),
    maxConnections: number("MINTMARK_MAX_CONNECTIONS", maxConnections, 1_000_000),
  };
}
