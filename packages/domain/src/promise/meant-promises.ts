import type { KnownPromise } from "../workflow/submit-effects.js";

interface Meant {
  /** Oldest first. */
  readonly promises: KnownPromise[];
  /** Those before this place are settled. */
  settled: number;
}

/**
 * Which promises of a workflow an id or a name means while one submission opens and resolves them. Names may repeat, so
 * each name keeps the place up to which its promises are settled: many resolutions of one name look at each promise once.
 */
export class MeantPromises {
  readonly #known: (idOrName: string) => readonly KnownPromise[];
  readonly #meant = new Map<string, Meant>();
  readonly #resolved = new Set<string>();

  /** `known` are the promises from before the submission, oldest first. */
  constructor(known: (idOrName: string) => readonly KnownPromise[]) {
    this.#known = known;
  }

  /** Takes in a promise that the submission opens. */
  open(id: string, name: string): void {
    const promise: KnownPromise = { id, name, status: "OPEN" };
    this.#of(id).promises.push(promise);
    if (name !== id) this.#of(name).promises.push(promise);
  }

  has(idOrName: string): boolean {
    return this.#of(idOrName).promises.length > 0;
  }

  /** Takes the oldest open one as resolved; undefined when all are settled, or when there is none. */
  resolve(idOrName: string): KnownPromise | undefined {
    const meant = this.#of(idOrName);
    for (; meant.settled < meant.promises.length; meant.settled++) {
      const promise = meant.promises[meant.settled] as KnownPromise;
      if (promise.status !== "OPEN" || this.#resolved.has(promise.id)) continue;
      this.#resolved.add(promise.id);
      return promise;
    }
    return undefined;
  }

  #of(idOrName: string): Meant {
    let meant = this.#meant.get(idOrName);
    if (meant === undefined) {
      meant = { promises: [...this.#known(idOrName)], settled: 0 };
      this.#meant.set(idOrName, meant);
    }
    return meant;
  }
}
