/**
 * What git knows about the folder of a training file: commit, branch, where it came from, and whether anything is uncommitted.
 * @module
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Tags of the run, under our names and MLflow's; none outside a repository or without git. */
export async function gitTags(directory: string): Promise<Record<string, string>> {
  try {
    const commit = await git(directory, "rev-parse", "HEAD");
    const branch = await git(directory, "rev-parse", "--abbrev-ref", "HEAD");
    const changes = await git(directory, "status", "--porcelain", "--", ".");
    return {
      "git.commit": commit,
      "git.branch": branch,
      "git.dirty": String(changes !== ""),
      "mlflow.source.git.commit": commit,
      "mlflow.source.git.branch": branch,
      ...(await originTag(directory)),
    };
  } catch {
    return {};
  }
}

/** The address of the repository; none if it came from nowhere. What an address may hold of a password stays here. */
async function originTag(directory: string): Promise<Record<string, string>> {
  const origin = await git(directory, "config", "--get", "remote.origin.url").catch(() => "");
  const url = URL.parse(origin);
  if (url !== null) url.password = "";
  // A token may stand in place of the name.
  if (url !== null && /^https?:$/.test(url.protocol)) url.username = "";
  const address = url?.href ?? origin;
  return address === "" ? {} : { "mlflow.source.git.repoURL": address };
}

async function git(directory: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("git", ["-C", directory, ...args], { timeout: 10_000 });
  return stdout.trim();
}
