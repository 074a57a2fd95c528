import type { ActiveOrgs } from "@flovyn/runtime";

export interface CallInTurn {
  /** Must not throw. */
  handle(): void;
}

/**
 * In which order calls that have arrived are handled. While one org calls alone, each is handled at once. While several
 * call, each turn of the event loop handles one call of each org: of many calls that one org sends together, those of
 * another that come after them wait for few.
 */
export class HandlingTurns {
  readonly #orgs: ActiveOrgs;
  readonly #waiting = new Map<string, CallInTurn[]>();
  #isScheduled = false;

  constructor(orgs: ActiveOrgs) {
    this.#orgs = orgs;
  }

  /** Handles a call now or at its turn. */
  run(orgId: string, call: CallInTurn): void {
    this.#orgs.note(orgId);
    const waiting = this.#waiting.get(orgId);
    if (waiting !== undefined) waiting.push(call);
    else if (this.#orgs.several) this.#waiting.set(orgId, [call]);
    else {
      call.handle();
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
      const call = waiting.shift();
      if (waiting.length === 0) this.#waiting.delete(orgId);
      call?.handle();
    }
    if (this.#waiting.size > 0) this.#schedule();
  }
}
