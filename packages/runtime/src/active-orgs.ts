/** An org counts as one that calls for so long after its last call: workers poll and report with pauses. */
const activeMs = 2000;
const sweepMs = 500;

/** Which orgs call at the moment: whether one calls alone decides how much is done at once. */
export class ActiveOrgs {
  /** Monotonic milliseconds. */
  readonly #now: () => number;
  readonly #lastCallMs = new Map<string, number>();
  #sweptAtMs = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether more than one org calls. */
  get several(): boolean {
    return this.#lastCallMs.size > 1;
  }

  /** The org makes a call. True when others were forgotten, which have not called for a while. */
  note(orgId: string): boolean {
    const nowMs = this.#now();
    this.#lastCallMs.set(orgId, nowMs);
    if (this.#lastCallMs.size === 1 || nowMs - this.#sweptAtMs <= sweepMs) return false;
    this.#sweptAtMs = nowMs;
    const before = this.#lastCallMs.size;
    for (const [other, lastCallMs] of this.#lastCallMs) {
      if (lastCallMs < nowMs - activeMs) this.#lastCallMs.delete(other);
    }
    return this.#lastCallMs.size < before;
  }
}
