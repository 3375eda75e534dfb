/**
 * A model that could not be served without harm is refused when it is registered: its graph is loaded and run once, in a process
 * with limits. What Mintmark does not run at all, others may, so that is no reason.
 * @module
 */
import type { BlobReader } from "@mintmark/blob-store";
import type { ManifestFile } from "@mintmark/crypto/manifest";
import { AppError } from "@mintmark/errors";
import { Lane, type LaneLimits } from "@mintmark/model-runtime/lane";
import { startProcess } from "@mintmark/model-runtime/process-host";

/** What of a version is run. */
export const modelPaths: readonly string[] = ["model.onnx", "MLmodel"];

/** Larger ones are found out by the gateway, when they are to be served. */
const maxBytes = 64 * 1024 * 1024;

/** Of one process, in which one model after the other is tried. */
const trialLimits: LaneLimits = {
  memoryBytes: 512 * 1024 * 1024,
  seconds: 5,
  waiting: 4,
  values: 0,
  idleSeconds: 30,
};

export interface ModelTrials {
  /**
   * Returns where nothing speaks against serving the model, or too many wait to be tried.
   * @throws AppError MODEL_TOO_COSTLY
   */
  readonly requireAffordable: (files: readonly ManifestFile[]) => Promise<void>;
  readonly close: () => void;
}

export function modelTrials(blobs: Pick<BlobReader, "read">): ModelTrials {
  const lane = new Lane(startProcess(trialLimits.memoryBytes), trialLimits);
  return {
    requireAffordable: async (files) => {
      const onnx = files.find(({ path }) => path === "model.onnx");
      const mlmodel = files.find(({ path }) => path === "MLmodel");
      if (onnx === undefined || mlmodel === undefined || onnx.size + mlmodel.size > maxBytes) return;
      const key = onnx.blake3 + mlmodel.blake3;
      const source = async () => ({
        onnx: await piecesOf(blobs, onnx),
        mlmodel: Buffer.concat(await piecesOf(blobs, mlmodel)),
      });
      try {
        await lane.load({ key, files: source });
        lane.unload(key);
      } catch (error) {
        if (!(error instanceof AppError) || error.is("MODEL_TOO_COSTLY")) throw error;
      }
    },
    close: () => lane.close(),
  };
}

async function piecesOf(blobs: Pick<BlobReader, "read">, { blake3, size }: ManifestFile): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of blobs.read(blake3, { size })) pieces.push(new Uint8Array(piece));
  return pieces;
}
