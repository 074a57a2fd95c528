import type { Caller } from "@flovyn/bus";
import type { Budget } from "../budgets/budget.js";
import { addressBlock } from "../connections/address-block.js";

/** Checks of new credentials that run at the same time: one for each credential, each counted for its address. */
export class PendingChecks {
  readonly #budget: Budget;
  readonly #byDigest = new Map<string, Promise<Caller>>();

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  get size(): number {
    return this.#byDigest.size;
  }

  /** Joins the check of the same credential, or starts one. Errors: those of the check; LimitExceeded. */
  run(digest: string, address: string, check: () => Promise<Caller>): Promise<Caller> {
    const running = this.#byDigest.get(digest);
    if (running !== undefined) return running;
    const release = this.#budget.hold({ address: addressBlock(address) });
    const started = check().finally(() => {
      this.#byDigest.delete(digest);
      release();
    });
    this.#byDigest.set(digest, started);
    return started;
  }
}
