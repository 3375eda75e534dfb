/**
 * Step 7: brings to the registry what it lacks of the model's files; a transfer that breaks off goes on where it was.
 * @module
 */
import { bytesBlob, uploadBlobs } from "@mintmark/registry-client";
import type { JobContext } from "../job-context.ts";
import { repeated } from "../retry.ts";
import type { PackagedModel } from "./package.ts";

export async function pushModel({ registry, signal, log }: JobContext, { files }: PackagedModel): Promise<void> {
  const blobs = [...files.values()].map(bytesBlob);
  const uploading = () => uploadBlobs(registry, blobs, { signal });
  const { blobs: sent, bytes } = await repeated(uploading, { forMs: patienceMs, signal });
  log("info", `pushed ${sent} of ${blobs.length} files, ${bytes} bytes`);
}

const patienceMs = 120_000;
