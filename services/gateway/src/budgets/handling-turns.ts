import type { ActiveOrgs } from "@flovyn/runtime";

/**
 * In which order calls that have arrived are handled. While one org calls alone, each is handled at once. While several
 * call, each turn of the event loop handles one call of each org: of many calls that one org sends together, those of
 * another that come after them wait for few.
 */
export class HandlingTurns {
  readonly #orgs: ActiveOrgs;
  readonly #waiting = new Map<string, (() => void)[]>();
  #isScheduled = false;

  constructor(orgs: ActiveOrgs) {
    this.#orgs = orgs;
  }

  /** Handles a call now or at its turn. `handle` must not throw. */
  run(orgId: string, handle: () => void): void {
    this.#orgs.note(orgId);
    const waiting = this.#waiting.get(orgId);
    if (waiting !== undefined) waiting.push(handle);
    else if (this.#orgs.several) this.#waiting.set(orgId, [handle]);
    else {
      handle();
      return;
    }
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#round());
  }

  #round(): void {
    this.#isScheduled = false;
    for (const [orgId, waiting] of [...this.#waiting]) {
      const handle = waiting.shift();
      if (waiting.length === 0) this.#waiting.delete(orgId);
      handle?.();
    }
    if (this.#waiting.size > 0) this.#schedule();
  }
}
