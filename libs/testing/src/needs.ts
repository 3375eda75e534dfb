/**
 * Tests that need a program from outside: run where it is there; where it is not, skipped with one line that says how to
 * install it, or failed if everything is required (`MINTMARK_REQUIRE_ALL=1`, as in CI).
 * @module
 */
import { spawnSync } from "node:child_process";

/**
 * Whether the program answers `args` with exit code 0. Says in one line what is missing and how to install it.
 * @throws Error if it is missing and `MINTMARK_REQUIRE_ALL` is `1`.
 */
export function needs(what: string, command: string, args: readonly string[], install: string): boolean {
  const answer = spawnSync(command, args, { stdio: "ignore", timeout: 60_000 });
  if (answer.status === 0) return true;
  const line = `skipped: needs ${what}; install it with: ${install}`;
  if (process.env["MINTMARK_REQUIRE_ALL"] === "1") throw new Error(line);
  console.warn(line);
  return false;
}

/** The interpreter for tests against Python tools: `MINTMARK_PYTHON`, else `python3`. */
export const python = process.env["MINTMARK_PYTHON"] ?? "python3";

/** Whether that interpreter can import all of `modules`; `more` is what pip would install besides what CI does. */
export function needsPython(modules: readonly string[], more = ""): boolean {
  const imports = modules.map((name) => `import ${name}`).join("; ");
  const install = `python3 -m pip install -r .ci/python-requirements.txt ${more}`.trimEnd();
  return needs(`Python with ${modules.join(", ")}`, python, ["-c", imports], install);
}
