/**
 * The rules of this repository that no ready-made tool knows.
 * @module
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { requirements } from "../libs/model-package/src/environment.ts";

const root = new URL("..", import.meta.url).pathname;
const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((path) => path !== "" && existsSync(root + path));
const text = (path: string) => readFileSync(root + path, "utf8");
const generated = (path: string) => path.startsWith("libs/proto/src/gen/");
const sources = tracked.filter((path) => /\.(ts|mjs)$/.test(path) && !generated(path));
const isTest = (path: string) => /\.(test|fixture)\.ts$|\/testing\/|^e2e\/|^bench\/|^tools\//.test(path);

/** The modules that a file imports or exports from. */
function imports(path: string): string[] {
  const statement = /^(?:import|export)\b(?:[^;"'`]*?\bfrom)?\s*"([^"\n]+)";|\bimport\("([^"]+)"\)/gm;
  return [...text(path).matchAll(statement)].map((match) => (match[1] ?? match[2])!);
}

/** The files of its own workspace that a file imports. */
function neighbours(path: string): string[] {
  return imports(path)
    .filter((module) => module.startsWith("."))
    .map((module) => new URL(module, `file:///${path}`).pathname.slice(1))
    .filter((imported) => sources.includes(imported));
}

/** `libs/crypto`, `apps/cli` … : the workspace that a file belongs to. */
const workspaceOf = (path: string) =>
  path
    .split("/")
    .slice(0, path.startsWith("e2e") || path.startsWith("bench") ? 1 : 2)
    .join("/");

/** Each `[file, imported module]` that breaks a rule. */
function offences(inFile: (path: string) => boolean, broken: (module: string, path: string) => boolean): string[] {
  return sources.filter(inFile).flatMap((path) =>
    imports(path)
      .filter((module) => broken(module, path))
      .map((module) => `${path}: ${module}`),
  );
}

const appPackages = ["@mintmark/registry-svc", "@mintmark/trainer-worker", "@mintmark/gateway", "@mintmark/cli"];

describe("module boundaries", () => {
  it("libs never import apps, and apps never import each other", () => {
    const isApp = (module: string) => appPackages.some((name) => module === name || module.startsWith(`${name}/`));
    expect(offences((path) => /^(libs|apps)\//.test(path), isApp)).toEqual([]);
  });
  it("nothing reaches into another workspace by a relative path", () => {
    const leaves = (module: string, path: string) =>
      module.startsWith(".") && workspaceOf(new URL(module, `file:///${path}`).pathname.slice(1)) !== workspaceOf(path);
    expect(offences((path) => /^(libs|apps)\//.test(path), leaves)).toEqual([]);
  });
  it("ml-core and crypto import nothing of ours, and ml-core nothing of Node", () => {
    const pure = (path: string) => /^libs\/(ml-core|crypto)\/src/.test(path) && !isTest(path);
    expect(offences(pure, (module) => module.startsWith("@mintmark/"))).toEqual([]);
    expect(
      offences(
        (path) => path.startsWith("libs/ml-core/src") && !isTest(path),
        (module) => !module.startsWith("."),
      ),
    ).toEqual([]);
  });
  it("no modules import each other in a cycle, not by types either", () => {
    const open = new Set<string>();
    const done = new Set<string>();
    /** Those that are met for the first time on the ways from `path`. */
    const cycles = (path: string): string[] => {
      if (open.has(path)) return [[...open, path].slice([...open].indexOf(path)).join(" → ")];
      if (done.has(path)) return [];
      open.add(path);
      const found = neighbours(path).flatMap(cycles);
      open.delete(path);
      done.add(path);
      return found;
    };
    expect(sources.flatMap(cycles)).toEqual([]);
  });
  it("every package that a workspace imports is one that it declares", () => {
    const undeclared = (module: string, path: string) => {
      if (module.startsWith(".") || module.startsWith("node:")) return false;
      const name = module
        .split("/")
        .slice(0, module.startsWith("@") ? 2 : 1)
        .join("/");
      const manifest = JSON.parse(text(`${workspaceOf(path)}/package.json`)) as Record<string, Record<string, string>>;
      if (name === (manifest["name"] as unknown)) return false;
      return ![manifest["dependencies"], manifest["devDependencies"], manifest["optionalDependencies"]].some(
        (list) => list?.[name],
      );
    };
    expect(offences((path) => /^(libs|apps)\/[^/]+\/src/.test(path) && !isTest(path), undeclared)).toEqual([]);
  });
  it("nothing is exported by star", () => {
    expect(sources.filter((path) => /^export \*/m.test(text(path)))).toEqual([]);
  });
});

describe("banned calls", () => {
  const notOfTests = new Set(["the clock", "as many arguments as data has rows"]);
  it.each([
    ["Math.random", "use a key of base/rng.ts", /^libs\/(ml-core|crypto|model-package)\/src/, /Math\.random\(/],
    [
      "the clock",
      "take the time as an argument",
      /^libs\/(ml-core|model-package)\/src/,
      /Date\.now\(|new Date\(\)|performance\.now\(/,
    ],
    [
      "the engine's own error as ours",
      "throw ArgumentError or MalformedError",
      /^libs\/(ml-core|crypto|model-package)\/src/,
      /new RangeError\(|@throws RangeError|toThrow\((new )?RangeError/,
    ],
    [
      "a decision by the engine's own error",
      "it also says that memory or the stack is at its end; decide by a class of ours",
      /./,
      /instanceof RangeError|=== "RangeError"/,
    ],
    [
      "a temporary folder that nobody sweeps",
      "makeScratch of libs/scratch",
      /^(apps|libs)\/(?!scratch\/|testing\/)(?!.*(\.test\.ts$|\.fixture\.ts$|\/testing\/))/,
      /\bmkdtemp(Sync)?\(/,
    ],
    [
      "Node's own recursive mkdir, which never returns below /proc",
      "makeFolder of libs/scratch",
      /^apps\/[^/]+\/src\/(?!.*(\.test\.ts$|\.fixture\.ts$|testing\/))/,
      /\bmkdir(Sync)?\([^;]*recursive: true/,
    ],
    [
      "as many arguments as data has rows",
      "the engine takes some 120,000 of a call; loop, or reduce",
      /^(libs|apps\/(trainer-worker|gateway))\//,
      /\.(push|unshift|splice|concat|max|min|hypot|of|fromCharCode|fromCodePoint)\((?:[^(){}]*,)?\s*\.\.\./,
    ],
    ["an unfinished place", "finish it, or leave it out", /./, /\b(TODO|FIXME|XXX)\b/],
    ["a test that is switched off", "mend or delete it", /./, /\b(it|test|describe)\.(skip|only|todo)\(/],
  ])("%s: %s", (_name, _instead, where, what) => {
    const found = sources.filter(
      (path) => where.test(path) && path !== "tools/tidy.test.ts" && !(isTest(path) && notOfTests.has(_name)),
    );
    expect(found.filter((path) => what.test(text(path)))).toEqual([]);
  });
});

describe("files", () => {
  it("every module begins by saying what it is", () => {
    const silent = sources.filter(
      (path) =>
        /^(libs|apps|bench|e2e|tools)\//.test(path) &&
        !/\.test\.ts$|\/index\.ts$|\/reasons\//.test(path) &&
        !/^(#!.*\n)?\/\*\*/.test(text(path)),
    );
    expect(silent).toEqual([]);
  });
  it("every reason of the error table is thrown somewhere", () => {
    const table = tracked.filter((path) => path.startsWith("libs/errors/src/reasons/"));
    const names = table.flatMap((path) =>
      [...text(path).matchAll(/^ {2}([A-Z][A-Z0-9_]+): define/gm)].map((match) => match[1]!),
    );
    const code = sources
      .filter((path) => !path.startsWith("libs/errors/"))
      .map(text)
      .join("\n");
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !code.includes(`"${name}"`))).toEqual([]);
  });
  it("migrations are numbered without a gap", () => {
    const numbers = tracked
      .filter((path) => path.startsWith("apps/registry-svc/src/db/migrations/"))
      .map((path) => Number(path.split("/").at(-1)!.slice(0, 4)));
    expect(numbers).toEqual(numbers.map((_, at) => at + 1));
  });
  it("the lock file holds no addresses", () => {
    expect(text("package-lock.json")).not.toMatch(/"resolved": "https?:/);
  });
  it("Python's side is tested with what a model asks for", () => {
    const tested = text(".ci/python-requirements.txt").split("\n");
    expect(requirements.filter((requirement) => !tested.includes(requirement))).toEqual([]);
  });
  it("every workspace states its place in Nx", () => {
    const workspaces = tracked
      .filter((path) => /^(libs|apps)\/[^/]+\/package\.json$/.test(path))
      .map((path) => path.slice(0, -"/package.json".length));
    expect(workspaces.filter((path) => !existsSync(`${root}${path}/project.json`))).toEqual([]);
  });
});
