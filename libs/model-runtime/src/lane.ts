/**
 * A way into one host: one task at a time, some that wait, none that waits for ever. A host that ends is started again by
 * the next task, and the models that it had are loaded again when they are asked for.
 * @module
 */
import { AppError, type Detail, type Reason } from "@mintmark/errors";
import type { Ended, Host, StartHost } from "./host.ts";
import type { Loaded, Outcome, Pieces, ScoringBody, Task } from "./messages.ts";
import { ScoringError } from "./scoring/scoring-error.ts";

export interface LaneLimits {
  /** How long one task may take, in seconds. */
  readonly seconds: number;
  /** How many tasks may wait. */
  readonly waiting: number;
  /** How many values a body may have. */
  readonly values: number;
  /** What its host may use, for messages. */
  readonly memoryBytes: number;
  /** After how many seconds without a task the host ends; never if absent. */
  readonly idleSeconds?: number;
}

export interface ModelFiles {
  /** `model.onnx` */
  readonly onnx: Pieces;
  /** `MLmodel` */
  readonly mlmodel: Uint8Array;
}

/** A model that can be loaded, as often as it takes. */
export interface ModelSource {
  /** By which it is told from others. */
  readonly key: string;
  readonly files: () => Promise<ModelFiles>;
}

export class Lane {
  readonly #start: StartHost;
  readonly #limits: LaneLimits;
  readonly #loads = new Map<string, Promise<Loaded>>();
  #host: Host | undefined;
  #pending: PromiseWithResolvers<Outcome> | undefined;
  #idle: NodeJS.Timeout | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(start: StartHost, limits: LaneLimits) {
    this.#start = start;
    this.#limits = limits;
  }

  /**
   * Loads the model if it is not there.
   * @throws AppError as the source does, MODEL_FILE_INVALID, OPERATOR_UNSUPPORTED, MODEL_TOO_COSTLY
   */
  load(source: ModelSource): Promise<Loaded> {
    const known = this.#loads.get(source.key);
    if (known !== undefined) return known;
    const loading = this.#load(source);
    this.#loads.set(source.key, loading);
    loading.catch(() => {
      if (this.#loads.get(source.key) === loading) this.#loads.delete(source.key);
    });
    return loading;
  }

  /**
   * The answer to a body, as JSON.
   * @throws ScoringError, AppError as the prediction does; MODEL_RUNS_BUSY, MODEL_RUN_TOO_LARGE, MODEL_RUN_TOO_LONG
   */
  async score(source: ModelSource, body: ScoringBody): Promise<Pieces> {
    const bytes = body.pieces.reduce((sum, piece) => sum + piece.length, 0);
    for (let attempt = 1; ; attempt++) {
      await this.load(source);
      const outcome = await this.#inTurn(async () => {
        // Its host may have ended while this waited.
        if (!this.#loads.has(source.key)) return undefined;
        return this.#call({ type: "score", key: source.key, body, maxValues: this.#limits.values }, (ended) => {
          const { seconds, memoryBytes } = this.#limits;
          switch (ended.cause) {
            case "late":
              return new AppError("MODEL_RUN_TOO_LONG", { seconds, bytes });
            case "memory":
              return new AppError("MODEL_RUN_TOO_LARGE", { mebibytes: memoryBytes / 2 ** 20, bytes });
            default:
              return new AppError("MODEL_RUN_LOST", { cause: ended.how });
          }
        });
      });
      if (outcome?.type === "scored") return outcome.pieces;
      if (outcome !== undefined) throw failureOf(outcome);
      if (attempt === attempts) throw new AppError("MODEL_RUNS_BUSY", { waiting: this.#waiting });
    }
  }

  unload(key: string): void {
    if (this.#loads.delete(key)) void this.#host?.send({ type: "unload", key });
  }

  /** Whether it has a host now. */
  get isStarted(): boolean {
    return this.#host !== undefined;
  }

  /** Whether nothing is under way or waits. */
  get isIdle(): boolean {
    return this.#waiting === 0;
  }

  /** Ends its host; what is under way fails, and another task starts a new one. */
  close(): void {
    clearTimeout(this.#idle);
    const host = this.#host;
    this.#host = undefined;
    this.#loads.clear();
    this.#pending?.reject(new HostEnded({ cause: "other", how: "it was closed" }));
    host?.kill();
  }

  async #load(source: ModelSource): Promise<Loaded> {
    const { onnx, mlmodel } = await source.files();
    const outcome = await this.#inTurn(() =>
      this.#call({ type: "load", key: source.key, pieces: onnx, mlmodel }, (ended) => {
        const { seconds, memoryBytes } = this.#limits;
        switch (ended.cause) {
          case "late":
            return new AppError("MODEL_TOO_COSTLY", { cost: `loading it takes longer than ${seconds} s` });
          case "memory":
            return new AppError("MODEL_TOO_COSTLY", {
              cost: `loading it takes more than ${memoryBytes / 2 ** 20} MiB of memory`,
            });
          default:
            return new AppError("MODEL_RUN_LOST", { cause: ended.how });
        }
      }),
    );
    if (outcome.type === "loaded") return outcome.model;
    throw failureOf(outcome);
  }

  /** One after the other. @throws AppError MODEL_RUNS_BUSY if too many wait already */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#limits.waiting) throw new AppError("MODEL_RUNS_BUSY", { waiting: this.#waiting });
    this.#waiting++;
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    try {
      await before;
      return await work();
    } finally {
      this.#waiting--;
      resolve();
    }
  }

  /** To be called in turn. @param failed what it is called if the host ends over it */
  async #call(task: Task, failed: (ended: Ended | { readonly cause: "late" }) => Error): Promise<Outcome> {
    clearTimeout(this.#idle);
    this.#host ??= this.#started();
    const host = this.#host;
    const pending = Promise.withResolvers<Outcome>();
    this.#pending = pending;
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      host.kill();
    }, this.#limits.seconds * 1_000);
    try {
      await Promise.race([host.send(task), pending.promise]);
      return await pending.promise;
    } catch (ended) {
      throw failed(isLate ? { cause: "late" } : (ended as HostEnded).how);
    } finally {
      clearTimeout(late);
      if (this.#pending === pending) this.#pending = undefined;
      const { idleSeconds } = this.#limits;
      if (idleSeconds !== undefined && this.#host === host)
        this.#idle = setTimeout(() => this.close(), idleSeconds * 1_000).unref();
    }
  }

  #started(): Host {
    const host = this.#start({
      outcome: (outcome) => {
        if (this.#host === host) this.#pending?.resolve(outcome);
      },
      ended: (how) => {
        if (this.#host !== host) return;
        this.#host = undefined;
        this.#loads.clear();
        this.#pending?.reject(new HostEnded(how));
      },
    });
    return host;
  }
}

/** How often a model is loaded again for one body, where others end its host meanwhile. */
const attempts = 3;

class HostEnded extends Error {
  readonly how: Ended;

  constructor(how: Ended) {
    super("the host of the model has ended");
    this.how = how;
  }
}

function failureOf(outcome: Outcome): Error {
  switch (outcome.type) {
    case "refused":
      return new AppError(outcome.reason, outcome.detail as Detail<Reason>);
    case "unreadable":
      return new ScoringError(outcome.code, outcome.message);
    case "broken":
      return new Error(`a model run broke: ${outcome.problem}`);
    default:
      return new Error(`a model run answered '${outcome.type}' to something else`);
  }
}
