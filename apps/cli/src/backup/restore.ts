/**
 * Makes a data directory from a backup.
 *
 * The registry itself makes the tables, by its migrations, so that they are the same as everywhere; then the rows come in,
 * all of them or none. The queue is not in a backup: the registry queues what has not ended, as it does after any loss.
 * @module
 */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { MalformedError } from "@mintmark/crypto/malformed-error";
import { AppError } from "@mintmark/errors";
import { makeFolder } from "@mintmark/scratch/make-folder";
import pg from "pg";
import { notReadable } from "../file-failure.ts";
import type { DataDir } from "../up/data-dir.ts";
import {
  adminTokenName,
  type BackupDescription,
  backupFormat,
  type Checksums,
  checksumsName,
  descriptionName,
  keptFolders,
  tableEntry,
} from "./archive.ts";
import { copyIn } from "./copy.ts";
import { copyInSql, type Migration, quoted, readLedger } from "./database.ts";
import { readTar, type TarFile } from "./tar.ts";

export interface RestoreSummary {
  readonly created_at: string;
  readonly tables: number;
  readonly files: number;
}

/**
 * @param dir a data directory that is new; whoever calls removes it if this fails
 * @param url its database, migrated, as superuser
 * @throws AppError BACKUP_DAMAGED, BACKUP_SCHEMA_DIFFERS, FILE_NOT_READABLE
 */
export async function restore(path: string, dir: DataDir, url: string): Promise<RestoreSummary> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  try {
    await client.connect();
    return await load(path, dir, client);
  } catch (error) {
    if (error instanceof MalformedError) throw new AppError("BACKUP_DAMAGED", { path, problem: error.message });
    throw error;
  } finally {
    await client.end().catch(() => {});
  }
}

async function load(path: string, dir: DataDir, client: pg.Client): Promise<RestoreSummary> {
  const checksums: Record<string, string> = {};
  let description: BackupDescription | undefined;
  let files = 0;
  for await (const file of readTar(bytesOf(path))) {
    const { content, digest } = hashed(file);
    const entry = { ...file, content };
    if (file.name === checksumsName) {
      requireSame(JSON.parse(await text(entry)) as Checksums, checksums);
      await finish(client, description!);
      return { created_at: description!.created_at, tables: description!.tables.length, files };
    }
    if (description === undefined) description = await begin(path, entry, client);
    else if (file.name.startsWith("database/")) await loadTable(entry, description, client);
    else {
      await pipeline(content, createWriteStream(await placeFor(entry, dir), { mode: 0o600 }));
      files++;
    }
    checksums[file.name] = digest();
  }
  throw new MalformedError("it ends before its checksums");
}

async function* bytesOf(path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path, { highWaterMark: 1 << 20 });
  } catch (error) {
    throw notReadable(path, error);
  }
}

/** Checks that the backup fits the tables that are there, and empties them. */
async function begin(path: string, entry: TarFile, client: pg.Client): Promise<BackupDescription> {
  if (entry.name !== descriptionName) throw new MalformedError("it is no archive of Mintmark");
  const description = JSON.parse(await text(entry)) as BackupDescription;
  if (description.format !== backupFormat) throw new MalformedError(`its format ${description.format} is not known`);
  const [found, expected] = [ledgerName(description.migrations), ledgerName(await readLedger(client))];
  if (found !== expected) throw new AppError("BACKUP_SCHEMA_DIFFERS", { path, found, expected });
  // Rows come back as they were: no trigger has a say, and tables may be filled in any order.
  await client.query("begin");
  await client.query("set local session_replication_role = replica");
  await client.query(`truncate ${description.tables.map(({ table }) => quoted(table)).join(", ")}`);
  return description;
}

async function loadTable(entry: TarFile, { tables }: BackupDescription, client: pg.Client): Promise<void> {
  const table = tables.find(({ table: name }) => tableEntry(name) === entry.name);
  if (table === undefined) throw new MalformedError(`${entry.name} is not one of its tables`);
  await copyIn(client, copyInSql(table), entry.content);
}

async function placeFor({ name }: TarFile, dir: DataDir): Promise<string> {
  const known = name === adminTokenName || keptFolders.some((folder) => name.startsWith(`${folder}/`));
  if (!known || normalize(name) !== name) throw new MalformedError(`"${name}" does not belong into a backup`);
  const path = join(dir.root, name);
  makeFolder(dirname(path), 0o700);
  return path;
}

async function finish(client: pg.Client, { sequences }: BackupDescription): Promise<void> {
  for (const { name, value, called } of sequences)
    await client.query("select setval($1::regclass, $2::bigint, $3)", [quoted(name), value, called]);
  await client.query("commit");
  await client.query("analyze");
}

function requireSame(stated: Checksums, found: Checksums): void {
  for (const name of new Set([...Object.keys(stated), ...Object.keys(found)]))
    if (stated[name] !== found[name]) throw new MalformedError(`${name} is damaged`);
}

function ledgerName(migrations: readonly Migration[]): string {
  const digest = createHash("sha256")
    .update(migrations.map(({ checksum }) => checksum).join())
    .digest("hex");
  return `${migrations.length} (${digest.slice(0, 8)})`;
}

function hashed({ content }: TarFile): { content: AsyncIterable<Buffer>; digest: () => string } {
  const hash = createHash("sha256");
  const passing = (async function* () {
    for await (const chunk of content) {
      hash.update(chunk);
      yield chunk;
    }
  })();
  return { content: passing, digest: () => hash.digest("hex") };
}

async function text({ content }: TarFile): Promise<string> {
  return (await buffer(content)).toString("utf8");
}
