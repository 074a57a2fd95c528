/** Brings together two sides that meet once under a key, whichever comes first. */
export class Meetings<Value = void> {
  readonly #waiting = new Map<string, (value: Value) => void>();
  readonly #early = new Map<string, Value>();
  readonly #settled = new Set<string>();
  readonly #what: string;

  /** `what` names a key in errors, as `completion of workflow`. */
  constructor(what: string) {
    this.#what = what;
  }

  /** One waiter for each key. */
  wait(key: string): Promise<Value> {
    const early = this.#early.get(key);
    if (early !== undefined || this.#early.has(key)) {
      this.#early.delete(key);
      return Promise.resolve(early as Value);
    }
    return new Promise((resolve) => this.#waiting.set(key, resolve));
  }

  /** Throws when the other side has been there before. */
  settle(key: string, value: Value): void {
    if (this.#settled.has(key)) throw new Error(`${this.#what} ${key} came twice`);
    this.#settled.add(key);
    const resolve = this.#waiting.get(key);
    if (resolve === undefined) {
      this.#early.set(key, value);
    } else {
      this.#waiting.delete(key);
      resolve(value);
    }
  }

  has(key: string): boolean {
    return this.#settled.has(key);
  }
}
