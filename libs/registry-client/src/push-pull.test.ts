import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  appendFile,
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { generateKey, type PublicKey, privateKeyPem, type SigningKeys } from "@mintmark/crypto/keys";
import { artifactDigest } from "@mintmark/crypto/manifest";
import { needsPython, python } from "@mintmark/testing/needs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { hashDirectory } from "./hash-directory.ts";
import { readSigningKeys, readTrustedKeys } from "./key-directory.ts";
import { bytesBlob } from "./local-blob.ts";
import { pullVersion } from "./pull-version.ts";
import { pushDirectory } from "./push-directory.ts";
import { type RegistryFixture, type StoredVersion, startRegistryFixture } from "./testing/registry-fixture.ts";
import { uploadBlobs } from "./upload-blobs.ts";
import { verifyDirectory } from "./verify-directory.ts";
import { verifyVersion } from "./verify-version.ts";

let registry: RegistryFixture;
let keys: SigningKeys;
let trustedKeys: PublicKey[];
let work: string;
const sockets: Server[] = [];

beforeAll(async () => {
  registry = await startRegistryFixture();
  keys = { ed25519: generateKey("ed25519"), p256: generateKey("ecdsa-p256") };
  trustedKeys = [keys.ed25519.public, keys.p256.public, registry.keys.ed25519.public];
});
afterAll(() => registry.close());
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), "mintmark-client-"));
});
afterEach(async () => {
  registry.versions.length = 0;
  registry.breakAfter.length = 0;
  registry.lies.flipBits = false;
  for (const socket of sockets.splice(0)) socket.close();
  await rm(work, { recursive: true });
});

describe("push and pull", () => {
  it("gives back what was pushed, with every document, and verifies it again where it lies", async () => {
    const { digest } = await push();
    const out = join(work, "pulled");
    const { verification } = await pullVersion(registry.client, "titanic/1", { out, trustedKeys });
    expect(verification.ok).toBe(true);
    expect((await readdir(join(out, ".mintmark"))).sort()).toEqual([
      "manifest.json",
      "model.ed25519.sigstore.json",
      "model.sig",
      "registration.sigstore.json",
    ]);
    expect(artifactDigest((await hashDirectory(out)).files)).toBe(digest);
    expect((await verifyDirectory(out, { trustedKeys })).ok).toBe(true);
    expect((await verifyVersion(registry.client, "titanic", { trustedKeys })).verification.ok).toBe(true);
    // Nothing is left beside it.
    expect(await readdir(work)).toEqual(["model", "pulled"]);
  });

  it("pushes what was pulled, without the documents, to the same digest", async () => {
    const { digest } = await push();
    await pullVersion(registry.client, "titanic/1", { out: join(work, "pulled"), trustedKeys });
    const again = await pushDirectory(registry.client, join(work, "pulled"), { request: { model: "copy" }, keys });
    expect(again.version?.digest).toBe(digest);
  });

  it("uploads only what the registry lacks, and each digest once", async () => {
    await writeModel(join(work, "model"), { a: "1", b: "1", c: "2" });
    const seen: number[] = [];
    const onProgress = ({ done, total }: { done: number; total: number }) => seen.push(done / total);
    await pushDirectory(registry.client, join(work, "model"), { request: { model: "m" }, keys, onProgress });
    expect(seen.at(-1)).toBe(1);
    const blobs = [bytesBlob(bytes("1")), bytesBlob(bytes("3"))];
    expect(await uploadBlobs(registry.client, blobs)).toEqual({ blobs: 1, bytes: 1 });
    expect(await uploadBlobs(registry.client, blobs)).toEqual({ blobs: 0, bytes: 0 });
  });

  it.each([
    ["calls", 3_000_000, "call"],
    ["plain HTTP", 9_000_000, "put"],
  ] as const)("goes on where an upload by %s broke off, without sending all again", async (_, size, way) => {
    const blob = bytesBlob(randomBytes(size));
    const before = registry.traffic[way];
    registry.breakAfter.push(size / 3, size / 3);
    await uploadBlobs(registry.client, [blob]);
    expect(await registry.store.size(blob.blake3)).toBe(size);
    const sent = registry.traffic[way] - before;
    expect(sent).toBeGreaterThanOrEqual(size);
    expect(sent).toBeLessThan(size * 1.4);
  });

  it("goes on where downloads broke off", async () => {
    await push({ "small.bin": randomBytes(3_000_000), "large.bin": randomBytes(9_000_000) });
    registry.breakAfter.push(1_000_000, 2_000_000, 1_000_000, 1_000_000);
    const { verification } = await pullVersion(registry.client, "titanic", { out: join(work, "out"), trustedKeys });
    expect(verification.ok).toBe(true);
  });

  it("gives up when nothing moves any more", { timeout: 20_000 }, async () => {
    await registry.client.artifacts.findMissingBlobs({ blake3: [] });
    registry.breakAfter.push(...Array.from({ length: 20 }, () => 0));
    const upload = uploadBlobs(registry.client, [bytesBlob(randomBytes(1000))]);
    await expect(upload).rejects.toThrow("the connection broke");
  });

  it("says so when the registry is not what was hashed, and does not try again", async () => {
    const blob = { ...bytesBlob(bytes("abc")), sha256: "0".repeat(64) };
    await expect(uploadBlobs(registry.client, [blob])).rejects.toThrow(/have sha256 .*, stated was 0000/);
    const large = { ...bytesBlob(randomBytes(5_000_000)), sha256: "0".repeat(64) };
    await expect(uploadBlobs(registry.client, [large])).rejects.toThrow(/have sha256 .*, stated was 0000/);
  });

  it("can be interrupted", async () => {
    const signal = AbortSignal.abort();
    await expect(uploadBlobs(registry.client, [bytesBlob(randomBytes(10))], { signal })).rejects.toThrow();
  });
});

