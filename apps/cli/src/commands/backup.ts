/**
 * `mintmark backup` and `restore`: a data directory in one file, and back.
 * @module
 */
import { accessSync, constants, existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { AppError } from "@mintmark/errors";
import type { Command } from "commander";
import type { Answer } from "../answer.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { dataDir } from "../up/data-dir.ts";
import { dataDirOption, examples } from "./options.ts";

export function addBackupCommands(program: Command, run: Run): void {
  const save = program.command("backup").description("write a data directory into one file, also while it is in use");
  save.argument("<file>", "a new file; it holds secret keys").addOption(dataDirOption("what to save"));
  examples(save, "mintmark backup mintmark-2026-12-01.tar");
  save.action((file: string, options: { dataDir: string }) =>
    run(save, (session) => saveDirectory(session, file, options.dataDir)),
  );

  const load = program.command("restore").description("make a data directory from a backup");
  examples(load, "mintmark restore mintmark-2026-12-01.tar --data-dir restored");
  load.argument("<file>", "what `mintmark backup` wrote").addOption(dataDirOption("a new or empty directory"));
  load.action((file: string, options: { dataDir: string }) =>
    run(load, (session) => restoreDirectory(session, file, options.dataDir)),
  );
}

export async function saveDirectory({ cwd, signal }: Session, file: string, directory: string): Promise<Answer> {
  const { backup } = await import("../backup/backup.ts");
  const { withDatabase } = await import("../up/offline.ts");
  const dir = dataDir(resolve(cwd, directory));
  const path = resolve(cwd, file);
  const summary = await withDatabase(dir, signal, ({ superuserUrl }) => backup(dir, superuserUrl, path));
  const { tables, blobs, bytes } = summary;
  return { text: `${path}: ${tables} tables, ${blobs} blobs, ${bytes} bytes`, json: { file: path, ...summary } };
}

export async function restoreDirectory({ cwd, signal }: Session, file: string, directory: string): Promise<Answer> {
  const dir = dataDir(resolve(cwd, directory));
  const path = resolve(cwd, file);
  if (existsSync(dir.root) && readdirSync(dir.root).length > 0)
    throw new AppError("RESTORE_TARGET_NOT_EMPTY", { dir: dir.root });
  // Before a directory is made for it.
  const found = statSync(path);
  if (found.isDirectory()) throw new AppError("FILE_NOT_READABLE", { path: file, cause: "it is a directory" });
  accessSync(path, constants.R_OK);
  const { restore } = await import("../backup/restore.ts");
  const { migrate, withOwnDatabase } = await import("../up/offline.ts");
  const summary = await withOwnDatabase(dir, signal, async (access) => {
    await migrate(dir, access, signal);
    rmSync(dir.keys, { recursive: true });
    return restore(path, dir, access.superuserUrl);
  });
  const { tables, files, created_at } = summary;
  const text = `${dir.root}: ${tables} tables and ${files} files of ${created_at}`;
  return { text, json: { data_dir: dir.root, ...summary } };
}
