/** Something that happens when its time comes, unless it is settled before. */
export interface Due {
  readonly atMs: number;
  isOpen(): boolean;
  fire(): void;
}

/** What is due, the earliest first; of two at the same time the one that was added first. */
export class DueQueue {
  readonly #entries: Due[] = [];

  add(due: Due): void {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.atMs ?? 0) <= due.atMs) low = middle + 1;
      else high = middle;
    }
    this.#entries.splice(low, 0, due);
  }

  /** The first that is still open. */
  first(): Due | undefined {
    while (this.#entries[0]?.isOpen() === false) this.#entries.shift();
    return this.#entries[0];
  }

  take(): Due | undefined {
    const first = this.first();
    this.#entries.shift();
    return first;
  }
}
