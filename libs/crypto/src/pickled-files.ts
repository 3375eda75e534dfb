/**
 * Files that Python runs as code when it loads them, as their names say it: pickles, and what is made of pickles. Nothing here loads
 * one; whoever does runs what its maker wrote. A pickle under another name is not known by this.
 * @module
 */

/** Endings of pickle, joblib and torch, and the names that transformers gives to pickles. The registry's index has the same. */
export const pickledName =
  /(?:\.(?:pkl|pickle|joblib|dill|cloudpickle|pt|pth|ckpt)|(?:^|\/)(?:pytorch_model[^/]*|adapter_model|training_args|optimizer|scheduler)\.bin)$/i;

/** The paths of such files, in the order in which they are given. */
export function pickledFiles(files: readonly { readonly path: string }[]): string[] {
  return files.flatMap(({ path }) => (pickledName.test(path) ? [path] : []));
}

/** What to say of them; undefined if there are none. */
export function pickleWarning(paths: readonly string[]): string | undefined {
  if (paths.length === 0) return undefined;
  const more = paths.length > 3 ? ` and ${paths.length - 3} more` : "";
  return `holds pickled code (${paths.slice(0, 3).join(", ")}${more}): whoever loads it runs what its maker wrote`;
}
