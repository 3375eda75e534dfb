/**
 * Columns that grow while data is read.
 * @module
 */
import { isMissingText } from "@mintmark/columns/missing";

/** Doubles; what is missing becomes NaN. */
export class Numbers {
  readonly #missing: ReadonlySet<number>;
  #values: Float64Array;
  #length = 0;

  /** @param expected how many there will be: where that is right, the column is in memory once, and never moves */
  constructor(missing: ReadonlySet<number>, expected = 0) {
    this.#missing = missing;
    this.#values = new Float64Array(expected > 0 ? expected : 1_024);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) this.#grow();
    this.#values[this.#length++] = this.#missing.size > 0 && this.#missing.has(value) ? Number.NaN : value;
  }

  /** The column; nothing may be added any more. */
  finish(): Float64Array {
    return this.#length === this.#values.length ? this.#values : this.#values.slice(0, this.#length);
  }

  #grow(): void {
    const grown = new Float64Array(2 * this.#values.length);
    grown.set(this.#values);
    this.#values = grown;
  }
}

/** Texts; what is missing becomes "". A value that many rows have is one string for all of them. */
export class Texts {
  readonly #values: string[];
  #length = 0;
  readonly #seen = new Map<string, string>();
  readonly #missing: ReadonlySet<string>;
  /** Hears of each value when it is new; of one that is not remembered, each time. */
  readonly #onNew: (value: string, row: number) => void;

  constructor(missing: ReadonlySet<string>, expected = 0, onNew: (value: string, row: number) => void = () => {}) {
    this.#missing = missing;
    this.#onNew = onNew;
    // Larger ones would be made as maps of positions.
    this.#values = new Array<string>(Math.min(expected, mostPlaces));
  }

  get length(): number {
    return this.#length;
  }

  push(value: string | null): void {
    const taken = value === null ? "" : (this.#seen.get(value) ?? this.#take(value));
    this.#values[this.#length++] = taken;
  }

  /** The column; nothing may be added any more. */
  finish(): readonly string[] {
    this.#values.length = this.#length;
    return this.#values;
  }

  #take(value: string): string {
    const taken = isMissingText(value, this.#missing) ? "" : value;
    if (taken !== "") this.#onNew(taken, this.#length);
    if (this.#seen.size < mostRemembered) this.#seen.set(value, taken);
    return taken;
  }
}

const mostRemembered = 10_000;
const mostPlaces = 1 << 25;
