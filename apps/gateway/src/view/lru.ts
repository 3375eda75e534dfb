/**
 * A map of bounded size that forgets what was not used for longest.
 * @module
 */
export class Lru<K, V> {
  readonly #entries = new Map<K, { readonly value: V; readonly weight: number }>();
  readonly #capacity: number;
  readonly #forgotten: (key: K, value: V) => void;
  readonly #weigh: (value: V) => number;
  #weight = 0;

  /**
   * @param capacity what all values together may weigh
   * @param forgotten told of each entry for which there is no room, or no longer
   * @param weigh 1 a value if not given; a value that is too heavy by itself is forgotten at once, and pushes no other out
   */
  constructor(
    capacity: number,
    forgotten: (key: K, value: V) => void = () => {},
    weigh: (value: V) => number = () => 1,
  ) {
    this.#capacity = capacity;
    this.#forgotten = forgotten;
    this.#weigh = weigh;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Reads without counting as a use. */
  peek(key: K): V | undefined {
    return this.#entries.get(key)?.value;
  }

  set(key: K, value: V): void {
    this.delete(key);
    const weight = this.#weigh(value);
    if (weight > this.#capacity) {
      this.#forgotten(key, value);
      return;
    }
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    while (this.#weight > this.#capacity) {
      const [oldest, gone] = this.#entries.entries().next().value!;
      this.delete(oldest);
      this.#forgotten(oldest, gone.value);
    }
  }

  delete(key: K): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#weight -= entry.weight;
  }

  clear(): void {
    this.#entries.clear();
    this.#weight = 0;
  }

  *entries(): IterableIterator<[K, V]> {
    for (const [key, { value }] of this.#entries) yield [key, value];
  }
}
