import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { gitTags } from "./git-tags.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "mintmark-git-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const git = (...args: string[]) =>
  execFileSync("git", ["-C", directory, "-c", "user.name=a", "-c", "user.email=a@b", ...args], { encoding: "utf8" });

it("names commit and branch in our words and MLflow's, and whether something is uncommitted", async () => {
  git("init", "-q", "-b", "trunk");
  git("commit", "-q", "--allow-empty", "-m", "first");
  const commit = git("rev-parse", "HEAD").trim();
  const clean = {
    "git.commit": commit,
    "git.branch": "trunk",
    "git.dirty": "false",
    "mlflow.source.git.commit": commit,
    "mlflow.source.git.branch": "trunk",
  };
  expect(await gitTags(directory)).toEqual(clean);
  writeFileSync(join(directory, "new"), "");
  expect(await gitTags(directory)).toEqual({ ...clean, "git.dirty": "true" });
});

it.each([
  ["https://me:secret@git.example/team/x.git", "https://git.example/team/x.git"],
  ["https://token@git.example/x.git", "https://git.example/x.git"],
  ["ssh://git@git.example/x.git", "ssh://git@git.example/x.git"],
  ["git@git.example:team/x.git", "git@git.example:team/x.git"],
])("names the repository %s as %s, without a password", async (origin, shown) => {
  git("init", "-q");
  git("commit", "-q", "--allow-empty", "-m", "first");
  git("remote", "add", "origin", origin);
  expect(await gitTags(directory)).toMatchObject({ "mlflow.source.git.repoURL": shown });
});

it("says nothing outside a repository", async () => {
  expect(await gitTags(directory)).toEqual({});
});
