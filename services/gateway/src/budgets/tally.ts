/** What one connection, principal, org or address has taken of one budget. */
export class Tally {
  used = 0;
  /** It is no longer found by its key, and must not be counted in. */
  isForgotten = false;
}

/** Where a budget counts for one holder; undefined for a scope that it does not limit. */
export interface Tallies {
  connection: Tally | undefined;
  principal: Tally | undefined;
  /** Of its org or address. */
  group: Tally | undefined;
}

const sweptFrom = 1024;

/**
 * Tallies by key. Those at zero are kept for the next call, until there are so many that a look at all of them is worth it:
 * a key that comes and goes costs one look-up, and forgotten keys take at most as much room as those in use.
 */
export class TallyMap {
  readonly #tallies = new Map<string, Tally>();
  #sweepAt = sweptFrom;

  /** What a key has taken. */
  used(key: string): number {
    return this.#tallies.get(key)?.used ?? 0;
  }

  of(key: string): Tally {
    const known = this.#tallies.get(key);
    if (known !== undefined) return known;
    if (this.#tallies.size >= this.#sweepAt) this.#sweep();
    const tally = new Tally();
    this.#tallies.set(key, tally);
    return tally;
  }

  /** What the key with the most has taken. */
  get largest(): number {
    let largest = 0;
    for (const { used } of this.#tallies.values()) if (used > largest) largest = used;
    return largest;
  }

  get size(): number {
    return this.#tallies.size;
  }

  #sweep(): void {
    for (const [key, tally] of this.#tallies) {
      if (tally.used > 0) continue;
      tally.isForgotten = true;
      this.#tallies.delete(key);
    }
    this.#sweepAt = Math.max(sweptFrom, this.#tallies.size * 2);
  }
}
