/**
 * `mintmark pull`: a version in a directory, verified.
 * @module
 */
import { join, resolve } from "node:path";
import { pullVersion, readTrustedKeys, type TrustedKey } from "@mintmark/registry-client";
import type { Command } from "commander";
import type { Answer } from "../answer.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { transferProgress } from "../transfer-progress.ts";
import { examples } from "./options.ts";
import { checkLines, pickleLines } from "./verify.ts";
import { versionJson } from "./versions.ts";

export function addPullCommand(program: Command, run: Run): void {
  const command = program.command("pull").description("download a version, and verify it");
  command.argument("<uri>", "NAME@ALIAS, NAME/3, NAME/1.4.0, NAME …");
  examples(command, "mintmark pull titanic@champion --out titanic-model");
  command.requiredOption("--out <dir>", "a new or empty directory");
  command.action((uri: string, { out }: { out: string }) => run(command, (session) => pull(session, uri, out)));
}

export async function pull(session: Session, uri: string, directory: string): Promise<Answer> {
  const out = resolve(session.cwd, directory);
  const trustedKeys = await readTrustedKeys(session.keyDir);
  const { version, verification } = await pullVersion(session.client, uri, {
    out,
    trustedKeys,
    onProgress: transferProgress(session.progress, "download"),
    signal: session.signal,
  });
  const signedBy = trustedKeys.filter(({ id }) => version.signedBy.includes(id));
  const verifyCommand = modelSigningCommand(out, join(session.keyDir, "trusted"), signedBy);
  const { checks, pickledFiles, ...verified } = verification;
  const { model, number, semver, digest } = version;
  const lines = [
    `${model}/${number} (${semver}) ${digest} in ${out}`,
    ...checkLines(checks),
    ...pickleLines(pickledFiles),
  ];
  if (verifyCommand !== undefined)
    lines.push("", "The unmodified OpenSSF tool checks the same signature:", `  ${verifyCommand}`);
  const json = {
    ...versionJson(version),
    out,
    checks,
    ...verified,
    pickled_files: pickledFiles,
    verify_command: verifyCommand ?? null,
  };
  return { text: lines.join("\n"), json };
}

/** The tool takes P-256 keys only. */
function modelSigningCommand(out: string, trusted: string, signers: readonly TrustedKey[]): string | undefined {
  const key = signers.find(({ algorithm }) => algorithm === "ecdsa-p256");
  if (key === undefined) return undefined;
  const documents = join(out, ".mintmark");
  const words = [out, "--signature", join(documents, "model.sig"), "--public_key", join(trusted, `${key.name}.pem`)];
  return ["model_signing", "verify", "key", ...words, "--ignore-paths", documents].map(shellWord).join(" ");
}

/** For a POSIX shell. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
