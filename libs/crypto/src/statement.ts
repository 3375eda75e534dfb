/**
 * in-toto Statement v1: a typed claim about things that are named by digest.
 *
 * Source: in-toto attestation framework, spec/v1/statement.md.
 * @module
 */
import { bundleBytes, parseBundle } from "./bundle.ts";
import { utf8 } from "./bytes.ts";
import type { Json } from "./canonical-json.ts";
import { signEnvelope, verifyEnvelope } from "./dsse.ts";
import type { KeyAlgorithm, PublicKey, SigningKey } from "./keys.ts";
import { MalformedError } from "./malformed-error.ts";
import { parseStrictJson } from "./strict-json.ts";

const statementType = "https://in-toto.io/Statement/v1";
/** The payload type of every envelope that carries a statement. */
export const statementPayloadType = "application/vnd.in-toto+json";

export interface Subject {
  readonly name: string;
  /** Algorithm → hex. */
  readonly digest: { readonly [algorithm: string]: string };
}

export interface Statement {
  readonly subject: readonly Subject[];
  readonly predicateType: string;
  readonly predicate: { readonly [key: string]: Json };
}

/** A signed statement as a Sigstore bundle file. */
export function signStatement(statement: Statement, key: SigningKey): Uint8Array<ArrayBuffer> {
  return signStatementBytes(statementBytes(statement), key);
}

/** The same for bytes that are signed more than once. */
export function signStatementBytes(payload: Uint8Array, key: SigningKey): Uint8Array<ArrayBuffer> {
  return bundleBytes({ envelope: signEnvelope(statementPayloadType, payload, key), hint: key.public.id });
}

export function statementBytes({ subject, predicateType, predicate }: Statement): Uint8Array<ArrayBuffer> {
  return utf8(JSON.stringify({ _type: statementType, subject, predicateType, predicate }));
}

export interface StatementExpectations {
  readonly predicateType: string;
  /** What the key has to be; the signature is refused otherwise. */
  readonly algorithm: KeyAlgorithm;
  readonly trustedKeys: readonly PublicKey[];
}

export interface VerifiedStatement {
  readonly statement: Statement;
  readonly key: PublicKey;
}

/**
 * Reads a bundle file: the signature first, by a trusted key, then what it says, then whether that is of the expected type.
 * @throws MalformedError that says what is wrong.
 */
export function verifyStatement(bundleFile: Uint8Array, expected: StatementExpectations): VerifiedStatement {
  const { envelope, hint } = parseBundle(bundleFile);
  const key = findKey(hint, expected);
  if (!verifyEnvelope(envelope, key)) throw new MalformedError(`carries a signature that key ${key.id} did not make`);
  if (envelope.payloadType !== statementPayloadType)
    throw new MalformedError(
      `carries a payload of type '${envelope.payloadType}' instead of '${statementPayloadType}'`,
    );
  const statement = parseStatement(envelope.payload);
  if (statement.predicateType !== expected.predicateType)
    throw new MalformedError(`states a '${statement.predicateType}' instead of a '${expected.predicateType}'`);
  return { statement, key };
}

/** @throws MalformedError that says what is wrong. */
export function parseStatement(payload: Uint8Array): Statement {
  const value = parseStrictJson(payload) as ({ readonly _type?: unknown } & Partial<Statement>) | null;
  const { _type, subject, predicateType, predicate } = value ?? {};
  if (_type !== statementType) throw new MalformedError("is not an in-toto statement v1");
  if (!Array.isArray(subject) || !subject.every(isSubject)) throw new MalformedError("has no list of subjects");
  if (typeof predicateType !== "string" || !isObject(predicate)) throw new MalformedError("has no predicate");
  return { subject, predicateType, predicate };
}

/** The hint says where to look; that the key is among the trusted ones is what counts. */
function findKey(hint: string, { algorithm, trustedKeys }: StatementExpectations): PublicKey {
  const key = trustedKeys.find(({ id }) => id === hint);
  if (key === undefined)
    throw new MalformedError(`is signed with the unknown key ${hint}; if you trust it: mintmark keys trust FILE.pem`);
  if (key.algorithm !== algorithm) throw new MalformedError(`is signed with ${key.algorithm} instead of ${algorithm}`);
  return key;
}

function isSubject(value: unknown): value is Subject {
  if (!isObject(value) || typeof value["name"] !== "string" || !isObject(value["digest"])) return false;
  return Object.values(value["digest"]).every((digest) => typeof digest === "string");
}

function isObject(value: unknown): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