describe("pull refuses", () => {
  it("a directory that is not empty, and takes an empty one", async () => {
    await push();
    const out = join(work, "out");
    await mkdir(out);
    await writeFile(join(out, "mine.txt"), "mine");
    const refused = pullVersion(registry.client, "titanic", { out, trustedKeys });
    await expect(refused).rejects.toMatchObject({ reason: "OUT_NOT_EMPTY" });
    expect(await readdir(out)).toEqual(["mine.txt"]);
    await rm(join(out, "mine.txt"));
    await pullVersion(registry.client, "titanic", { out, trustedKeys });
  });

  it.each<[string, (version: StoredVersion) => unknown, RegExp]>([
    ["bytes that were changed in the store", corrupt, /the stored bytes of blob .* now have BLAKE3/],
    [
      "a path that leads out",
      ({ files }) => Object.assign(files[0]!, { path: "../x" }),
      /"\.\.\/x" has the part '\.\.'/,
    ],
    ["a document that leads out", ({ documents }) => Object.assign(documents[0]!, { name: "../x" }), /not a document/],
    ["a version without signature", ({ documents }) => documents.shift(), /model\.sig is missing/],
    ["files that nobody signed", ({ files }) => files.pop(), /manifest\.json is of blake3:.*, expected blake3:/],
  ])("%s, and leaves nothing behind", async (title, tamper, message) => {
    // Bytes of its own, so that other tests do not meet what it corrupts.
    await push({ MLmodel: "flavors: {}", "model.onnx": title });
    await tamper(registry.versions[0]!);
    const out = join(work, "out");
    await expect(pullVersion(registry.client, "titanic/1", { out, trustedKeys })).rejects.toThrow(message);
    expect(await readdir(work)).toEqual(["model"]);
  });

  it.each([10, 5_000_000])("%i bytes that were changed on their way, and does not ask for them again", async (size) => {
    await push({ MLmodel: "m", "model.onnx": randomBytes(size) });
    registry.lies.flipBits = true;
    const pull = pullVersion(registry.client, "titanic", { out: join(work, "out"), trustedKeys });
    await expect(pull).rejects.toThrow(/^blob [0-9a-f]{64} of \d+ bytes was refused: download has BLAKE3/);
    const { verification } = await verifyVersion(registry.client, "titanic", { trustedKeys });
    const failed = verification.checks.filter(({ ok }) => !ok).map(({ name }) => name);
    expect(failed).toEqual(["files"]);
    expect(await readdir(work)).toEqual(["model"]);
  });

  it("another model than was asked for, however well signed", async () => {
    await push({ MLmodel: "iris" }, "iris");
    const pull = (uri: string) => pullVersion(registry.client, uri, { out: join(work, uri.slice(0, 3)), trustedKeys });
    await expect(pull("titanic/1")).rejects.toThrow(/asked for 'titanic\/1', got what was registered as 'iris'/);
    expect((await pull("main.default.iris/1")).verification.checks.at(-1)).toMatchObject({ name: "request", ok: true });
  });

  it("keys that are not trusted, and names the way out", async () => {
    await push();
    const pull = pullVersion(registry.client, "titanic", { out: join(work, "out"), trustedKeys: [] });
    await expect(pull).rejects.toThrow(/is signed with the unknown key [0-9a-f]{64}; .*mintmark keys trust/);
  });
});

