/**
 * What `mintmark up` tells a person when it is ready: where things are, and what to do next.
 * @module
 */
import { existsSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Running } from "./up.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Lines for stderr. */
export function nextSteps({ url, auth, directory }: Running, env: Environment, cwd: string): string {
  const command = isNpx(env) ? "npx mintmark" : "mintmark";
  const server = url === "http://127.0.0.1:8080" ? "" : ` --server ${url}`;
  const token =
    auth === "on" && existsSync(directory.adminToken)
      ? [`token   ${directory.adminToken} (MINTMARK_TOKEN; MLFLOW_TRACKING_TOKEN)`]
      : [];
  return [
    `data    ${directory.root}`,
    ...token,
    `train   ${command}${server} train ${shortest(exampleFile(), cwd)}`,
    `Python  MLFLOW_TRACKING_URI=${url}`,
    `stop    Ctrl-C, or ${command} down${dataDirArgument(directory.root, cwd)}`,
  ]
    .map((line) => `  ${line}\n`)
    .join("");
}

/** Whether npx or an npm script started this. */
function isNpx(env: Environment): boolean {
  return env["npm_command"] === "exec" || env["npm_command"] === "start";
}

function dataDirArgument(root: string, cwd: string): string {
  const path = shortest(root, cwd);
  return path === "mintmark-data" ? "" : ` --data-dir ${path}`;
}

/** A training file that comes with the program; else a name that explains itself. */
function exampleFile(): string {
  const file = fileURLToPath(new URL("../../../../examples/titanic.yaml", import.meta.url));
  return existsSync(file) ? file : "FILE.yaml";
}

function shortest(path: string, cwd: string): string {
  const below = relative(cwd, path);
  return below.startsWith("..") || below === "" ? path : below;
}
