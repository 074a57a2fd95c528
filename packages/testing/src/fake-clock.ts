/** A clock that stands still until a test moves it. Fits `Clock` of @flovyn/domain. Epoch milliseconds. */
export class FakeClock {
  #now: number;

  constructor(now: number = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  set(now: number): void {
    this.#now = now;
  }
}