describe("a model that was uploaded through MLflow", () => {
  const upload = async () => {
    const contents = { MLmodel: bytes("flavors: {}"), "model.pkl": bytes("weights") };
    const blobs = Object.entries(contents).map(([path, content]) => ({ path, ...bytesBlob(content) }));
    await uploadBlobs(registry.client, blobs);
    const files = blobs.map(({ path, blake3, sha256, size }) => ({ path, blake3, sha256, size: BigInt(size) }));
    await registry.client.versions.registerVersion({ model: "titanic", files, documents: [] });
  };
  const failures = async (out: string) => {
    const { ok, checks } = await verifyDirectory(out, { trustedKeys });
    expect(ok).toBe(checks.every((check) => check.ok));
    return checks.filter((check) => !check.ok).map(({ name, detail }) => `${name} ${detail}`);
  };

  it("is verified by the registry's statement, which says that nobody else signed it", async () => {
    await upload();
    const out = join(work, "out");
    const { verification } = await pullVersion(registry.client, "titanic", { out, trustedKeys });
    expect(verification.ok).toBe(true);
    expect(verification.signedBy).toEqual([registry.keys.ed25519.public.id]);
    expect(verification.checks.find(({ name }) => name === "model.sig")?.detail).toMatch(/^no maker's signature/);
    expect(await failures(out)).toEqual([]);
  });

  it.each<[string, (out: string) => Promise<unknown>, RegExp]>([
    ["a changed file", (out) => writeFile(join(out, "model.pkl"), "weightz"), /^files .*'model.pkl' has other bytes/],
    ["an added file", (out) => writeIn(out, "run.py"), /^files .*'run.py' was added/],
    ["an added signature", (out) => writeIn(out, ".mintmark/model.sig"), /does not name the document 'model.sig'/],
    ["no statement", (out) => rm(join(out, ".mintmark/registration.sigstore.json")), /^model.sig is missing/],
    ["the statement of another model", swapRegistration, /^registration.sigstore.json states digest/],
  ])("is refused with %s", async (_, tamper, message) => {
    await upload();
    const out = join(work, "out");
    await pullVersion(registry.client, "titanic", { out, trustedKeys });
    await tamper(out);
    expect((await failures(out)).join("\n")).toMatch(new RegExp(message.source, "m"));
  });

  it("is refused where no trusted key signed the statement", async () => {
    await upload();
    const strangers = [keys.ed25519.public, keys.p256.public];
    const pull = pullVersion(registry.client, "titanic", { out: join(work, "out"), trustedKeys: strangers });
    await expect(pull).rejects.toThrow(/model.sig is missing.*is signed with the unknown key/);
  });

  it("cannot be had by taking the signatures from one that was signed", async () => {
    await push();
    const [version] = registry.versions;
    const stripped = ["model.sig", "model.ed25519.sigstore.json"];
    version!.documents = version!.documents.filter(({ name }) => !stripped.includes(name));
    const pull = pullVersion(registry.client, "titanic", { out: join(work, "out"), trustedKeys });
    await expect(pull).rejects.toThrow(/model.sig is missing.*names the document 'model.*', which is missing/);
  });

  it("cannot be pulled or verified where it has no digest: its bytes are elsewhere", async () => {
    await push();
    Object.assign(registry.versions[0]!, { digest: "" });
    const out = join(work, "out");
    await expect(pullVersion(registry.client, "titanic", { out, trustedKeys })).rejects.toMatchObject({
      reason: "VERIFICATION_FAILED",
      message: expect.stringContaining("has no digest"),
    });
    expect(await readdir(work)).toEqual(["model"]);
    const { verification } = await verifyVersion(registry.client, "titanic", { trustedKeys });
    expect(verification).toMatchObject({ ok: false, checks: [{ name: "manifest.json", ok: false }], signedBy: [] });
  });
});

describe("verify finds", () => {
  const cases: [string, (out: string) => Promise<unknown>, string, RegExp][] = [
    ["a flipped byte", flipByte, "files", /'model\.onnx' has other bytes/],
    ["a renamed file", (out) => rename(join(out, "model.onnx"), join(out, "model2.onnx")), "files", /was renamed to/],
    ["an extra file", (out) => writeFile(join(out, "run.py"), ""), "files", /'run\.py' was added/],
    ["a missing file", (out) => rm(join(out, "MLmodel")), "files", /'MLmodel' is missing/],
    ["a file in .github", (out) => writeIn(out, ".github/run.py"), "files", /begins with '\.git'/],
    ["an empty folder", (out) => mkdir(join(out, "empty")), "files", /an empty folder 'empty'/],
    ["a link", (out) => symlink("MLmodel", join(out, "link")), "files", /'link' is a link/],
    ["a link instead of a file", linkInstead, "files", /'MLmodel' is a link/],
    [
      "a file among the documents",
      (out) => writeIn(out, ".mintmark/x"),
      "registration.sigstore.json",
      /does not name .* 'x'/,
    ],
    ["a folder among the documents", (out) => writeIn(out, ".mintmark/d/x"), "d", /is not a file/],
    ["a missing signature", (out) => rm(join(out, ".mintmark/model.sig")), "model.sig", /is missing/],
    ["no documents", (out) => rm(join(out, ".mintmark"), { recursive: true }), "manifest.json", /is missing/],
    [
      "a changed manifest",
      (out) => appendFile(join(out, ".mintmark/manifest.json"), " "),
      "manifest.json",
      /canonical/,
    ],
    ["a swapped signature", swapSignature, "model.sig", /is a valid signature of other files \('other'\)/],
  ];
  it.each(cases)("%s", async (_, tamper, name, message) => {
    await push({ MLmodel: "other" }, "other");
    await push();
    const out = join(work, "out");
    await pullVersion(registry.client, "titanic/2", { out, trustedKeys });
    await tamper(out);
    const { ok, checks } = await verifyDirectory(out, { trustedKeys });
    expect(ok).toBe(false);
    const failed = checks.filter((check) => !check.ok && check.name === name).map(({ detail }) => detail);
    expect(failed.join()).toMatch(message);
  });

  it("a version at the registry whose bytes are not those that were signed", async () => {
    await push();
    const other = bytesBlob(bytes("weightz"));
    await uploadBlobs(registry.client, [other]);
    const { blake3, sha256 } = other;
    Object.assign(registry.versions[0]!.files[1]!, { blake3, sha256 });
    const { verification } = await verifyVersion(registry.client, "titanic", { trustedKeys });
    const failed = verification.checks.filter(({ ok }) => !ok).map(({ name }) => name);
    expect(failed).toEqual(["manifest.json"]);
  });

  it("that there is no directory", async () => {
    const refused = verifyDirectory(join(work, "nowhere"), { trustedKeys });
    await expect(refused).rejects.toMatchObject({ reason: "DIRECTORY_NOT_FOUND" });
  });
});

describe("hashDirectory refuses", () => {
  it.each<[string, (directory: string) => Promise<unknown>, string]>([
    ["links", (directory) => symlink("/etc/passwd", join(directory, "x")), "ARTIFACT_ENTRY_REFUSED"],
    ["sockets", (directory) => listenOn(join(directory, "socket")), "ARTIFACT_ENTRY_REFUSED"],
    ["names of git", (directory) => writeIn(directory, ".gitignore"), "ARTIFACT_PATH_INVALID"],
    ["names that collide", (directory) => writeIn(directory, "mlMODEL"), "ARTIFACT_PATH_INVALID"],
    ["nothing", (directory) => rm(join(directory, "MLmodel")), "ARTIFACT_EMPTY"],
  ])("%s", async (_, change, reason) => {
    const directory = join(work, "model");
    await writeModel(directory, { MLmodel: "" });
    await change(directory);
    await expect(hashDirectory(directory)).rejects.toMatchObject({ reason });
  });
});

describe("key directory", () => {
  it("reads signing keys that are secret, and trusted ones by name", async () => {
    await writeKeys(work);
    expect((await readSigningKeys(work)).p256.public.id).toBe(keys.p256.public.id);
    const trusted = await readTrustedKeys(work);
    expect(trusted.map(({ name, id }) => [name, id])).toEqual([["ada", keys.p256.public.id]]);
    expect(await readTrustedKeys(join(work, "nowhere"))).toEqual([]);
  });

  it("refuses a private key that others may read, and says how to mend it", async () => {
    await writeKeys(work);
    await chmod(join(work, "signing/ed25519.pem"), 0o640);
    await expect(readSigningKeys(work)).rejects.toThrow(/can be read by others \(mode 640\); run: chmod 600/);
  });

  it("refuses a missing key, a key of the other kind, and what is no key", async () => {
    await expect(readSigningKeys(work)).rejects.toMatchObject({ reason: "KEY_FILE_MISSING" });
    await writeKeys(work);
    await writeFile(join(work, "signing/ed25519.pem"), privateKeyPem(keys.p256));
    await expect(readSigningKeys(work)).rejects.toThrow("it holds a key of ecdsa-p256, not ed25519");
    await writeFile(join(work, "trusted/bad.pem"), "hello");
    await expect(readTrustedKeys(work)).rejects.toMatchObject({ reason: "KEY_FILE_INVALID" });
  });
});

/** The unmodified tool; its command is what `pull` prints. */
describe.runIf(needsPython(["model_signing", "OpenSSL"]))("model_signing verify key", () => {
  const verifyWithTool = (out: string, key: string) =>
    spawnSync(
      python,
      [
        ...["-m", "model_signing", "verify", "key", out],
        ...["--signature", join(out, ".mintmark/model.sig")],
        ...["--public_key", key, "--ignore-paths", join(out, ".mintmark")],
      ],
      { encoding: "utf8", timeout: 60_000 },
    );

  it("accepts what pull wrote, and refuses a flipped byte, a renamed or extra file, and a wrong key", async () => {
    await push({ MLmodel: "m", "d/f00": "1", "d.txt": "2", "d/\uffee": "3", "d/\u{1f600}": "4", leer: "" });
    const key = join(work, "p256.pem");
    await writeFile(key, keys.p256.public.pem);
    const stranger = join(work, "stranger.pem");
    await writeFile(stranger, generateKey("ecdsa-p256").public.pem);
    const pristine = join(work, "pristine");
    await pullVersion(registry.client, "titanic", { out: pristine, trustedKeys });

    const accepted = verifyWithTool(pristine, key);
    expect(accepted.stdout + accepted.stderr).toContain("Verification succeeded");
    expect(accepted.status).toBe(0);
    expect(verifyWithTool(pristine, stranger).status).not.toBe(0);
    const changes: ((out: string) => Promise<unknown>)[] = [
      (out) => writeFile(join(out, "d.txt"), "3"),
      (out) => rename(join(out, "d.txt"), join(out, "e.txt")),
      (out) => writeFile(join(out, "extra"), ""),
    ];
    for (const [i, change] of changes.entries()) {
      const out = join(work, `changed-${i}`);
      await cp(pristine, out, { recursive: true });
      await change(out);
      expect(verifyWithTool(out, key).status).not.toBe(0);
    }
  });
});

async function push(
  contents: Readonly<Record<string, string | Uint8Array>> = { MLmodel: "flavors: {}", "model.onnx": "weights" },
  model = "titanic",
): Promise<{ digest: string }> {
  const directory = join(work, "model");
  await rm(directory, { recursive: true, force: true });
  await writeModel(directory, contents);
  const { version } = await pushDirectory(registry.client, directory, { request: { model }, keys });
  return { digest: version?.digest ?? "" };
}

/** Properly signed by the registry, and about other files. */
async function swapRegistration(out: string): Promise<void> {
  await push({ MLmodel: "other" }, "other");
  const { documents } = registry.versions.at(-1)!;
  const other = documents.find(({ name }) => name === "registration.sigstore.json")!;
  await writeFile(join(out, ".mintmark/registration.sigstore.json"), other.content);
}

async function writeModel(directory: string, contents: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [path, content] of Object.entries(contents)) await writeIn(directory, path, content);
}

