import type { Caller } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";

type End = (why: DomainError) => void;

/**
 * Calls that stay open, by the caller whose credential may end before them. Callers whose credential never ends are not
 * kept here, so that keys of the configuration cost nothing.
 */
export class RevocableCalls {
  /** Milliseconds since 1970; infinite where only a revocation ends the credential. */
  readonly #expiresAtMs = new WeakMap<Caller, number>();
  readonly #open = new Map<Caller, Set<End>>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The credential of this caller may end, at the latest then. */
  mayEnd(caller: Caller, expiresAtMs = Number.POSITIVE_INFINITY): void {
    this.#expiresAtMs.set(caller, expiresAtMs);
  }

  /** Calls `end` when the credential ends; the returned function takes that back. */
  watch(caller: Caller, end: End): () => void {
    const expiresAtMs = this.#expiresAtMs.get(caller);
    if (expiresAtMs === undefined) return nothing;
    if (expiresAtMs <= this.#now()) {
      // It ended between the check and now.
      queueMicrotask(() => end(credentialEnded()));
      return nothing;
    }
    let ends = this.#open.get(caller);
    if (ends === undefined) {
      ends = new Set();
      this.#open.set(caller, ends);
    }
    ends.add(end);
    return () => {
      if (ends.delete(end) && ends.size === 0 && this.#open.get(caller) === ends) this.#open.delete(caller);
    };
  }

  /** The credential of the caller has ended: so does all it has open. */
  end(caller: Caller, why: DomainError = credentialEnded()): void {
    const ends = this.#open.get(caller);
    this.#open.delete(caller);
    if (this.#expiresAtMs.has(caller)) this.#expiresAtMs.set(caller, 0);
    for (const end of ends ?? []) end(why);
  }

  /** Ends what credentials that have expired hold open. To be called every few seconds. */
  sweep(): void {
    const now = this.#now();
    for (const caller of [...this.#open.keys()]) {
      if ((this.#expiresAtMs.get(caller) ?? 0) <= now) this.end(caller);
    }
  }
}

/** What open calls end with. */
export function credentialEnded(): DomainError {
  return new DomainError("Unauthenticated", "the key is not valid any more", { reason: "CREDENTIAL_ENDED" });
}

function nothing(): void {}
