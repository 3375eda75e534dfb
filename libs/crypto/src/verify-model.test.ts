import { describe, expect, it } from "vitest";
import { bundleBytes, parseBundle } from "./bundle.ts";
import { fromUtf8, utf8 } from "./bytes.ts";
import type { Json } from "./canonical-json.ts";
import { digestsOf } from "./digests.ts";
import { signEnvelope } from "./dsse.ts";
import { generateKey, type SigningKeys } from "./keys.ts";
import { type ManifestFile, manifestBytes } from "./manifest.ts";
import { signModelFiles } from "./model-signature.ts";
import { signProvenance } from "./provenance.ts";
import { signRegistration } from "./registration.ts";
import { signStatementBytes, statementPayloadType } from "./statement.ts";
import { type DeliveredModel, verifyModel, verifySignatures } from "./verify-model.ts";

const keys: SigningKeys = { p256: generateKey("ecdsa-p256"), ed25519: generateKey("ed25519") };
const trustedKeys = [keys.p256.public, keys.ed25519.public];
const strangers: SigningKeys = { p256: generateKey("ecdsa-p256"), ed25519: generateKey("ed25519") };

const contents = { MLmodel: "flavors: {}", "model.onnx": "weights", "data/example.json": "[1]" };
const identity = { model: "titanic", modelId: "0b7e", version: 3, semver: "1.2.0" };

