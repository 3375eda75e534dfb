import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Db } from "../db/schema.ts";
import { failureOf } from "../testing/failure.ts";
import { freeze, putText } from "../testing/files.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";
import { findFile } from "./find-file.ts";
import { listFiles } from "./list-files.ts";

let registry: TestRegistry;

beforeAll(async () => {
  registry = await testRegistry();
});
afterAll(() => registry.close());

const put = (path: string, text = path) => putText(registry.deps, path, text);

async function list(path: string): Promise<string[]> {
  const { entries } = await registry.client.files.listFiles({ path });
  return entries.map(({ name, isFolder, size }) => (isFolder ? `${name}/` : `${name} ${size}`));
}

/** Of the table of files and its indexes, so far, by the connection of this transaction. */
async function pagesRead(tx: Db): Promise<number> {
  const { rows } = await sql<{ pages: bigint }>`
    select sum(pg_stat_get_xact_blocks_fetched(c.oid))::int8 as pages from pg_class c
    where c.oid = 'stored_file'::regclass
      or c.oid in (select indexrelid from pg_index where indrelid = 'stored_file'::regclass)`.execute(tx);
  return Number(rows[0]!.pages);
}

describe("a folder", () => {
  it("lists one level by name, whatever the names and depths", async () => {
    for (const name of [
      "a.txt",
      "a/1",
      "a/b/2",
      "a/b/3",
      "a0",
      "a!",
      "ä/ö",
      "Z",
      "日本/語",
      "😀",
      "ff/x",
      "a b;c&d+e%",
    ])
      await put(`list/${name}`, "12345");
    expect(await list("list")).toEqual([
      "Z 5",
      "a/",
      "a b;c&d+e% 5",
      "a! 5",
      "a.txt 5",
      "a0 5",
      "ff/",
      "ä/",
      "日本/",
      "😀 5",
    ]);
    expect(await list("list/a")).toEqual(["1 5", "b/"]);
    expect(await list("list/a/")).toEqual(["1 5", "b/"]);
    expect(await list("")).toContain("list/");
  });

  it("that is missing has nothing, and neither has a file, which is told apart", async () => {
    await put("plain/file");
    expect(await registry.client.files.listFiles({ path: "plain/none" })).toMatchObject({ entries: [], isFile: false });
    expect(await registry.client.files.listFiles({ path: "plain/file" })).toMatchObject({ entries: [], isFile: true });
    expect(await registry.client.files.listFiles({ path: "registry" })).toMatchObject({ entries: [], isFile: false });
  });

  it("is listed by a step for each entry, with 100,000 files below it", async () => {
    await put("many/one");
    const { blake3 } = await findFile(registry.deps.db, "many/one");
    await sql`
      insert into stored_file (path, blake3, size, updated_by)
      select format('many/%s/%s', n % 10, n), decode(${blake3}, 'hex'), 8, 'test' from generate_series(1, 100000) n
      `.execute(registry.deps.db);
    expect(await list("many")).toHaveLength(11);
    expect(await list("many/3")).toHaveLength(10_000);
    const pages = await registry.deps.db.transaction().execute(async (tx) => {
      const before = await pagesRead(tx);
      await listFiles(tx, "many");
      return (await pagesRead(tx)) - before;
    });
    // All the files are on more than 1,000.
    expect(pages).toBeGreaterThan(0);
    expect(pages).toBeLessThan(200);
  });
});

describe("deleting", () => {
  it("takes a file, or a folder with all below it, and nothing beside it; again, it finds nothing", async () => {
    for (const name of ["d/a", "d/b/c", "d/b/e/f", "d/bb", "d/b.txt"]) await put(name);
    expect(await registry.client.files.deleteFiles({ path: "d/a" })).toMatchObject({ files: 1n });
    expect(await registry.client.files.deleteFiles({ path: "d/b" })).toMatchObject({ files: 2n });
    expect(await registry.client.files.deleteFiles({ path: "d/b" })).toMatchObject({ files: 0n });
    expect(await list("d")).toEqual(["b.txt 7", "bb 4"]);
  });

  it("leaves the bytes, which other paths and versions may name", async () => {
    await put("keep/a", "the same");
    await put("keep/b", "the same");
    await registry.client.files.deleteFiles({ path: "keep/a" });
    const file = await findFile(registry.deps.db, "keep/b");
    expect(await registry.deps.blobs.has([file])).toEqual(new Set([file.blake3]));
  });

  it("needs a path: nobody deletes everything by leaving it out", async () => {
    expect(await failureOf(registry.client.files.deleteFiles({ path: "" }))).toMatchObject({
      reason: "FILE_PATH_INVALID",
    });
  });
});