async function writeIn(directory: string, path: string, content: string | Uint8Array = "x"): Promise<void> {
  await mkdir(dirname(join(directory, path)), { recursive: true });
  await writeFile(join(directory, path), content);
}

async function writeKeys(directory: string): Promise<void> {
  await writeIn(directory, "signing/ed25519.pem", privateKeyPem(keys.ed25519));
  await writeIn(directory, "signing/p256.pem", privateKeyPem(keys.p256));
  await writeIn(directory, "trusted/ada.pem", keys.p256.public.pem);
  await chmod(join(directory, "signing/ed25519.pem"), 0o600);
  await chmod(join(directory, "signing/p256.pem"), 0o600);
}

/** Leaves a socket behind, which is neither a file nor a folder. */
async function listenOn(path: string): Promise<void> {
  const server = createServer().listen(path);
  await new Promise((resolve) => server.once("listening", resolve));
  server.unref();
  sockets.push(server);
}

async function flipByte(out: string): Promise<void> {
  const content = await readFile(join(out, "model.onnx"));
  content[0]! ^= 1;
  await writeFile(join(out, "model.onnx"), content);
}

async function linkInstead(out: string): Promise<void> {
  await rename(join(out, "MLmodel"), join(work, "elsewhere"));
  await symlink(join(work, "elsewhere"), join(out, "MLmodel"));
}

async function swapSignature(out: string): Promise<void> {
  const other = registry.versions[0]!.documents.find(({ name }) => name === "model.sig");
  await writeFile(join(out, ".mintmark/model.sig"), other!.content);
}

async function corrupt({ files }: StoredVersion): Promise<void> {
  await registry.corrupt(files.find(({ path }) => path === "model.onnx")!.blake3, bytes("weightz"));
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
