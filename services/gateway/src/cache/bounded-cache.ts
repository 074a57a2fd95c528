export interface BoundedCacheOptions {
  entriesMax: number;
  now: () => number;
}

interface Entry<Value> {
  value: Value;
  expiresAtMs: number;
}

/**
 * Remembers answers for a while, and at most so many of them: the entry that was stored first makes room.
 * Reading does not prolong the life of an entry, so a stale answer is never older than its time to live.
 */
export class BoundedCache<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #entriesMax: number;
  readonly #now: () => number;

  constructor(options: BoundedCacheOptions) {
    this.#entriesMax = options.entriesMax;
    this.#now = options.now;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresAtMs > this.#now()) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  /** Whether there is an entry, also one that holds undefined. */
  has(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    if (entry.expiresAtMs > this.#now()) return true;
    this.#entries.delete(key);
    return false;
  }

  set(key: string, value: Value, ttlMs: number): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#entriesMax) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#entries.delete(oldest.value);
    }
    this.#entries.set(key, { value, expiresAtMs: this.#now() + ttlMs });
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
