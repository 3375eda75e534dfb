/**
 * Links to snapshots that need no token: whoever has one may fetch these bytes until it expires. MLflow's clients load the
 * data of a run by plain HTTP, and send nothing that says who they are.
 *
 * `/v1/data/<expiry>.<signature>/<blake3>/<file name>`: expiry in seconds since 1970, and HMAC-SHA256 over all the rest. The
 * key comes from the registry's signing key, so that every registry with the same key directory takes the links of the others.
 * @module
 */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { SigningKey } from "@mintmark/crypto/keys";
import { AppError } from "@mintmark/errors";

export const dataPrefix = "/v1/data/";

export interface LinkedData {
  /** 64 hex digits. */
  readonly blake3: string;
  /** Under which a client keeps it. */
  readonly name: string;
}

export interface DataLinks {
  /** The path of the link, from now on for as long as links hold. */
  readonly make: (data: LinkedData) => string;
  /** @throws AppError DATA_LINK_INVALID, DATA_LINK_EXPIRED */
  readonly read: (path: string) => LinkedData;
}

export const defaultLinkSeconds = 3_600;

/** @param now milliseconds since 1970 */
export function dataLinks(key: SigningKey, seconds: number, now: () => number = Date.now): DataLinks {
  const secret = derivedSecret(key);
  const signatureOf = (expiry: string, { blake3, name }: LinkedData) =>
    createHmac("sha256", secret).update(`${expiry}\n${blake3}\n${name}`).digest();
  return {
    make: (data) => {
      const expiry = String(Math.ceil(now() / 1_000) + seconds);
      const signature = signatureOf(expiry, data).toString("base64url");
      return `${dataPrefix}${expiry}.${signature}/${data.blake3}/${encodeURIComponent(data.name)}`;
    },
    read: (path) => {
      const { expiry, signature, ...data } = partsOf(path);
      if (!isSame(signature, signatureOf(expiry, data))) throw new AppError("DATA_LINK_INVALID", {});
      if (Number(expiry) * 1_000 <= now())
        throw new AppError("DATA_LINK_EXPIRED", { at: new Date(Number(expiry) * 1_000).toISOString() });
      return data;
    },
  };
}

/** A key for this alone: nothing that is signed here says anything in the name of the registry. */
function derivedSecret({ key }: SigningKey): Uint8Array {
  const seed = key.export({ type: "pkcs8", format: "der" });
  return new Uint8Array(hkdfSync("sha256", seed, new Uint8Array(), "mintmark data links", 32));
}

const form = /^\/v1\/data\/(\d{1,12})\.([\w-]{43})\/([0-9a-f]{64})\/([^/?#]+)$/;

function partsOf(path: string): LinkedData & { readonly expiry: string; readonly signature: Uint8Array } {
  const [, expiry = "", signature = "", blake3 = "", name = ""] = form.exec(path) ?? [];
  try {
    return { expiry, signature: Buffer.from(signature, "base64url"), blake3, name: decodeURIComponent(name) };
  } catch (cause) {
    throw new AppError("DATA_LINK_INVALID", {}, { cause });
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
