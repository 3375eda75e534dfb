/**
 * What one run of a graph may use. A file of some kilobytes can ask for any amount of memory and time; a model of ours takes
 * a small part of this for the rows of one batch.
 * @module
 */
import { type Tensor, tooCostly } from "./tensor.ts";

/** Of the values that are alive at the same time, constants aside. */
export const maxLiveBytes = 256 * 1024 * 1024;
/** Of elements that are read, written or multiplied: a second or two. */
export const maxWork = 2 ** 29;

export class RunBudget {
  #work = 0;
  #bytes = 0;

  /** What was spent so far. */
  get work(): number {
    return this.#work;
  }

  /** @throws AppError MODEL_TOO_COSTLY once the run has used up its work */
  spend(work: number): void {
    this.#work += work;
    if (this.#work > maxWork) throw tooCostly(`a run takes more than ${maxWork} operations for one batch of rows`);
  }

  /** @throws AppError MODEL_TOO_COSTLY where the values that are alive take more than a run may have */
  hold(tensor: Tensor): void {
    this.#bytes += bytesOf(tensor);
    if (this.#bytes > maxLiveBytes)
      throw tooCostly(`a run takes more than ${maxLiveBytes / 2 ** 20} MiB for one batch of rows`);
  }

  release(tensor: Tensor): void {
    this.#bytes -= bytesOf(tensor);
  }
}

function bytesOf(tensor: Tensor): number {
  if (tensor.type === "string") return tensor.data.length * pointerBytes;
  const own = tensor.data.byteLength;
  return tensor.type === "sparse" ? own + tensor.starts.byteLength + tensor.columns.byteLength : own;
}

const pointerBytes = 8;
