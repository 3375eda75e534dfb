/**
 * The documents that the maker of a model signs before anybody else sees it.
 * @module
 */
import type { SigningKeys } from "@mintmark/crypto/keys";
import type { ManifestFile } from "@mintmark/crypto/manifest";
import { signModelFiles } from "@mintmark/crypto/model-signature";
import { type ProvenanceFacts, signProvenance } from "@mintmark/crypto/provenance";
import { documentNames } from "@mintmark/crypto/verify-model";

/** A document as RegisterVersion takes it. */
export interface SignedDocument {
  readonly name: string;
  readonly content: Uint8Array;
}

export interface SignModelOptions {
  readonly files: readonly ManifestFile[];
  /** How people call the model; informative. */
  readonly name: string;
  readonly keys: SigningKeys;
  /** Where it comes from; left out for a model that was not trained here. */
  readonly provenance?: ProvenanceFacts | undefined;
}

/** `model.sig`, its Ed25519 twin and, with facts, the provenance. */
export function signModel({ files, name, keys, provenance }: SignModelOptions): SignedDocument[] {
  const { p256, ed25519 } = signModelFiles(files, name, keys);
  const documents = [
    { name: documentNames.modelSignature, content: p256 },
    { name: documentNames.modelSignatureEd25519, content: ed25519 },
  ];
  if (provenance === undefined) return documents;
  const content = signProvenance(files, provenance, keys.ed25519);
  return [...documents, { name: documentNames.provenance, content }];
}
