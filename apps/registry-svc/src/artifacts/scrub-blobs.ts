/**
 * Reads every blob that the database knows, in the order of their digests, and compares it with what was recorded.
 *
 * Memory does not grow with the number of blobs or their sizes: a page of rows and a chunk of bytes are there at once.
 * @module
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { BlobReader } from "@mintmark/blob-store";
import { AppError } from "@mintmark/errors";
import {
  BlobState,
  type ScrubBlobsResponse,
  ScrubBlobsResponseSchema,
} from "@mintmark/proto/mintmark/registry/v1/artifact_service";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import type { ServiceDeps } from "../service-deps.ts";

const pageRows = 2_000;
/** Of so many bytes or blobs one message of progress is sent. */
const progressBytes = 64 << 20;
const progressBlobs = 200;
const maxNeededBy = 20;

type Deps = Pick<ServiceDeps, "db" | "blobs">;

/** Each reads the whole store: a second one at the same time is refused. @throws AppError SCRUB_RUNNING */
export function oneAtATime(deps: Deps): (signal: AbortSignal) => AsyncGenerator<ScrubBlobsResponse> {
  let running = false;
  return async function* (signal) {
    if (running) throw new AppError("SCRUB_RUNNING", {});
    running = true;
    try {
      yield* scrubBlobs(deps, signal);
    } finally {
      running = false;
    }
  };
}

async function* scrubBlobs({ db, blobs }: Deps, signal: AbortSignal): AsyncGenerator<ScrubBlobsResponse> {
  const all = await count(db);
  let [blobsDone, bytesDone, told] = [0n, 0n, { blobs: 0n, bytes: 0n }];
  const progress = () => {
    told = { blobs: blobsDone, bytes: bytesDone };
    return message({ case: "progress", value: { ...all, blobsDone, bytesDone } });
  };
  yield progress();
  for await (const row of rowsOf(db)) {
    signal.throwIfAborted();
    const blake3 = row.blake3.toString("hex");
    const found = await read(blobs, { blake3, size: Number(row.size) }, signal);
    const finding = found ?? (row.referenced ? undefined : { state: BlobState.UNREFERENCED, problem: "" });
    if (finding !== undefined) {
      const needs = row.referenced ? await neededBy(db, row.blake3) : { neededBy: [], neededByCount: 0n };
      yield message({ case: "finding", value: { blake3, size: row.size, ...finding, ...needs } });
    }
    blobsDone += 1n;
    bytesDone += row.size;
    if (bytesDone - told.bytes >= progressBytes || blobsDone - told.blobs >= progressBlobs) yield progress();
  }
  yield progress();
}

function message(news: MessageInitShape<typeof ScrubBlobsResponseSchema>["news"] & object): ScrubBlobsResponse {
  return create(ScrubBlobsResponseSchema, { news });
}

interface Found {
  readonly state: BlobState;
  readonly problem: string;
}

/** What is wrong with a blob; undefined for one that is as it was recorded. */
async function read(
  blobs: BlobReader,
  { blake3, size }: { readonly blake3: string; readonly size: number },
  signal: AbortSignal,
): Promise<Found | undefined> {
  const held = await blobs.size(blake3).catch((error: Error) => error);
  if (held instanceof Error) return { state: BlobState.UNREADABLE, problem: held.message };
  try {
    for await (const _ of blobs.read(blake3, { size })) signal.throwIfAborted();
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    const problem = (error as Error).message;
    if (!(error instanceof AppError)) return { state: BlobState.UNREADABLE, problem };
    if (held === undefined) return { state: BlobState.MISSING, problem: "the store does not have it" };
    if (held !== size) return { state: BlobState.CUT, problem: `the store has ${held} bytes of it` };
    return { state: BlobState.ALTERED, problem: "the store has other bytes of it" };
  }
}

async function count(db: Db): Promise<{ blobs: bigint; bytes: bigint }> {
  const { rows } = await sql<{ blobs: bigint; bytes: bigint }>`
    select count(*) as blobs, coalesce(sum(size), 0)::bigint as bytes from blob`.execute(db);
  return rows[0]!;
}

interface BlobRow {
  readonly blake3: Buffer;
  readonly size: bigint;
  readonly referenced: boolean;
}

async function* rowsOf(db: Db): AsyncGenerator<BlobRow> {
  for (let after = Buffer.alloc(0), more = true; more; ) {
    const { rows } = await sql<BlobRow>`
      select blake3, size,
        exists (select from manifest_file m where m.blake3 = blob.blake3)
        or exists (select from stored_file f where f.blake3 = blob.blake3)
        or exists (select from dataset d join run_input using (dataset_pk) where d.blake3 = blob.blake3)
        or blake3 in (select checkpoint_blake3 from job where checkpoint_blake3 is not null)
        or blake3 in (
          select decode(snapshot.blake3, 'hex') from job, jsonb_to_recordset(job.snapshots) as snapshot (blake3 text)
        ) as referenced
      from blob where blake3 > ${after} order by blake3 limit ${pageRows}`.execute(db);
    yield* rows;
    after = rows.at(-1)?.blake3 as typeof after;
    more = rows.length === pageRows;
  }
}

/** By the names by which people look for it. */
async function neededBy(db: Db, blake3: Buffer): Promise<{ neededBy: string[]; neededByCount: bigint }> {
  const { rows } = await sql<{ name: string; total: bigint }>`
    select name, count(*) over () as total from (
      select 'models:/' || shown_name || '/' || number || case when v.deleted_at is null then '' else ' (deleted)' end as name
      from manifest_file m join version v using (version_pk) join model using (model_pk) where m.blake3 = ${blake3}
      union
      select 'file ' || path from stored_file where blake3 = ${blake3}
      union
      select 'run ' || replace(run_id::text, '-', '')
      from dataset join run_input using (dataset_pk) join run using (run_pk) where blake3 = ${blake3}
      union
      select 'job ' || replace(run_id::text, '-', '') from job join run using (run_pk)
      where checkpoint_blake3 = ${blake3}
        or job.snapshots @> ${JSON.stringify([{ blake3: blake3.toString("hex") }])}::jsonb
    ) needs order by name limit ${maxNeededBy}`.execute(db);
  return { neededBy: rows.map(({ name }) => name), neededByCount: rows[0]?.total ?? 0n };
}