describe("a frozen folder", () => {
  beforeAll(async () => {
    for (const name of ["model/MLmodel", "model/data/x", "other"]) await put(`frozen/run/artifacts/${name}`);
    await freeze(registry.deps, "frozen/run/artifacts/model");
  });

  it.each(["MLmodel", "new", "data/x", "data/deeper/new"])("takes no '%s'", async (name) => {
    await expect(put(`frozen/run/artifacts/model/${name}`, "changed")).rejects.toMatchObject({
      reason: "FOLDER_FROZEN",
      detail: { folder: "frozen/run/artifacts/model" },
    });
  });

  it.each([
    "frozen",
    "frozen/run",
    "frozen/run/artifacts",
    "frozen/run/artifacts/model",
    "frozen/run/artifacts/model/data/x",
  ])("keeps '%s' from being deleted", async (path) => {
    expect(await failureOf(registry.client.files.deleteFiles({ path }))).toMatchObject({ reason: "FOLDER_FROZEN" });
    expect(await list("frozen/run/artifacts/model")).toEqual(["MLmodel 34", "data/"]);
  });

  it("hinders nothing beside it", async () => {
    await put("frozen/run/artifacts/model2/MLmodel");
    await put("frozen/run/artifacts/model.txt");
    await registry.client.files.deleteFiles({ path: "frozen/run/artifacts/other" });
    expect(await list("frozen/run/artifacts")).toEqual(["model/", "model.txt 30", "model2/"]);
  });
});

describe("a path", () => {
  it("is either a file or a folder", async () => {
    await put("kind/a/b");
    await expect(put("kind/a")).rejects.toMatchObject({ reason: "FOLDER_IN_THE_WAY" });
    await expect(put("kind/a/b/c/d")).rejects.toMatchObject({
      reason: "FILE_IN_THE_WAY",
      detail: { file: "kind/a/b" },
    });
  });

  it("of a deleted run or logged model takes no files, but gives them and lets them be deleted", async () => {
    const { run } = await registry.client.runs.createRun({ experimentId: "0" });
    const path = `0/${run!.id}/artifacts/a`;
    await put(path);
    await sql`update run set deleted_at = now() where run_id = ${run!.id}::uuid`.execute(registry.deps.db);
    await expect(put(path)).rejects.toMatchObject({ reason: "RUN_DELETED" });
    expect(await findFile(registry.deps.db, path)).toMatchObject({ size: path.length });
    expect(await registry.client.files.deleteFiles({ path })).toMatchObject({ files: 1n });

    const { rows } = await sql<{ id: string }>`
      insert into logged_model (experiment_pk, name, deleted_at) values (0, 'm', now())
      returning replace(id::text, '-', '') as id`.execute(registry.deps.db);
    await expect(put(`0/models/m-${rows[0]!.id}/artifacts/MLmodel`)).rejects.toMatchObject({
      reason: "LOGGED_MODEL_NOT_FOUND",
    });
  });

  it("below 'registry' is never written", async () => {
    for (const path of ["registry", "registry/x", `registry/${crypto.randomUUID()}/1/MLmodel`]) {
      await expect(put(path)).rejects.toMatchObject({ reason: "FOLDER_FROZEN" });
      expect(await failureOf(registry.client.files.deleteFiles({ path }))).toMatchObject({ reason: "FOLDER_FROZEN" });
    }
  });
});

it("transfers past this server are refused where the store is a directory", async () => {
  const { files } = registry.client;
  expect(await files.getFileFeatures({})).toMatchObject({ directTransfer: false });
  for (const call of [
    files.createMultipartUpload({ path: "a", parts: 1 }),
    files.completeMultipartUpload({ path: "a", uploadId: "u" }),
    files.abortMultipartUpload({ path: "a", uploadId: "u" }),
    files.getDownloadUrl({ path: "a" }),
  ])
    expect(await failureOf(call)).toMatchObject({ reason: "DIRECT_TRANSFER_UNAVAILABLE" });
});
