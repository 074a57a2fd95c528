/** Delays that double from `firstMs` to `maxMs`, each cut by up to half at random so that clients do not come back together. */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  #failures = 0;

  constructor(limits: { firstMs: number; maxMs: number }) {
    this.#firstMs = limits.firstMs;
    this.#maxMs = limits.maxMs;
  }

  get failures(): number {
    return this.#failures;
  }

  nextMs(): number {
    const grown = Math.min(this.#firstMs * 2 ** Math.min(this.#failures, 30), this.#maxMs);
    this.#failures += 1;
    return grown * (1 - Math.random() / 2);
  }

  reset(): void {
    this.#failures = 0;
  }
}
