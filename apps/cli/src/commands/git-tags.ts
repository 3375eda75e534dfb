/**
 * What git knows about the folder of a training file: commit, branch, and whether anything is uncommitted.
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
    };
  } catch {
    return {};
  }
}

async function git(directory: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("git", ["-C", directory, ...args], { timeout: 10_000 });
  return stdout.trim();
}