describe("verifyModel", () => {
  it("finds nothing wrong with what was signed, and says which keys signed", () => {
    const verification = verifyModel(deliver());
    expect(verification.checks.map(({ name, ok }) => `${name} ${ok}`)).toEqual([
      "manifest.json true",
      "files true",
      "model.sig true",
      "model.ed25519.sigstore.json true",
      "provenance.sigstore.json true",
      "registration.sigstore.json true",
    ]);
    expect(verification.ok).toBe(true);
    expect(verification.signedBy).toEqual(trustedKeys.map(({ id }) => id).sort());
    expect(verification.registration).toMatchObject(identity);
  });

  describe("says what became of the files", () => {
    it.each<[string, (files: ManifestFile[]) => void, string]>([
      ["a flipped byte", (f) => (f[1] = file("model.onnx", "weightz")), "'model.onnx' has other bytes"],
      ["a renamed file", (f) => (f[1] = file("model2.onnx", "weights")), "'model.onnx' was renamed to 'model2.onnx'"],
      ["an extra file", (f) => f.push(file("run.py", "evil")), "'run.py' was added"],
      ["a missing file", (f) => f.pop(), "'data/example.json' is missing"],
    ])("%s", (_, change, message) => {
      const model = deliver();
      const files = [...model.files];
      change(files);
      expect(failures({ ...model, files })).toEqual([["files", `are not those of the manifest: ${message}`]]);
    });
  });

  it("notices a manifest that was rewritten to fit changed files", () => {
    const model = deliver();
    const files = [file("MLmodel", "flavors: {}"), file("model.onnx", "evil"), file("data/example.json", "[1]")];
    const documents = new Map(model.documents).set("manifest.json", manifestBytes(files));
    const found = failures({ ...model, files, documents, expected: {} });
    const differs = "'model.onnx' has other bytes";
    expect(found.slice(0, 3)).toEqual([
      ["model.sig", `is a valid signature of other files ('titanic'): ${differs}`],
      ["model.ed25519.sigstore.json", `is a valid signature of other files ('titanic'): ${differs}`],
      ["provenance.sigstore.json", `is a valid signature of other files (3 files): ${differs}`],
    ]);
    expect(found[3]?.[1]).toMatch(/^states digest 'blake3:/);
  });

  it("notices another manifest than the expected one", () => {
    const model = deliver();
    expect(failures({ ...model, expected: { digest: "blake3:00" } })[0]?.[1]).toMatch(/, expected blake3:00$/);
  });

  it("refuses a signature swapped for that of another model", () => {
    const other = signModelFiles([file("model.onnx", "other")], "iris", keys);
    const found = failures(replace("model.sig", other.p256));
    expect(found[0]?.[0]).toBe("model.sig");
    expect(found[0]?.[1]).toMatch(/^is a valid signature of other files \('iris'\): 'model.onnx' has other bytes; /);
    expect(found[1]?.[1]).toBe("names another 'model.sig' than the one that is there");
  });

  it.each(["model.sig", "model.ed25519.sigstore.json", "registration.sigstore.json"])(
    "refuses a stripped %s",
    (name) => {
      const [first] = failures(replace(name, undefined));
      expect(first?.[0]).toBe(name);
      expect(first?.[1]).toMatch(/^is missing/);
    },
  );

  it.each(["provenance.sigstore.json", "model_card.json"])(
    "notices by the registration that %s was taken away",
    (name) => {
      const message = `names the document '${name}', which is missing`;
      expect(failures(replace(name, undefined))).toEqual([["registration.sigstore.json", message]]);
    },
  );

  describe("without a maker's signature", () => {
    it("takes the word of a registry whose statement names none", () => {
      const { ok, checks, signedBy } = verifyModel(unsigned());
      expect(ok).toBe(true);
      expect(signedBy).toEqual([keys.ed25519.public.id]);
      expect(checks.map(({ name, detail }) => [name, /uploaded through MLflow/.test(detail)])).toEqual([
        ["manifest.json", false],
        ["files", false],
        ["model.sig", true],
        ["model.ed25519.sigstore.json", true],
        ["registration.sigstore.json", false],
      ]);
    });

    it("takes nobody's word where the statement names one, is a stranger's, or is about something else", () => {
      const stripped = deliver();
      const documents = new Map(stripped.documents);
      for (const name of ["model.sig", "model.ed25519.sigstore.json"]) documents.delete(name);
      expect(failures({ ...stripped, documents }).map(([name]) => name)).toEqual([
        "model.sig",
        "model.ed25519.sigstore.json",
        "registration.sigstore.json",
      ]);
      expect(failures({ ...unsigned(), trustedKeys: [keys.p256.public] })).toHaveLength(3);
      expect(failures({ ...unsigned(), expected: { version: 4 } })).toHaveLength(3);
    });

    it("does not take one signature, unchecked, for none", () => {
      const forged = signModelFiles(files(), "titanic", strangers).p256;
      const documents = new Map<string, Uint8Array>([["model.sig", forged]]);
      const registration = signRegistration({ ...identity, files: files(), documents }, keys.ed25519);
      documents.set("registration.sigstore.json", registration).set("manifest.json", manifestBytes(files()));
      expect(failures({ ...unsigned(), documents }).map(([name]) => name)).toEqual([
        "model.sig",
        "model.ed25519.sigstore.json",
      ]);
    });

    it("refuses what was added or changed", () => {
      const model = unsigned();
      const change = (name: string, bytes: Uint8Array) =>
        failures({ ...model, documents: new Map(model.documents).set(name, bytes) }).map(([name]) => name);
      const all = ["model.sig", "model.ed25519.sigstore.json", "registration.sigstore.json"];
      expect(change("model.sig", signModelFiles(files(), "titanic", strangers).p256)).toEqual(all);
      expect(change("model_card.json", utf8("{}"))).toEqual(all);
      expect(change("provenance.sigstore.json", utf8("{}"))).toHaveLength(4);
    });
  });

  it("refuses a changed card and a document that was added", () => {
    expect(failures(replace("model_card.json", utf8("{}")))).toEqual([
      ["registration.sigstore.json", "names another 'model_card.json' than the one that is there"],
    ]);
    expect(failures(replace("toString", utf8("x")))).toEqual([
      ["registration.sigstore.json", "does not name the document 'toString'"],
    ]);
  });

  it("refuses a key that nobody trusts, and says how to trust it", () => {
    const signatures = signModelFiles(files(), "titanic", strangers);
    const [first] = failures(replace("model.sig", signatures.p256));
    const id = strangers.p256.public.id;
    expect(first?.[1]).toBe(`is signed with the unknown key ${id}; if you trust it: mintmark keys trust FILE.pem`);
  });

  it("refuses a stranger's signature under the name of a trusted key", () => {
    const { envelope } = parseBundle(signModelFiles(files(), "titanic", strangers).p256);
    const forged = bundleBytes({ envelope, hint: keys.p256.public.id });
    expect(failures(replace("model.sig", forged))[0]?.[1]).toBe(
      `carries a signature that key ${keys.p256.public.id} did not make`,
    );
  });

  it("refuses the right statement signed with the wrong kind of key", () => {
    const signatures = signModelFiles(files(), "titanic", keys);
    expect(failures(replace("model.sig", signatures.ed25519))[0]?.[1]).toBe(
      "is signed with ed25519 instead of ecdsa-p256",
    );
  });

  it("refuses a provenance, registration or foreign payload in place of a signature", () => {
    const swapped = deliver().documents.get("registration.sigstore.json");
    expect(failures(replace("provenance.sigstore.json", swapped))[0]?.[1]).toBe(
      "states a 'urn:mintmark:attestation:registration:v1' instead of a 'https://slsa.dev/provenance/v1'",
    );
    const { payload } = parseBundle(deliver().documents.get("model.sig")!).envelope;
    const envelope = signEnvelope("text/plain", payload, keys.p256);
    expect(failures(replace("model.sig", bundleBytes({ envelope, hint: keys.p256.public.id })))[0]?.[1]).toBe(
      `carries a payload of type 'text/plain' instead of '${statementPayloadType}'`,
    );
  });

  it.each<[string, (predicate: LooseStatement["predicate"]) => void, string]>([
    [
      "ignore_paths",
      (p) => (p.serialization["ignore_paths"] = ["model.onnx"]),
      "leaves files unsigned: ignore_paths is",
    ],
    ["links", (p) => (p.serialization["allow_symlinks"] = true), "allows links"],
    ["shards", (p) => (p.serialization["method"] = "shards"), "lists files by 'shards' and 'sha256'"],
    ["other hashes", (p) => (p.resources[0]!["algorithm"] = "blake2b"), "lists a file without name and SHA-256"],
    ["another root", (p) => p.resources.pop(), "has a digest that is not that of its files"],
  ])("refuses a properly signed statement with %s", (_, change, message) => {
    const { payload } = parseBundle(deliver().documents.get("model.sig")!).envelope;
    const statement = JSON.parse(fromUtf8(payload)) as LooseStatement;
    change(statement.predicate);
    const forged = signStatementBytes(utf8(JSON.stringify(statement)), keys.p256);
    expect(failures(replace("model.sig", forged))[0]?.[1]).toContain(message);
  });

  it("refuses a registration of another version than the expected one", () => {
    const model = deliver();
    expect(failures({ ...model, expected: { version: 4 } })).toEqual([
      ["registration.sigstore.json", "states version '3' instead of '4'"],
    ]);
  });

  it("fails on every flipped bit of a signature file, or reads the same bytes", () => {
    const bytes = deliver().documents.get("model.ed25519.sigstore.json")!;
    const step = Math.ceil(bytes.length / 150);
    for (let at = 0; at < bytes.length - 1; at += step) {
      const changed = bytes.slice();
      changed[at]! ^= 1;
      const found = failures(replace("model.ed25519.sigstore.json", changed));
      // `tlogEntries` and `keyid` are not read; a change of their names or values is not a change of the signature.
      if (found.length === 0) expect(parseBundle(changed)).toEqual(parseBundle(bytes));
    }
  });
});

describe("verifySignatures", () => {
  it("takes a submission with or without provenance, and not without signatures", () => {
    const { documents } = deliver();
    const submitted = new Map([...documents].filter(([name]) => name !== "registration.sigstore.json"));
    expect(verifySignatures(files(), submitted, trustedKeys).ok).toBe(true);
    submitted.delete("provenance.sigstore.json");
    expect(verifySignatures(files(), submitted, trustedKeys).ok).toBe(true);
    expect(verifySignatures(files(), new Map(), trustedKeys).checks.map(({ detail }) => detail)).toEqual([
      "is missing: the model is not signed with it",
      "is missing: the model is not signed with it",
    ]);
  });
});

interface LooseStatement {
  readonly predicate: {
    readonly serialization: { [key: string]: Json };
    readonly resources: { [key: string]: Json }[];
  };
}

function file(path: string, content: string): ManifestFile {
  return { path, ...digestsOf(utf8(content)) };
}

function files(): ManifestFile[] {
  return Object.entries(contents).map(([path, content]) => file(path, content));
}

/** A model as a registry would deliver it. */
function deliver(): DeliveredModel {
  const signatures = signModelFiles(files(), "titanic", keys);
  const facts = {
    externalParameters: { seed: 42 },
    dependencies: [{ name: "dataset:training", digest: { sha256: "00" } }],
    builder: { id: "urn:mintmark:worker", version: { mintmark: "0.1.0" } },
    invocationId: "run-1",
    startedOn: "2026-11-20T12:00:00Z",
    finishedOn: "2026-11-20T12:00:01Z",
  };
  const documents = new Map<string, Uint8Array>([
    ["model.sig", signatures.p256],
    ["model.ed25519.sigstore.json", signatures.ed25519],
    ["provenance.sigstore.json", signProvenance(files(), facts, keys.ed25519)],
    ["model_card.json", utf8('{"name":"titanic"}')],
    ["model_card.md", utf8("# titanic")],
  ]);
  const registration = signRegistration({ ...identity, files: files(), documents }, keys.ed25519);
  documents.set("registration.sigstore.json", registration).set("manifest.json", manifestBytes(files()));
  return { files: files(), documents, trustedKeys, expected: identity };
}

/** The same as it came through MLflow: the registry's statement and its card, and nothing of a maker. */
function unsigned(): DeliveredModel {
  const documents = new Map<string, Uint8Array>([["model_card.json", utf8('{"name":"titanic"}')]]);
  const registration = signRegistration({ ...identity, files: files(), documents }, keys.ed25519);
  documents.set("registration.sigstore.json", registration).set("manifest.json", manifestBytes(files()));
  return { files: files(), documents, trustedKeys, expected: identity };
}

function replace(name: string, bytes: Uint8Array | undefined): DeliveredModel {
  const model = deliver();
  const documents = new Map(model.documents);
  if (bytes === undefined) documents.delete(name);
  else documents.set(name, bytes);
  return { ...model, documents };
}

function failures(model: DeliveredModel): [string, string][] {
  return verifyModel(model)
    .checks.filter(({ ok }) => !ok)
    .map(({ name, detail }) => [name, detail]);
}
