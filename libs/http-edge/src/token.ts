/**
 * The form of a token, `mm_<id>_<secret>`, and where a request carries it. The id is public and looked up; the secret is 256 random
 * bits.
 * @module
 */
import { randomBytes } from "node:crypto";

export interface Token {
  /** 16 hex digits of a token that was made here. */
  readonly id: string;
  /** 64 hex digits. */
  readonly secret: string;
}

export function newToken(): Token {
  return { id: randomBytes(8).toString("hex"), secret: randomBytes(32).toString("hex") };
}

export function formatToken({ id, secret }: Token): string {
  return `mm_${id}_${secret}`;
}

/** `undefined` if the text has not the form of a token. */
export function parseToken(text: string): Token | undefined {
  const match = /^mm_([a-z0-9]{16})_([0-9a-f]{64})$/.exec(text);
  return match === null ? undefined : { id: match[1]!, secret: match[2]! };
}

/**
 * What an `Authorization` header gives as the token: the credentials of Bearer, or the password of Basic, which is what many older
 * clients can send, with any user name. `undefined` if there is none; it need not have the form of a token.
 */
export function tokenIn(authorization: string | null | undefined): string | undefined {
  const [, scheme = "", credentials = ""] = /^(\w+) +(\S+)$/.exec(authorization ?? "") ?? [];
  switch (scheme.toLowerCase()) {
    case "bearer":
      return credentials;
    case "basic":
      return /^[^:]*:(.+)$/s.exec(Buffer.from(credentials, "base64").toString("utf8"))?.[1];
    default:
      return undefined;
  }
}
