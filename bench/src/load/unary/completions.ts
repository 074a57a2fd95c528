/** Brings together the start of a workflow and its completion, whichever is heard of first. */
export class Completions {
  readonly #waiting = new Map<string, () => void>();
  readonly #early = new Set<string>();
  readonly #settled = new Set<string>();

  wait(id: string): Promise<void> {
    if (this.#early.delete(id)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  /** Throws when the workflow has completed before. */
  settle(id: string): void {
    if (this.#settled.has(id)) throw new Error(`workflow ${id} completed twice`);
    this.#settled.add(id);
    const resolve = this.#waiting.get(id);
    if (resolve === undefined) {
      this.#early.add(id);
    } else {
      this.#waiting.delete(id);
      resolve();
    }
  }
}
