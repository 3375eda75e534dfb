/**
 * The main job on real data, as a user sees it: `npm run demo`.
 *
 * Every step is a command of the command line or a request that any program could make, against a system that is started
 * for it in a temporary directory. Each says what came of it; the first that is not as it should be ends the demo with
 * exit code 1. Nothing is left running, and nothing is left on the disk.
 * @module
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mintmarkBin, type Program, type Result, run, start } from "./process.ts";

interface Trained {
  readonly version: number;
  readonly digest: string;
  readonly accuracy: number;
}

interface Demo {
  readonly directory: string;
  readonly url: string;
  readonly env: NodeJS.ProcessEnv;
}

const begin = performance.now();
const directory = mkdtempSync(join(tmpdir(), "mintmark-demo-"));
let system: Program | undefined;
// A reader that went away (`npm run demo | head`) must not end the demo before it has cleaned up.
process.stdout.on("error", () => {});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void end(130));

try {
  await demo();
  say(`\nDone in ${((performance.now() - begin) / 1000).toFixed(0)} s.`);
  await end(0);
} catch (error) {
  process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
  await end(1);
}

async function demo(): Promise<void> {
  step("Start the system: Postgres, registry, gateway and a worker, in a temporary directory");
  const here = await startSystem();

  step("Train on the passengers of the Titanic; the worker signs the model, pushes it and registers it");
  const trained = await train(here, "examples/titanic.yaml");
  expect(trained.version === 1, "the first version has number 1");
  expect(trained.accuracy > 0.75, "three of four fates are predicted");

  step("Train again: the same file, data and seed give the same artifact, bit for bit");
  const again = await train(here, "examples/titanic.yaml");
  expect(again.version === 2 && again.digest === trained.digest, `version 2 has the digest of version 1`);

  step("Promote: point the alias champion at version 1");
  await mintmark(here, "alias", "set", "titanic", "champion", "1", "--reason", "the demo says so");

  step("Resolve the name, as a service would");
  const resolved = await request(here, "/v1/resolve?uri=titanic@champion");
  expect(resolved["digest"] === trained.digest, "the name leads to the digest that was trained");

  step("Predict by that name");
  const rows = [
    { class: "1st", sex: "female", age: "adult" },
    { class: "3rd", sex: "male", age: "adult" },
  ];
  const body = { dataframe_records: rows };
  const { predictions } = (await request(here, "/serve/titanic@champion/invocations", body)) as {
    predictions: unknown[];
  };
  expect(predictions.length === rows.length, "each row has its prediction");

  step("Train a model of text, and ask it about a package it has never seen");
  await train(here, "examples/debian_sections.yaml");
  await mintmark(here, "predict", "sections", "music player for the console");

  step("Pull the version: every digest and signature is checked on the way");
  const pulled = join(here.directory, "pulled");
  await mintmark(here, "pull", "titanic@champion", "--out", pulled);
  await mintmark(here, "verify", pulled);
  await mintmark(here, "verify", "titanic@champion");

  step("Tamper: change one bit of the pulled model");
  flipBit(join(pulled, "model.onnx"));
  const refused = await mintmark(here, { fails: 1 }, "verify", pulled);
  expect(refused.stdout.includes("FAIL"), "the change is found");

  step("Tamper: change one bit in the registry's own store");
  flipBit(blobOf(here, pulled, "model.onnx"));
  await mintmark(here, { fails: 1 }, "pull", "titanic/2", "--out", join(here.directory, "stolen"));
  expect(!readdirSync(here.directory).includes("stolen"), "nothing of the damaged version was written");

  step("Stop the system");
  const code = await system!.stop();
  expect(code === 0, "everything has ended, with exit code 0");
}

async function startSystem(): Promise<Demo> {
  const data = join(directory, "data");
  const args = ["up", "--data-dir", data, "--workers", "1", "--port", "0", "--grpc-port", "0", "--registry-port", "0"];
  // Settings of the user's own system have no business here.
  const clean = {
    DATABASE_URL: undefined,
    QUEUE_URL: undefined,
    MINTMARK_ARTIFACT_STORE: undefined,
    MINTMARK_TOKEN: undefined,
  };
  say(`$ mintmark ${args.join(" ")}`);
  system = start(mintmarkBin, args, { env: { ...clean, MINTMARK_KEY_DIR: undefined } });
  const [line, url = ""] = await system.line(/^ready (http:\S+)/, 60_000);
  say(line);
  return { directory, url, env: { ...clean, MINTMARK_URL: url, MINTMARK_KEY_DIR: join(data, "keys") } };
}

async function train(here: Demo, file: string): Promise<Trained> {
  const { stdout } = await mintmark(here, "train", file);
  const [, version, digest = ""] = stdout.match(/^\S+\/(\d+) \(\S+\) (blake3:\w+)/) ?? [];
  const [, accuracy] = stdout.match(/^ *accuracy +(\S+)/m) ?? [];
  return { version: Number(version), digest, accuracy: Number(accuracy) };
}

interface Expected {
  /** The exit code that it should end with, if not 0. */
  readonly fails?: number;
}

async function mintmark({ env }: Demo, ...words: (string | Expected)[]): Promise<Result> {
  const args = words.filter((word) => typeof word === "string");
  const { fails = 0 } = Object.assign({}, ...words.filter((word) => typeof word !== "string")) as Expected;
  say(`$ mintmark ${args.map((word) => (word.includes(" ") ? `"${word}"` : word)).join(" ")}`);
  const result = await run(mintmarkBin, args, { env, timeoutMs: 60_000 });
  if (result.code !== fails)
    throw new Error(`mintmark ${args[0]} ended with ${result.code}, not ${fails}: ${result.stdout}${result.stderr}`);
  say(`${result.stderr}${result.stdout}`.trimEnd());
  if (fails !== 0) say(`refused, with exit code ${result.code}`);
  return result;
}

async function request({ url }: Demo, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const post = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  say(
    body === undefined
      ? `$ curl '${url}${path}'`
      : `$ curl -H 'content-type: application/json' -d '${post.body}' '${url}${path}'`,
  );
  const response = await fetch(`${url}${path}`, body === undefined ? {} : post);
  const text = await response.text();
  say(text);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return JSON.parse(text);
}

/** Where the registry keeps a file of a pulled version: blobs are found by the digest that the manifest states. */
function blobOf(here: Demo, pulled: string, path: string): string {
  const manifest = readFileSync(join(pulled, ".mintmark", "manifest.json"), "utf8");
  const { files } = JSON.parse(manifest) as { files: { path: string; blake3: string }[] };
  const { blake3 } = files.find((file) => file.path === path)!;
  return join(here.directory, "data", "blobs", "blobs", blake3.slice(0, 2), blake3);
}

function flipBit(file: string): void {
  const bytes = readFileSync(file);
  const middle = bytes.length >> 1;
  bytes[middle] = bytes[middle]! ^ 1;
  writeFileSync(file, bytes);
  say(`flipped a bit of byte ${middle} of ${file}`);
}

function step(title: string): void {
  say(`\n== ${title} (${((performance.now() - begin) / 1000).toFixed(1)} s)`);
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`it does not hold that ${what}`);
  say(`✓ ${what}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function end(code: number): Promise<never> {
  await system?.stop();
  rmSync(directory, { recursive: true, force: true });
  process.exit(code);
}
