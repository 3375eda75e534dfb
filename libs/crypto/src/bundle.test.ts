import { describe, expect, it } from "vitest";
import { bundleBytes, parseBundle } from "./bundle.ts";
import { fromBase64, fromUtf8, utf8 } from "./bytes.ts";
import { preAuthEncoding, signEnvelope, verifyEnvelope } from "./dsse.ts";
import { generateKey } from "./keys.ts";
import { MalformedError } from "./malformed-error.ts";

const key = generateKey("ed25519");
const envelope = signEnvelope("text/plain", utf8("hello world"), key);
const bytes = bundleBytes({ envelope, hint: key.public.id });

describe("dsse", () => {
  it("encodes as the specification's example", () => {
    // DSSE protocol.md: PAE("http://example.com/HelloWorld", "hello world")
    expect(fromUtf8(preAuthEncoding("http://example.com/HelloWorld", utf8("hello world")))).toBe(
      "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
    );
  });

  it("binds the type: the same payload under another type does not verify", () => {
    expect(verifyEnvelope(envelope, key.public)).toBe(true);
    expect(verifyEnvelope({ ...envelope, payloadType: "text/html" }, key.public)).toBe(false);
    expect(verifyEnvelope({ ...envelope, payload: utf8("hello_world") }, key.public)).toBe(false);
    expect(verifyEnvelope(envelope, generateKey("ed25519").public)).toBe(false);
  });
});

describe("bundle", () => {
  it("reads back what it wrote, with an empty keyid", () => {
    const read = parseBundle(bytes);
    expect(read.hint).toBe(key.public.id);
    expect(verifyEnvelope(read.envelope, key.public)).toBe(true);
    expect(fromUtf8(bytes)).toContain('"keyid":""');
  });

  type Loose = { [key: string]: Loose } & { mediaType: string; payload: string; signatures: unknown[] };
  it.each<[string, (bundle: Loose) => void, string]>([
    ["another media type", (b) => (b.mediaType += "x"), "is not a Sigstore bundle v0.3"],
    ["no key", (b) => delete b["verificationMaterial"]!["publicKey"], "names no public key"],
    ["no payload", (b) => delete (b["dsseEnvelope"] as Partial<Loose>).payload, "has no payload"],
    ["no signature", (b) => b["dsseEnvelope"]!.signatures.pop(), "has 0 signatures"],
    ["two signatures", (b) => b["dsseEnvelope"]!.signatures.push({ sig: "", keyid: "" }), "has 2 signatures"],
    ["loose base64", (b) => (b["dsseEnvelope"]!.payload += "="), "canonical base64"],
  ])("refuses %s", (_, change, problem) => {
    const bundle = JSON.parse(fromUtf8(bytes)) as Loose;
    change(bundle);
    expect(() => parseBundle(utf8(JSON.stringify(bundle)))).toThrow(problem);
  });

  it("refuses base64 whose unused bits are set, and base64 with spaces", () => {
    expect(fromBase64("TQ==")).toEqual(utf8("M"));
    for (const text of ["TR==", "TQ", "T Q==", "TQ==\n", "T-=="])
      expect(() => fromBase64(text)).toThrow(MalformedError);
  });
});
