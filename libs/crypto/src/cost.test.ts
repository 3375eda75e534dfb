import { costBattery, parser } from "@mintmark/testing/cost-battery";
import { jsonShapes, numbered, textShapes } from "@mintmark/testing/hostile-text";
import { parseBundle } from "./bundle.ts";
import { canonicalJson } from "./canonical-json.ts";
import { parsePublicKey } from "./keys.ts";
import { findPathProblem, parseManifest } from "./manifest.ts";
import { parseStatement } from "./statement.ts";
import { parseStrictJson } from "./strict-json.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const json = { ...textShapes, ...jsonShapes };
const file = (index: number) =>
  `{"path":"a/${index}","size":1,"blake3":"${"0".repeat(64)}","sha256":"${"0".repeat(64)}"}`;
const bundle = (payload: string) =>
  JSON.stringify({
    mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
    dsseEnvelope: { payload: Buffer.from(payload).toString("base64"), payloadType: "x", signatures: [{ sig: "AA==" }] },
    verificationMaterial: { publicKey: { hint: "x" } },
  });

costBattery("signed documents", {
  "strict JSON": parser({ run: (text: string) => parseStrictJson(bytes(text)), shapes: json }),
  "canonical JSON": parser({ run: (text: string) => canonicalJson(parseStrictJson(bytes(text))), shapes: jsonShapes }),
  manifest: parser({
    run: (text: string) => parseManifest(bytes(text)),
    shapes: { ...json, files: numbered(file, ",", '{"files":[', "]}") },
  }),
  "paths of a manifest": parser({
    run: (text: string) => findPathProblem(text.split("|")),
    shapes: {
      ...textShapes,
      "many paths": numbered((index) => `a/${index}`, "|"),
      "deep paths": numbered((index) => `${"a/".repeat(100)}${index}`, "|"),
      "one deep path": (size: number) => `${"a/".repeat(size / 2)}x`,
      "deeper and deeper": (size: number) =>
        Array.from({ length: Math.floor(Math.sqrt(size)) }, (_, depth) => `${"a/".repeat(depth)}x`).join("|"),
    },
  }),
  statement: parser({ run: (text: string) => parseStatement(bytes(text)), shapes: json }),
  bundle: parser({ run: (text: string) => parseBundle(bytes(text)), shapes: json }),
  "bundle of a payload": parser({ run: (text: string) => parseBundle(bytes(bundle(text))), shapes: jsonShapes }),
  "public key": parser({
    run: parsePublicKey,
    shapes: {
      ...textShapes,
      "a long body": (size: number) => `-----BEGIN PUBLIC KEY-----\n${"A".repeat(size)}\n-----END PUBLIC KEY-----`,
    },
  }),
});
