/**
 * The state that an earlier attempt of the job left in the registry.
 * @module
 */
import { blake3Hex } from "@mintmark/crypto/blake3";
import type { JobContext } from "../job-context.ts";
import { repeated } from "../retry.ts";

/** Undefined if there is none, or it cannot be had: then the fit begins anew, which is no failure. */
export async function fetchCheckpoint(
  blake3: string,
  { registry, signal, log }: Pick<JobContext, "registry" | "signal" | "log">,
): Promise<Uint8Array | undefined> {
  if (blake3 === "") return undefined;
  const download = async () => {
    const chunks: Uint8Array[] = [];
    for await (const { chunk } of registry.artifacts.downloadBlob({ blake3 }, { signal })) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  try {
    const bytes = await repeated(download, { forMs: patienceMs, signal });
    if (blake3Hex(bytes) === blake3) return bytes;
    log("warn", "the checkpoint of an earlier attempt is damaged; training begins anew");
  } catch (error) {
    signal.throwIfAborted();
    log("warn", `the checkpoint of an earlier attempt cannot be read (${error}); training begins anew`);
  }
  return undefined;
}

const patienceMs = 30_000;
