/**
 * Columns that grow chunk by chunk while a result is read.
 * @module
 */

/** What a chunk of a result gives, value by value. */
interface Values {
  getItem(index: number): unknown;
}

/** Doubles; NULL becomes NaN. */
export class NumberValues {
  #values = new Float64Array(2048);
  #length = 0;

  append(items: Values, count: number): void {
    this.#reserve(this.#length + count);
    for (let index = 0; index < count; index++) {
      const item = items.getItem(index);
      this.#values[this.#length++] = typeof item === "number" ? item : Number.NaN;
    }
  }

  finish(): Float64Array {
    return this.#values.slice(0, this.#length);
  }

  #reserve(length: number): void {
    if (length <= this.#values.length) return;
    const grown = new Float64Array(Math.max(length, this.#values.length * 2));
    grown.set(this.#values);
    this.#values = grown;
  }
}

/** Strings; NULL becomes "". */
export class TextValues {
  readonly #values: string[] = [];
  // A category appears in many rows: one string for all of them, not one a row.
  readonly #seen = new Map<string, string>();

  append(items: Values, count: number): void {
    for (let index = 0; index < count; index++) {
      const item = items.getItem(index);
      this.#values.push(typeof item === "string" ? this.#intern(item) : "");
    }
  }

  finish(): readonly string[] {
    return this.#values;
  }

  #intern(value: string): string {
    const seen = this.#seen.get(value);
    if (seen !== undefined) return seen;
    if (this.#seen.size < 10_000) this.#seen.set(value, value);
    return value;
  }
}
