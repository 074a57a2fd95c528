import { setImmediate as nextTurn } from "node:timers/promises";
import type { Caller } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import type { Logger } from "@flovyn/runtime";
import type { CallFacts } from "../audit/auditor.js";
import type { Budget } from "../budgets/budget.js";
import { holderOf } from "../budgets/budget-holder.js";

/** Calls that are asked about in one turn: a decision that is not known takes about a millisecond. */
const checkedAtOnce = 20;

/** Streams and awaited results, and polls that wait: each has a budget of its own. */
export type HeldKind = "streams" | "polls";

/** A call that stays open. */
export interface HeldCall {
  caller: Caller;
  kind: HeldKind;
  /** Asks the policies once more. Errors: Forbidden. */
  check: () => void | Promise<void>;
  /** What the audit log says of it when policies end it. */
  facts: () => CallFacts;
  /** The call may not go on. Not called after it was released. */
  end: (why: DomainError) => void;
}

export interface HeldCallsOptions {
  /** Milliseconds since 1970. */
  now: () => number;
  budgets: Readonly<Record<HeldKind, Budget>>;
  /** Called for each call that policies have ended. */
  denied: (call: CallFacts, why: DomainError) => void;
  log: Logger;
}

/**
 * Calls that stay open after their caller was let in. They end when its credential ends, or when policies change so that it
 * would not be let in now; and no principal or org holds all that a gateway can hold.
 */
export class HeldCalls {
  readonly #options: HeldCallsOptions;
  /** Milliseconds since 1970; infinite where only a revocation ends the credential, missing where nothing does. */
  readonly #expiresAtMs = new WeakMap<Caller, number>();
  readonly #open = new Map<Caller, Set<HeldCall>>();

  constructor(options: HeldCallsOptions) {
    this.#options = options;
  }

  /** The credential of this caller may end, at the latest then. */
  mayEnd(caller: Caller, expiresAtMs = Number.POSITIVE_INFINITY): void {
    this.#expiresAtMs.set(caller, expiresAtMs);
  }

  /** Looks after a call until the returned function is called. Errors: LimitExceeded. */
  hold(call: HeldCall): () => void {
    const { caller, kind } = call;
    this.#options.budgets[kind].take(holderOf(caller));
    let calls = this.#open.get(caller);
    if (calls === undefined) {
      calls = new Set();
      this.#open.set(caller, calls);
    }
    calls.add(call);
    // It ended between the check and now.
    if ((this.#expiresAtMs.get(caller) ?? Number.POSITIVE_INFINITY) <= this.#options.now()) {
      queueMicrotask(() => this.#end(call, credentialEnded()));
    }
    return () => void this.#release(call);
  }

  /** The credential of the caller has ended: so does all it has open. */
  end(caller: Caller, why: DomainError = credentialEnded()): void {
    if (this.#expiresAtMs.has(caller)) this.#expiresAtMs.set(caller, 0);
    for (const call of [...(this.#open.get(caller) ?? [])]) this.#end(call, why);
  }

  /** Ends what credentials that have expired hold open. To be called every few seconds. */
  sweep(): void {
    const now = this.#options.now();
    for (const caller of [...this.#open.keys()]) {
      if ((this.#expiresAtMs.get(caller) ?? Number.POSITIVE_INFINITY) <= now) this.end(caller);
    }
  }

  /**
   * Policies have changed: ends what they do not allow any more. A check that fails allows nothing. Others have their turn
   * in between, because new policies know no decision yet.
   */
  async recheck(): Promise<void> {
    const open = [...this.#open.values()].flatMap((calls) => [...calls]);
    for (let from = 0; from < open.length; from += checkedAtOnce) {
      await Promise.all(open.slice(from, from + checkedAtOnce).map((call) => this.#check(call)));
      await nextTurn();
    }
  }

  async #check(call: HeldCall): Promise<void> {
    if (this.#open.get(call.caller)?.has(call) !== true) return;
    try {
      await call.check();
    } catch {
      this.#deny(call, notAllowedNow());
    }
  }

  #deny(call: HeldCall, why: DomainError): void {
    let facts: CallFacts | undefined;
    try {
      // Before the end, while the connection still has an address.
      facts = call.facts();
    } catch (err) {
      // It ends all the same, and so do the others.
      this.#options.log.error({ err }, "a call that policies end cannot be told to the audit log");
    }
    if (this.#end(call, why) && facts !== undefined) this.#options.denied(facts, why);
  }

  /** False when it had ended before. */
  #end(call: HeldCall, why: DomainError): boolean {
    if (!this.#release(call)) return false;
    try {
      call.end(why);
    } catch (err) {
      // The others must end all the same.
      this.#options.log.error({ err }, "a call that may not go on could not be ended");
    }
    return true;
  }

  /** False when it was released before. */
  #release(call: HeldCall): boolean {
    const { caller, kind } = call;
    const calls = this.#open.get(caller);
    if (calls?.delete(call) !== true) return false;
    if (calls.size === 0) this.#open.delete(caller);
    this.#options.budgets[kind].give(holderOf(caller));
    return true;
  }
}

/** What open calls end with. */
export function credentialEnded(): DomainError {
  return new DomainError("Unauthenticated", "the key is not valid any more", { reason: "CREDENTIAL_ENDED" });
}

function notAllowedNow(): DomainError {
  return new DomainError("Forbidden", "the key does not allow this any more", { reason: "NOT_ALLOWED" });
}
