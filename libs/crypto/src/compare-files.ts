/**
 * What became of a list of files: changed, renamed, missing, added; in words.
 * @module
 */

/** A file by whatever identifies its bytes. */
export interface IdentifiedFile {
  readonly path: string;
  readonly identity: string;
}

/** How many differences are spelled out. */
const spelledOut = 5;

/** One sentence about all differences; `undefined` if both lists name the same files with the same bytes. */
export function describeDifferences(
  expected: readonly IdentifiedFile[],
  actual: readonly IdentifiedFile[],
): string | undefined {
  const differences = findDifferences(byPath(expected), byPath(actual));
  if (differences.length === 0) return expected.length === actual.length ? undefined : "a file is listed twice";
  const more = differences.length - spelledOut;
  return differences.slice(0, spelledOut).join("; ") + (more > 0 ? `; and ${more} more` : "");
}

function findDifferences(expected: Map<string, string>, actual: Map<string, string>): string[] {
  const missing = [...expected].filter(([path]) => !actual.has(path));
  const extra = [...actual].filter(([path]) => !expected.has(path));
  const changed = [...expected].filter(([path, identity]) => actual.has(path) && actual.get(path) !== identity);
  const differences = changed.map(([path]) => `'${path}' has other bytes`);
  for (const [path, identity] of missing) {
    const at = extra.findIndex(([, other]) => other === identity);
    if (at === -1) differences.push(`'${path}' is missing`);
    else differences.push(`'${path}' was renamed to '${extra.splice(at, 1)[0]![0]}'`);
  }
  return [...differences, ...extra.map(([path]) => `'${path}' was added`)];
}

function byPath(files: readonly IdentifiedFile[]): Map<string, string> {
  return new Map(files.map(({ path, identity }) => [path, identity]));
}
