/**
 * Reads JSON that was signed, refusing whatever two parsers could understand differently: duplicate keys, `__proto__`,
 * integers that a double cannot hold, bytes that are not UTF-8. Nesting has a limit, as whoever reads on does so by calls within calls.
 * @module
 */
import { fromUtf8 } from "./bytes.ts";
import type { Json } from "./canonical-json.ts";
import { MalformedError } from "./malformed-error.ts";

/** @throws MalformedError that says what is wrong. */
export function parseStrictJson(bytes: Uint8Array): Json {
  const text = decode(bytes);
  const value = parse(text);
  checkTokens(text);
  return value;
}

function decode(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    throw new MalformedError("is not UTF-8");
  }
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new MalformedError("is not JSON");
  }
}

/** Statements and manifests have about ten. */
const maxDepth = 200;

/** Strings (with the colon that makes one a key), numbers, and the brackets of objects and arrays. */
const tokens = /"(?:[^"\\]|\\.)*"(\s*:)?|-?\d[\d.eE+-]*|[{}[\]]/g;

/** The text is known to be JSON, so tokens are enough to find keys and the object they belong to. */
function checkTokens(text: string): void {
  const keysOfOpenObjects: Set<string>[] = [];
  for (const [token, colon] of text.matchAll(tokens)) {
    if (token === "{" || token === "[") {
      keysOfOpenObjects.push(new Set());
      if (keysOfOpenObjects.length > maxDepth) throw new MalformedError(`is nested deeper than ${maxDepth} levels`);
    } else if (token === "}" || token === "]") keysOfOpenObjects.pop();
    else if (colon !== undefined) addKey(keysOfOpenObjects.at(-1)!, token.slice(0, -colon.length));
    else if (!token.startsWith('"')) checkNumber(token);
  }
}

function addKey(keys: Set<string>, literal: string): void {
  const key = JSON.parse(literal) as string;
  if (key === "__proto__") throw new MalformedError("has a key '__proto__'");
  if (keys.has(key)) throw new MalformedError(`has the key '${key}' twice`);
  keys.add(key);
}

function checkNumber(token: string): void {
  const value = Number(token);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw new MalformedError(`has the number ${token}`);
}
