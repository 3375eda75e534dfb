import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needsPython, python } from "@mintmark/testing/needs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkout, run } from "./process.ts";
import { embeddedStack, type Stack } from "./stack.ts";

const readme = readFileSync(`${checkout}README.md`, "utf8");
const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map((match) => match[1]!);
const commands = blocks("sh")
  .flatMap((block) => block.trim().split("\n"))
  .map((line) => line.replace(/\s+# .*$/, ""));

/** Run by other tests: the demo by demo.test.ts, the package by pack.test.ts, the suite by whoever runs this, `up` by all. */
const elsewhere = [
  "npm ci && npm run demo",
  "npm ci && npm test",
  "npm i ./mintmark-*.tgz && cp -r node_modules/mintmark/examples .",
  "npx mintmark up",
];
const withPython = needsPython(["mlflow", "onnxruntime", "pandas", "sklearn"]);

let stack: Stack;
/** Where a reader would be: the checkout, but for what the tour writes. */
const folder = mkdtempSync(join(tmpdir(), "mintmark-readme-"));
beforeAll(async () => {
  for (const name of ["examples", "node_modules", "package.json"])
    symlinkSync(join(checkout, name), join(folder, name));
  stack = await embeddedStack();
});
afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it("the commands that other tests run are still in the README", () => {
  expect(elsewhere.filter((command) => !commands.includes(command))).toEqual([]);
  expect(commands.length).toBeGreaterThan(12);
});

describe("the tour", () => {
  it.each(commands.filter((command) => !elsewhere.includes(command)))("%s", async (command) => {
    const here = command
      .replaceAll("http://127.0.0.1:8080", stack.url)
      .replace(/^npx mintmark /, `${checkout}node_modules/.bin/mintmark `);
    const env = { MINTMARK_URL: stack.url, MINTMARK_KEY_DIR: join(stack.dir, "keys") };
    const answer = await run("bash", ["-c", here.replace("curl -s", "curl -s --fail-with-body")], { cwd: folder, env });
    expect(answer.code, answer.stdout + answer.stderr).toBe(0);
    expect(answer.stdout + answer.stderr).not.toBe("");
  });

  const shown = [
    ["what pull wrote", /Survival prediction/],
    ["MLflow's client", /^\[0 0 0\]\n[0-9a-f]{32}$/m],
  ] as const;
  it.runIf(withPython).each(shown.map(([title, prints], index) => [title, prints, index] as const))(
    "the Python that it shows: %s",
    (_, prints, index) => {
      const here = blocks("python")[index]!.replaceAll("http://127.0.0.1:8080", stack.url);
      const answer = spawnSync(python, ["-c", here], { cwd: folder, encoding: "utf8" });
      expect(answer.status, answer.stderr).toBe(0);
      expect(answer.stdout).toMatch(prints);
    },
  );
});
