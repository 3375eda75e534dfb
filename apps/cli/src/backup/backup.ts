/**
 * Writes a data directory into one file, consistently, also while the system is at work.
 *
 * The tables are read in one snapshot of the database. Blobs are read after it was taken: they appear whole, by a rename,
 * before the database knows of them, so everything that the snapshot names is there.
 * @module
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  createReadStream,
  createWriteStream,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  type WriteStream,
} from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { AppError } from "@mintmark/errors";
import pg from "pg";
import { notWritable } from "../file-failure.ts";
import type { DataDir } from "../up/data-dir.ts";
import {
  adminTokenName,
  type BackupDescription,
  backupFormat,
  checksumsName,
  descriptionName,
  keptFolders,
  partialUploads,
  tableEntry,
} from "./archive.ts";
import { copyOut } from "./copy.ts";
import { copyOutSql, listTables, readLedger, readSequences } from "./database.ts";
import { header, padding, trailer } from "./tar.ts";

export interface BackupSummary {
  readonly tables: number;
  readonly blobs: number;
  readonly bytes: number;
}

/**
 * @param url the database, as a role that may read every table
 * @throws AppError BACKUP_TARGET_EXISTS, FILE_NOT_WRITABLE; nothing is left at `path` then
 */
export async function backup(dir: DataDir, url: string, path: string): Promise<BackupSummary> {
  if (existsSync(path)) throw new AppError("BACKUP_TARGET_EXISTS", { path });
  const unfinished = `${path}.unfinished`;
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("begin isolation level repeatable read, read only");
    const summary = await write(dir, client, unfinished);
    renameSync(unfinished, path);
    return summary;
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === "open" || code === "ENOSPC") throw notWritable(path, error);
    throw error;
  } finally {
    await client.end().catch(() => {});
    rmSync(unfinished, { force: true });
    rmSync(`${unfinished}.table`, { force: true });
  }
}

async function write(dir: DataDir, client: pg.Client, path: string): Promise<BackupSummary> {
  const archive = await openArchive(path);
  const description: BackupDescription = {
    format: backupFormat,
    created_at: new Date().toISOString(),
    mintmark: JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version,
    migrations: await readLedger(client),
    tables: await listTables(client),
    sequences: await readSequences(client),
  };
  await archive.add(descriptionName, Buffer.from(JSON.stringify(description, null, 1)));
  for (const table of description.tables) {
    // The header of an entry states its size, so a table goes to a file of its own first.
    const spool = `${path}.table`;
    // Never into a file that somebody else has put there.
    rmSync(spool, { force: true });
    await pipeline(copyOut(client, copyOutSql(table)), createWriteStream(spool, { mode: 0o600, flags: "wx" }));
    await archive.addFile(tableEntry(table.table), spool);
    rmSync(spool);
  }
  const kept = await filesOf(dir);
  for (const name of kept) await archive.addFile(name, join(dir.root, name));
  await archive.add(checksumsName, Buffer.from(JSON.stringify(archive.checksums, null, 1)));
  const bytes = await archive.finish();
  return { tables: description.tables.length, blobs: kept.filter((name) => name.startsWith("blobs/")).length, bytes };
}

async function filesOf(dir: DataDir): Promise<string[]> {
  const names: string[] = existsSync(dir.adminToken) ? [adminTokenName] : [];
  for (const folder of keptFolders) {
    const entries = await readdir(join(dir.root, folder), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    names.push(...files.map((file) => join(file.parentPath, file.name).slice(dir.root.length + 1)));
  }
  return names.filter((name) => !name.startsWith(`${partialUploads}/`)).sort();
}

async function openArchive(path: string) {
  const out = createWriteStream(path, { mode: 0o600, flags: "wx" });
  await once(out, "open");
  const checksums: Record<string, string> = {};
  let bytes = 0;
  const put = async (chunk: Uint8Array) => {
    bytes += chunk.length;
    await written(out, chunk);
  };
  const addAll = async (name: string, size: number, content: AsyncIterable<Buffer> | Iterable<Buffer>) => {
    const hash = createHash("sha256");
    await put(header({ name, size }));
    for await (const chunk of content) {
      hash.update(chunk);
      await put(chunk);
    }
    await put(padding(size));
    checksums[name] = hash.digest("hex");
  };
  return {
    checksums,
    add: (name: string, content: Buffer) => addAll(name, content.length, [content]),
    addFile: (name: string, file: string) => addAll(name, statSync(file).size, createReadStream(file)),
    finish: async () => {
      await put(trailer);
      out.end();
      await once(out, "close");
      return bytes;
    },
  };
}

function written(out: WriteStream, chunk: Uint8Array): Promise<void> {
  return new Promise((done, fail) => out.write(chunk, (error) => (error ? fail(error) : done())));
}
