/**
 * What one token may ask for: requests under way at once, and bytes a minute. In memory, for one process.
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError } from "@mintmark/errors";
import { wholeNumber } from "./settings.ts";

export interface QuotaLimits {
  readonly requests: number;
  /** To and from the server, headers aside or not. */
  readonly bytesPerMinute: number;
}

const gibibyte = 1024 ** 3;

export const defaultQuotas: QuotaLimits = { requests: 500, bytesPerMinute: 16 * gibibyte };

/**
 * As variables give them: `MINTMARK_TOKEN_REQUESTS`, `MINTMARK_TOKEN_BYTES`.
 * @throws SettingError
 */
export function quotasOf(setting: (variable: string) => string | undefined): QuotaLimits {
  const number = (variable: string, otherwise: number) => {
    const text = setting(variable);
    return text === undefined ? otherwise : wholeNumber(variable, text, { min: 1, max: Number.MAX_SAFE_INTEGER });
  };
  return {
    requests: number("MINTMARK_TOKEN_REQUESTS", defaultQuotas.requests),
    bytesPerMinute: number("MINTMARK_TOKEN_BYTES", defaultQuotas.bytesPerMinute),
  };
}

export interface Quotas {
  /**
   * Takes a request of a token in, known by the token's id.
   * @throws AppError `QUOTA_REQUESTS`, `QUOTA_BYTES`
   */
  readonly enter: (tokenId: string) => Visit;
}

/** A request of a token while it is under way. */
export interface Visit {
  readonly spend: (bytes: number) => void;
  /** To be called once. */
  readonly leave: () => void;
}

interface Account {
  requests: number;
  /** Of the minute that began then. */
  bytes: number;
  since: number;
}

const minuteMs = 60_000;

/** @param now milliseconds of a clock that only goes forward */
export function openQuotas(limits: QuotaLimits, now: () => number = () => performance.now()): Quotas {
  const accounts = new Map<string, Account>();
  const settle = (account: Account) => {
    const age = now() - account.since;
    if (age >= minuteMs) Object.assign(account, { bytes: 0, since: account.since + age });
    return account;
  };
  const accountOf = (tokenId: string): Account => {
    const known = accounts.get(tokenId);
    if (known !== undefined) return settle(known);
    // There are as many as there were valid tokens; those that ask for nothing any more go first.
    if (accounts.size >= maxAccounts)
      for (const [id, { requests, since }] of accounts)
        if (requests === 0 && now() - since >= minuteMs) accounts.delete(id);
    const account = { requests: 0, bytes: 0, since: now() };
    accounts.set(tokenId, account);
    return account;
  };
  return {
    enter: (tokenId) => {
      const account = accountOf(tokenId);
      if (account.requests >= limits.requests)
        throw new AppError("QUOTA_REQUESTS", { limit: limits.requests, seen: account.requests });
      if (account.bytes >= limits.bytesPerMinute) {
        const seconds = Math.ceil((account.since + minuteMs - now()) / 1000);
        throw new AppError("QUOTA_BYTES", { limit: limits.bytesPerMinute, seen: account.bytes, seconds });
      }
      account.requests++;
      return {
        spend: (bytes) => {
          settle(account).bytes += bytes;
        },
        leave: () => {
          account.requests--;
        },
      };
    },
  };
}

const maxAccounts = 10_000;

/**
 * Takes a request over HTTP/1.1 in, and counts what went over its connection when it is answered.
 * @throws AppError `QUOTA_REQUESTS`, `QUOTA_BYTES`
 */
export function enterQuota(quotas: Quotas, tokenId: string, request: IncomingMessage, response: ServerResponse): void {
  const visit = quotas.enter(tokenId);
  const { socket } = request;
  const before = socket.bytesRead + socket.bytesWritten;
  const leave = () => {
    visit.spend(socket.bytesRead + socket.bytesWritten - before);
    visit.leave();
  };
  // It may have gone while its token was looked up.
  if (response.closed) leave();
  else response.once("close", leave);
}
