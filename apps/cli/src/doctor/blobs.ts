/**
 * Whether the store still holds what was recorded: every blob is read by the registry, and what is wrong is told by the names of what
 * needs it.
 * @module
 */
import { ConnectError } from "@connectrpc/connect";
import { AppError } from "@mintmark/errors";
import { type BlobFinding, BlobState } from "@mintmark/proto/mintmark/registry/v1/artifact_service";
import type { RegistryClient } from "@mintmark/registry-client/connect";
import { connectRegistry } from "@mintmark/registry-client/connect";
import type { Progress, Session } from "../session.ts";
import { bar } from "../terminal.ts";
import type { DataDir } from "../up/data-dir.ts";
import type { RunState } from "../up/run-state.ts";
import { type Finding, failed, ok } from "./finding.ts";

/** How many findings of a kind are kept in full; of more, only the number. */
const maxKept = 1_000;

export interface DamagedBlob {
  readonly blake3: string;
  /** As it was recorded. */
  readonly size: number;
  readonly state: string;
  readonly problem: string;
  /** At most 20 of them. */
  readonly needed_by: readonly string[];
  readonly needed_by_count: number;
}

export interface BlobReport {
  readonly checked: number;
  readonly bytes: number;
  /** At most 1,000 of them. */
  readonly damaged: readonly DamagedBlob[];
  readonly damaged_count: number;
  /** Intact, and named by no version, run, job or file; at most 1,000 digests. */
  readonly unreferenced: { readonly count: number; readonly bytes: number; readonly blake3: readonly string[] };
}

/**
 * Asks the system that runs on the directory; where none does, one that is started for it; and where the directory holds no data, the
 * server of `--server`.
 */
export async function withRegistryOf<T>(
  session: Session,
  dir: DataDir,
  state: RunState | undefined,
  work: (client: RegistryClient) => Promise<T>,
): Promise<T> {
  const { token, signal } = session;
  const at = async (baseUrl: string) => {
    const client = connectRegistry({ baseUrl, token, httpVersion: "1.1" });
    try {
      return await work(client);
    } finally {
      client.close();
    }
  };
  if (state !== undefined) return at(state.url);
  const { hasDatabase, withRegistry } = await import("../up/offline.ts");
  return hasDatabase(dir) ? withRegistry(dir, signal, at) : work(session.client);
}

/** Reads every blob, which takes as long as the disk or the bucket takes for all of them. */
export async function readBlobs(client: RegistryClient, progress: Progress, signal: AbortSignal): Promise<BlobReport> {
  const damaged: DamagedBlob[] = [];
  const unreferenced = { count: 0, bytes: 0, blake3: [] as string[] };
  let [damagedCount, checked, bytes] = [0, 0, 0];
  for await (const { news } of client.artifacts.scrubBlobs({}, { signal })) {
    if (news.case === "progress") {
      [checked, bytes] = [Number(news.value.blobsDone), Number(news.value.bytesDone)];
      const share = news.value.bytes === 0n ? 1 : bytes / Number(news.value.bytes);
      progress.status(`reading blobs ${bar(share)} ${checked}/${news.value.blobs}, ${damagedCount} damaged`);
    } else if (news.case === "finding" && news.value.state === BlobState.UNREFERENCED) {
      unreferenced.count++;
      unreferenced.bytes += Number(news.value.size);
      if (unreferenced.blake3.length < maxKept) unreferenced.blake3.push(news.value.blake3);
    } else if (news.case === "finding") {
      damagedCount++;
      if (damaged.length < maxKept) damaged.push(damagedBlob(news.value));
    }
  }
  progress.status("");
  return { checked, bytes, damaged, damaged_count: damagedCount, unreferenced };
}

/** A line for each damaged blob, or one that all is well. */
export function blobFindings({ checked, bytes, damaged, damaged_count, unreferenced }: BlobReport): Finding[] {
  const read = `${checked} blobs of ${bytes} bytes were read`;
  const spare = `${unreferenced.count} of them, ${unreferenced.bytes} bytes, are named by no version, run, job or file`;
  const rest = damaged_count - damaged.length;
  return [
    ok("blobs", `${read}, ${damaged_count} are damaged; ${spare}`),
    ...damaged.map((blob) => failed("blobs", described(blob), wayOut(blob))),
    ...(rest === 0 ? [] : [failed("blobs", `and ${rest} more damaged ones`, "restore from a backup")]),
  ];
}

/** Why the blobs could not be read. */
export function unread(error: unknown): Finding {
  if (!(error instanceof AppError || error instanceof ConnectError)) throw error;
  const message = error instanceof ConnectError ? error.rawMessage : error.message;
  return failed("blobs", `not read: ${message}`, "name a data directory with --data-dir, or a server with --server");
}

function damagedBlob({ blake3, size, state, problem, neededBy, neededByCount }: BlobFinding): DamagedBlob {
  return {
    blake3,
    size: Number(size),
    state: stateNames.get(state) ?? String(state),
    problem,
    needed_by: neededBy,
    needed_by_count: Number(neededByCount),
  };
}

const stateNames = new Map<BlobState, string>(
  Object.entries(BlobState).map(([name, state]) => [state, name.toLowerCase()]),
);

function described({ blake3, size, state, problem, needed_by, needed_by_count }: DamagedBlob): string {
  const more = needed_by_count > needed_by.length ? ` and ${needed_by_count - needed_by.length} more` : "";
  const needs = needed_by.length === 0 ? "nothing needs it" : `needed by ${needed_by.join(", ")}${more}`;
  return `${state}: ${blake3} of ${size} bytes, ${needs} (${problem})`;
}

/** What has the right number of bytes counts as there for who uploads, so it has to go first. */
function wayOut({ blake3, state }: DamagedBlob): string {
  const place = `blobs/${blake3.slice(0, 2)}/${blake3}`;
  if (state === "unreadable") return "see to the disk or the bucket, then restore what is lost from a backup";
  const first = state === "altered" ? `delete ${place} in the store and ` : "";
  return `put ${place} back from a backup, or ${first}upload the same bytes again (push, log_artifact, train)`;
}
