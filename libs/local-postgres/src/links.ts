/**
 * The links between the libraries of the embedded Postgres. No npm package can hold a link, so its install script makes
 * them; but npm 12 runs no install script unasked.
 * @module
 */
import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** Makes those that are missing in the package that lies in `folder`. */
export function linkLibraries(folder: string): void {
  const list = join(folder, "native", "pg-symlinks.json");
  const links = existsSync(list) ? (JSON.parse(readFileSync(list, "utf8")) as Link[]) : [];
  for (const { source, target } of links) {
    const link = join(folder, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(link), join(folder, source)), link);
    } catch (error) {
      // Another `up` was faster.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/** Both from the folder of the package. */
interface Link {
  readonly source: string;
  readonly target: string;
}
