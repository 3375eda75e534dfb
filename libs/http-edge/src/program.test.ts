import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";

/** Runs a program whose `main` is this text. */
function run(main: string, ...args: string[]) {
  const modules = ["program", "settings"].map((name) => new URL(`./${name}.ts`, import.meta.url).href);
  const text = `
    import { parseArgs } from "node:util";
    import { createServer } from "node:net";
    import { badStart, explainIfAsked } from "${modules[0]}";
    import { SettingError } from "${modules[1]}";
    ${main}`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--input-type=module-typescript", "--eval", text, "--", ...args],
    { encoding: "utf8" },
  );
  return { status, stdout, stderr };
}

const starting = (failing: string) => `try { ${failing} } catch (error) { badStart("it", error) }`;

describe("a bad start", () => {
  it.each([
    ["a setting", 'throw new SettingError("X is not set")', "it: X is not set"],
    [
      "an unknown flag",
      'parseArgs({ args: ["--x"], options: {} })',
      "mintmark: unknown option '--x'; see 'mintmark it --help'\n",
    ],
    [
      "an address of another machine",
      'await new Promise((_, no) => createServer().once("error", no).listen(0, "192.0.2.1"))',
      "it: the port cannot be used: --host is no address of this machine",
    ],
  ])("by %s is one line and 2", (_, failing, line) => {
    const { status, stdout, stderr } = run(starting(failing));
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^.+\n$/);
    expect(stderr).toContain(line);
  });

  it("by a fault of ours is 3, with where it comes from; also a file that is closed to this account", () => {
    expect(run(starting('throw new TypeError("oops")'))).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/^it: TypeError: oops\n +at /),
    });
    const closed = 'Object.assign(new Error("closed"), { code: "EACCES", syscall: "open" })';
    expect(run(starting(`throw ${closed}`))).toMatchObject({ status: 3, stderr: expect.not.stringContaining("port") });
  });
});

it.each(["--help", "-h"])("a program explains itself when it is asked by %s, and does nothing else", (flag) => {
  const main = 'explainIfAsked("how to use it"); process.exit(1)';
  expect(run(main, "--port", "1", flag)).toEqual({ status: 0, stdout: "how to use it\n", stderr: "" });
  expect(run(main).status).toBe(1);
});
