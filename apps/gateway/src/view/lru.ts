/**
 * A map of bounded size that forgets what was not used for longest.
 * @module
 */
export class Lru<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #capacity: number;
  readonly #forgotten: (key: K, value: V) => void;
  readonly #weigh: (value: V) => number;
  #weight = 0;

  /**
   * @param capacity what all values together may weigh
   * @param forgotten told of each entry that had to go to make room
   * @param weigh 1 a value if not given; a value that is too heavy by itself is not kept
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
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  /** Reads without counting as a use. */
  peek(key: K): V | undefined {
    return this.#entries.get(key);
  }

  set(key: K, value: V): void {
    this.delete(key);
    this.#entries.set(key, value);
    this.#weight += this.#weigh(value);
    while (this.#weight > this.#capacity) {
      const [oldest, gone] = this.#entries.entries().next().value!;
      this.delete(oldest);
      this.#forgotten(oldest, gone);
    }
  }

  delete(key: K): void {
    const value = this.#entries.get(key);
    if (value === undefined) return;
    this.#entries.delete(key);
    this.#weight -= this.#weigh(value);
  }

  clear(): void {
    this.#entries.clear();
    this.#weight = 0;
  }

  entries(): MapIterator<[K, V]> {
    return this.#entries.entries();
  }
}
