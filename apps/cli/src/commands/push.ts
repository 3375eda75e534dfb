/**
 * `mintmark push`: any model directory, signed here and registered.
 * @module
 */
import { readdir, stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { AppError } from "@mintmark/errors";
import { parseAliasName } from "@mintmark/names/alias-name";
import { pushDirectory, readSigningKeys } from "@mintmark/registry-client";
import { type Command, Option } from "commander";
import type { Answer } from "../answer.ts";
import { aliasName } from "../naming.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { transferProgress } from "../transfer-progress.ts";
import { examples, keyValue, repeated } from "./options.ts";
import { versionAnswer } from "./versions.ts";

export function addPushCommand(program: Command, run: Run): void {
  const command = program.command("push").description("sign a model directory and register it as a new version");
  examples(command, "mintmark push ./my-model churn --alias challenger --bump minor");
  command
    .argument("<dir>", "an MLflow model directory, or any other")
    .argument("<name>", "the model; created if missing");
  command.option("--alias <alias>", "point an alias at it; may be repeated", repeated, []);
  command.option("--tag <key=value>", "a tag of the version; may be repeated", keyValue("--tag"), {});
  command.option("--description <text>", "what the version is", "");
  command.option("--semver <version>", "its semantic version, instead of the next one", "");
  command.addOption(
    new Option("--bump <part>", "how the semantic version goes up")
      .choices(["auto", "major", "minor", "patch"])
      .default("auto"),
  );
  command.action((dir: string, name: string, options: PushCommand) =>
    run(command, (session) => push(session, dir, name, options)),
  );
}

/** @throws AppError PUSH_HOLDS_SECRETS where a data directory is, or lies below, what is to be pushed */
async function requireNoSecrets(path: string): Promise<void> {
  const entry = await stat(path).catch(() => undefined);
  // What is none is told by who reads it.
  if (entry?.isDirectory() !== true) return;
  const files = (await readdir(path, { recursive: true })).map((name) => name.replaceAll("\\", "/"));
  const file = files.find((name) => secret.test(`${basename(path)}/${name}`));
  if (file !== undefined) throw new AppError("PUSH_HOLDS_SECRETS", { path, file });
}

/** Private keys, the password of the database, the first token: as `mintmark up` lays them down. */
const secret = /(^|\/)(signing\/(ed25519|p256)\.pem|encryption\/webhooks\.txt|postgres\.password|admin\.token)$/;

interface PushCommand {
  readonly alias: readonly string[];
  readonly tag: Readonly<Record<string, string>>;
  readonly description: string;
  readonly semver: string;
  readonly bump: string;
}

export async function push(session: Session, dir: string, model: string, options: PushCommand): Promise<Answer> {
  const { alias, tag, ...rest } = options;
  await requireNoSecrets(resolve(session.cwd, dir));
  const { version } = await pushDirectory(session.client, resolve(session.cwd, dir), {
    request: { model, aliases: alias.map((name) => parseAliasName(aliasName(name))), tags: tag, ...rest },
    keys: await readSigningKeys(session.keyDir),
    onProgress: transferProgress(session.progress, "upload"),
    signal: session.signal,
  });
  return versionAnswer(version!);
}
