/**
 * Runs models beside the program that asks, so that neither a hostile model nor a large body holds that up or ends it.
 *
 * A model of ours answers small bodies in a thread and large ones in a process, and what costs a fraction of a millisecond at
 * once; a model that others wrote has a process of its own for everything. Processes have a limit of memory and yield to whoever else wants the processor.
 * @module
 */
import { totalmem } from "node:os";
import { AppError } from "@mintmark/errors";
import { jsonValues } from "@mintmark/http-edge/json-values";
import type { Signature } from "@mintmark/model-package/signature";
import { startHere } from "./here-host.ts";
import { Lane, type LaneLimits, type ModelSource } from "./lane.ts";
import type { Pieces, ScoringBody } from "./messages.ts";
import { startProcess } from "./process-host.ts";
import { startThread } from "./thread-host.ts";

export interface RuntimeLimits {
  /** Of each process, in bytes. */
  readonly memoryBytes: number;
  /** How long a prediction, or loading a model, may take. */
  readonly seconds: number;
  /** How many values a body may have. */
  readonly values: number;
  /** How many tasks may wait for one thread or process. */
  readonly waiting: number;
  /** How many models that others wrote have a process at the same time. */
  readonly foreignProcesses: number;
}

const mebibyte = 2 ** 20;

/** A process may have an eighth of the machine's memory, within bounds. */
export const defaultRuntimeLimits: RuntimeLimits = {
  memoryBytes: Math.min(1_024 * mebibyte, Math.max(256 * mebibyte, memoryOfMachine() / 8)),
  seconds: 60,
  values: 4_000_000,
  waiting: 256,
  foreignProcesses: 2,
};

function memoryOfMachine(): number {
  // 0 where no container limits it, and more than there is where one does so in name only.
  return Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem());
}

/** Bodies up to this are answered in the thread: what they can cost is bounded by it. */
export const quickBytes = 64 * 1024;

/** Of a model that this thread loads, in a few milliseconds. */
const lightModelBytes = 256 * 1024;
/** Of a body that this thread reads. */
const lightBytes = 2 * 1024;
/** For all rows of such a body together: some tenths of a millisecond. */
const lightWork = 100_000;

/** @param maxRows there are no more rows than values */
function isLightBody({ pieces, type }: ScoringBody, maxRows: number): boolean {
  const [only, ...more] = pieces;
  if (type !== "json" || only === undefined || more.length > 0 || only.length > lightBytes) return false;
  return jsonValues(only, maxRows) <= maxRows;
}

export interface RunnableModel extends ModelSource {
  /** Whether it is known that Mintmark wrote it. */
  readonly isOurs: boolean;
}

export interface LoadedModel {
  readonly signature: Signature;
  /**
   * The answer to a body of the scoring protocol, as JSON.
   * @throws ScoringError, AppError as reading and predicting do; MODEL_RUNS_BUSY, MODEL_RUN_TOO_LARGE, MODEL_RUN_TOO_LONG,
   * MODEL_RUN_LOST
   */
  readonly score: (body: ScoringBody) => Promise<Pieces>;
  /** Gives its memory back; another body loads it again. */
  readonly unload: () => void;
}

export interface ModelRuntime {
  /** @throws AppError as the source does, MODEL_FILE_INVALID, OPERATOR_UNSUPPORTED, MODEL_TOO_COSTLY, MODEL_RUNS_BUSY */
  readonly load: (model: RunnableModel) => Promise<LoadedModel>;
  /** How many processes of models there are now. */
  readonly processes: () => number;
  readonly close: () => void;
}

export function openModelRuntime(limits: RuntimeLimits = defaultRuntimeLimits): ModelRuntime {
  const process: LaneLimits = { ...limits, idleSeconds };
  const here = new Lane(startHere, limits);
  const quick = new Lane(startThread, limits);
  const bulk = new Lane(startProcess(limits.memoryBytes), process);
  /** By model; the least recently used first. */
  const foreign = new Map<string, Lane>();

  const foreignLane = (key: string): Lane => {
    const known = foreign.get(key);
    const lane = known ?? new Lane(startProcess(limits.memoryBytes), process);
    foreign.delete(key);
    if (known === undefined && foreign.size >= limits.foreignProcesses) makeRoom();
    foreign.set(key, lane);
    return lane;
  };
  const makeRoom = () => {
    const [key, lane] = foreign.entries().find(([, { isIdle }]) => isIdle) ?? [];
    if (lane === undefined) throw new AppError("MODEL_RUNS_BUSY", { waiting: foreign.size });
    foreign.delete(key!);
    lane.close();
  };

  return {
    load: async (model) => {
      const first = model.isOurs ? quick : foreignLane(model.key);
      const { signature, bytes, rowWork } = await first.load(model);
      const isLight = model.isOurs && bytes <= lightModelBytes;
      const laneFor = (body: ScoringBody): Lane => {
        if (!model.isOurs) return foreignLane(model.key);
        if (isLight && isLightBody(body, lightWork / rowWork)) return here;
        return body.pieces.reduce((sum, piece) => sum + piece.length, 0) <= quickBytes ? quick : bulk;
      };
      return {
        signature,
        score: (body) => laneFor(body).score(model, body),
        unload: () => {
          // One that is at work goes when it has been idle for a while.
          if (foreign.get(model.key)?.isIdle) foreign.get(model.key)?.close();
          foreign.delete(model.key);
          here.unload(model.key);
          quick.unload(model.key);
          bulk.unload(model.key);
        },
      };
    },
    processes: () => [bulk, ...foreign.values()].filter(({ isStarted }) => isStarted).length,
    close: () => {
      for (const lane of [here, quick, bulk, ...foreign.values()]) lane.close();
    },
  };
}

/** A process that nobody needs gives its memory back. */
const idleSeconds = 120;
