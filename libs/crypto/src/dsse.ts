/**
 * Dead Simple Signing Envelope: signs bytes together with their type.
 *
 * Source: DSSE v1.0.2, protocol.md. One signature an envelope, because cosign and sigstore-js refuse two.
 * @module
 */
import { concatBytes, utf8 } from "./bytes.ts";
import { type PublicKey, type SigningKey, signBytes, verifyBytes } from "./keys.ts";

export interface Envelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

/** What is signed: both lengths and both parts, so that no type can be read as part of a payload. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = utf8(payloadType);
  const header = utf8(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `);
  return concatBytes([header, payload]);
}

export function signEnvelope(payloadType: string, payload: Uint8Array, key: SigningKey): Envelope {
  return { payloadType, payload, signature: signBytes(key, preAuthEncoding(payloadType, payload)) };
}

export function verifyEnvelope(envelope: Envelope, key: PublicKey): boolean {
  return verifyBytes(key, preAuthEncoding(envelope.payloadType, envelope.payload), envelope.signature);
}
