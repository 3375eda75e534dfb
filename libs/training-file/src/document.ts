/**
 * A training file before its keys are checked: reading YAML, merging environments, setting single values.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { isScalar, LineCounter, parse, parseDocument, visit, type Document as YamlDocument } from "yaml";
import { suggestion } from "./suggest.ts";

export type Document = { readonly [key: string]: unknown };

/** @throws AppError TRAINING_FILE_SYNTAX with line and column. */
export function readDocument(text: string): Document {
  // The parser compares each key with every other, and quotes the line of each error: what is repeated is found below, in one look at
  // each, and only the first error is told.
  const lines = new LineCounter();
  const document = parseDocument(text, {
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: "error",
    lineCounter: lines,
  });
  const error = document.errors[0];
  if (error !== undefined) throw syntaxError(`${error.message.split("\n")[0]}${place(lines, error.pos[0])}`);
  requireUniqueKeys(document, lines);
  const content = toPlain(() => document.toJS());
  if (!isObject(content)) throw syntaxError("expected keys and values, such as `model: titanic`");
  return content;
}

/**
 * The file as it is in one environment; without a name, as it stands. Objects are merged key by key, all else replaced.
 * @throws AppError ENVIRONMENT_NOT_FOUND.
 */
export function inEnvironment(document: Document, name: string | undefined): Document {
  const { environments = {}, ...base } = document;
  if (name === undefined) return base;
  if (!isObject(environments) || !Object.hasOwn(environments, name)) {
    const known = isObject(environments) ? Object.keys(environments) : [];
    throw new AppError("ENVIRONMENT_NOT_FOUND", { name, known, suggestion: suggestion(name, known) });
  }
  return merge(base, environments[name]) as Document;
}

/**
 * The file with one value set: `a.b=[1]`. The path's parts are keys or, in lists, positions from 0; the value is YAML.
 * @throws AppError SETTING_INVALID.
 */
export function applySet(document: Document, assignment: string): Document {
  const at = assignment.indexOf("=");
  if (at < 1)
    throw new AppError("SETTING_INVALID", { assignment, problem: "expected path=value, such as algorithm.seed=7" });
  const path = assignment.slice(0, at).trim().split(".");
  if (path.length > maxSettingDepth)
    throw new AppError("SETTING_INVALID", {
      assignment: `${assignment.slice(0, 100)}…`,
      problem: `the path has ${path.length} parts, at most ${maxSettingDepth} are possible`,
    });
  if (path.includes("")) throw new AppError("SETTING_INVALID", { assignment, problem: "the path has an empty part" });
  return put(document, path, settingValue(assignment, assignment.slice(at + 1)), assignment) as Document;
}

/** No file has keys at half of that depth. */
const maxSettingDepth = 100;

function put(into: unknown, path: readonly string[], value: unknown, assignment: string): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(into)) {
    const index = Number(key);
    if (!Number.isInteger(index) || index < 0 || index >= into.length) {
      const problem = `"${key}" is not a position of the list, which has ${into.length}`;
      throw new AppError("SETTING_INVALID", { assignment, problem });
    }
    return into.with(index, put(into[index], rest, value, assignment));
  }
  if (into !== undefined && into !== null && !isObject(into))
    throw new AppError("SETTING_INVALID", { assignment, problem: `"${key}" lies within a value that has no keys` });
  const before = own(into ?? {}, key);
  return withKey(into ?? {}, key, put(before, rest, value, assignment));
}

function settingValue(assignment: string, text: string): unknown {
  try {
    return parse(text, { prettyErrors: false, logLevel: "error" });
  } catch (cause) {
    throw new AppError("SETTING_INVALID", { assignment, problem: "the value is not YAML" }, { cause });
  }
}

function merge(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over;
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(over)) {
    const before = merged.get(key);
    // As if it were added: it stands behind all others.
    merged.delete(key);
    merged.set(key, merge(before, value));
  }
  return Object.fromEntries(merged);
}

/**
 * Where a key `__proto__` is, at whatever depth: no object of a program in JavaScript keeps one reliably, so none is taken.
 * @returns the path of the key; undefined if there is none
 */
export function prototypeKey(document: unknown): readonly string[] | undefined {
  // Not by calls within calls: how deep a document is, is up to whoever wrote it.
  const open: { readonly value: unknown; readonly path: Path | undefined }[] = [{ value: document, path: undefined }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, path } = next;
    if (typeof value !== "object" || value === null) continue;
    for (const [key, each] of Object.entries(value)) {
      if (key === "__proto__") return pathTo({ key, above: path });
      open.push({ value: each, path: { key, above: path } });
    }
  }
  return undefined;
}

interface Path {
  readonly key: string;
  readonly above: Path | undefined;
}

function pathTo(path: Path): string[] {
  const keys: string[] = [];
  for (let each: Path | undefined = path; each !== undefined; each = each.above) keys.unshift(each.key);
  return keys;
}

// fromEntries defines properties: a key `__proto__` stays a key, and is refused later as unknown.
function withKey(object: Document, key: string, value: unknown): Document {
  return Object.fromEntries([...Object.entries(object).filter(([each]) => each !== key), [key, value]]);
}

function own(object: Document, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

export function isObject(value: unknown): value is Document {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function requireUniqueKeys(document: YamlDocument, lines: LineCounter): void {
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key) || key.value === "<<") continue;
        if (seen.has(key.value)) {
          throw syntaxError(`Map keys must be unique${place(lines, key.range?.[0] ?? 0)}`);
        }
        seen.add(key.value);
      }
    },
  });
}

function place(lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return ` at line ${line}, column ${col}`;
}

function toPlain(read: () => unknown): unknown {
  try {
    return read();
  } catch (cause) {
    // Too many aliases: the file unfolds into more than it says.
    throw syntaxError(cause instanceof Error ? cause.message : String(cause));
  }
}

function syntaxError(problem: string): AppError {
  return new AppError("TRAINING_FILE_SYNTAX", { problem });
}
