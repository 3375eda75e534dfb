/**
 * `mintmark verify`: whether a version, here or at the registry, is what its maker and the registry have signed.
 * @module
 */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { pickleWarning } from "@mintmark/crypto/pickled-files";
import type { Check, Verification } from "@mintmark/crypto/verify-model";
import { readTrustedKeys, verifyDirectory, verifyVersion } from "@mintmark/registry-client";
import type { Command } from "commander";
import type { Answer } from "../answer.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { transferProgress } from "../transfer-progress.ts";
import { examples } from "./options.ts";

export function addVerifyCommand(program: Command, run: Run): void {
  const command = program.command("verify").description("check digests and signatures, and say what was checked");
  command.argument("<uri|dir>", "a version at the registry, or a directory that `pull` wrote");
  examples(command, "mintmark verify titanic@champion", "mintmark verify ./titanic-model");
  command.action((what: string) => run(command, (session) => verify(session, what)));
}

export async function verify(session: Session, what: string): Promise<Answer> {
  const { ok, checks, pickledFiles } = await verification(session, what);
  const lines = [
    ...checkLines(checks),
    ...pickleLines(pickledFiles),
    ok ? `${what} is verified` : `${what} is NOT verified`,
  ];
  return { text: lines.join("\n"), json: { ok, checks, pickled_files: pickledFiles }, exitCode: ok ? 0 : 1 };
}

/** One line for each check. */
export function checkLines(checks: readonly Check[]): string[] {
  return checks.map(({ name, ok, detail }) => `${ok ? "ok  " : "FAIL"} ${name}: ${detail}`);
}

/** A note, if there are pickles: that the bytes are what was signed does not make it safe to load them. */
export function pickleLines(paths: readonly string[]): string[] {
  const warning = pickleWarning(paths);
  return warning === undefined ? [] : [`note ${warning}`];
}

async function verification(session: Session, what: string): Promise<Verification> {
  const trustedKeys = await readTrustedKeys(session.keyDir);
  const path = resolve(session.cwd, what);
  // What is written as a path is meant as one, also where nothing is there.
  if (/^\.{0,2}\//.test(what) || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    return verifyDirectory(path, { trustedKeys });
  const onProgress = transferProgress(session.progress, "download");
  const verified = await verifyVersion(session.client, what, { trustedKeys, onProgress, signal: session.signal });
  return verified.verification;
}
