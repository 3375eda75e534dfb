/**
 * Sigstore bundle v0.3 with a public key: the file in which an envelope travels.
 *
 * Source: sigstore protobuf-specs, bundle v0.3. `keyid` is empty, because cosign takes no other; the key is named by the
 * hint, which helps to find a key and never to trust one.
 * @module
 */
import { base64, fromBase64, utf8 } from "./bytes.ts";
import type { Envelope } from "./dsse.ts";
import { MalformedError } from "./malformed-error.ts";
import { parseStrictJson } from "./strict-json.ts";

const mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";

export interface Bundle {
  readonly envelope: Envelope;
  /** The id of the key that is said to have signed. */
  readonly hint: string;
}

export function bundleBytes({ envelope, hint }: Bundle): Uint8Array<ArrayBuffer> {
  const { payloadType, payload, signature } = envelope;
  const bundle = {
    mediaType,
    verificationMaterial: { publicKey: { hint }, tlogEntries: [] },
    dsseEnvelope: {
      payload: base64(payload),
      payloadType,
      signatures: [{ sig: base64(signature), keyid: "" }],
    },
  };
  return utf8(`${JSON.stringify(bundle)}\n`);
}

/** @throws MalformedError that says what is wrong. */
export function parseBundle(bytes: Uint8Array): Bundle {
  const bundle = parseStrictJson(bytes) as Partial<BundleJson> | null;
  if (bundle?.mediaType !== mediaType) throw new MalformedError(`is not a Sigstore bundle v0.3`);
  const hint = bundle.verificationMaterial?.publicKey?.hint;
  if (typeof hint !== "string") throw new MalformedError("names no public key");
  const { payload, payloadType, signatures } = bundle.dsseEnvelope ?? {};
  if (typeof payload !== "string" || typeof payloadType !== "string") throw new MalformedError("has no payload");
  const count = Array.isArray(signatures) ? signatures.length : 0;
  if (count !== 1) throw new MalformedError(`has ${count} signatures instead of exactly one`);
  const signature = signatures?.[0]?.sig;
  if (typeof signature !== "string") throw new MalformedError("has no signature");
  return { hint, envelope: { payloadType, payload: fromBase64(payload), signature: fromBase64(signature) } };
}

interface BundleJson {
  readonly mediaType: string;
  readonly verificationMaterial: { readonly publicKey?: { readonly hint?: unknown } } | null;
  readonly dsseEnvelope: {
    readonly payload?: unknown;
    readonly payloadType?: unknown;
    readonly signatures?: readonly ({ readonly sig?: unknown } | null)[];
  } | null;
}
