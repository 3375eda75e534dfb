/**
 * Columns that grow while data is read.
 * @module
 */
import { isMissingText } from "@mintmark/columns/missing";

/**
 * Doubles; what is missing becomes NaN. In pieces: growing copies nothing, and no more than one column is in memory twice
 * at the end.
 */
export class Numbers {
  readonly #missing: ReadonlySet<number>;
  readonly #full: Float64Array[] = [];
  #piece = new Float64Array(pieceLength);
  #used = 0;

  constructor(missing: ReadonlySet<number>) {
    this.#missing = missing;
  }

  get length(): number {
    return this.#full.length * pieceLength + this.#used;
  }

  push(value: number): void {
    if (this.#used === pieceLength) this.#next();
    this.#piece[this.#used++] = this.#missing.size > 0 && this.#missing.has(value) ? Number.NaN : value;
  }

  /** The column; the pieces are given up. */
  finish(): Float64Array {
    const values = new Float64Array(this.length);
    let at = 0;
    for (let piece = this.#full.shift(); piece !== undefined; piece = this.#full.shift()) {
      values.set(piece, at);
      at += piece.length;
    }
    values.set(this.#piece.subarray(0, this.#used), at);
    this.#piece = new Float64Array(0);
    return values;
  }

  #next(): void {
    this.#full.push(this.#piece);
    this.#piece = new Float64Array(pieceLength);
    this.#used = 0;
  }
}

const pieceLength = 1 << 15;

/** Texts; what is missing becomes "". A value that many rows have is one string for all of them. */
export class Texts {
  readonly values: string[] = [];
  readonly #seen = new Map<string, string>();
  readonly #missing: ReadonlySet<string>;
  /** Hears of each value when it is new; of one that is not remembered, each time. */
  readonly #onNew: (value: string, row: number) => void;

  constructor(missing: ReadonlySet<string>, onNew: (value: string, row: number) => void = () => {}) {
    this.#missing = missing;
    this.#onNew = onNew;
  }

  push(value: string | null): void {
    if (value === null) {
      this.values.push("");
      return;
    }
    const seen = this.#seen.get(value);
    this.values.push(seen ?? this.#take(value));
  }

  #take(value: string): string {
    const taken = isMissingText(value, this.#missing) ? "" : value;
    if (taken !== "") this.#onNew(taken, this.values.length);
    if (this.#seen.size < mostRemembered) this.#seen.set(value, taken);
    return taken;
  }
}

const mostRemembered = 10_000;
