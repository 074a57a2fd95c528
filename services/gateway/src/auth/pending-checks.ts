import type { Caller } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import { addressBlock } from "../connections/address-block.js";
import { KeyedCounts } from "../rate/keyed-counts.js";

/** A check takes milliseconds, or as long as a provider or a service takes to answer. */
const retryAfterMs = 1000;

/**
 * Checks of new credentials that run at the same time: one for each credential, so many in all, and of one address (of IPv6
 * one /64) no more than are left for the others. So one address has half of them at most, nine have a tenth each and leave a
 * tenth, and an address that has none is let in until all are taken.
 */
export class PendingChecks {
  readonly #max: number;
  readonly #byDigest = new Map<string, Promise<Caller>>();
  readonly #byBlock = new KeyedCounts();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#byDigest.size;
  }

  /**
   * Joins the check of the same credential, or starts one. Errors: those of the check; LimitExceeded when the address has
   * its share, Unavailable when all are taken by others.
   */
  run(digest: string, address: string, check: () => Promise<Caller>): Promise<Caller> {
    const running = this.#byDigest.get(digest);
    if (running !== undefined) return running;
    const block = addressBlock(address);
    this.#refuseBeyondShare(this.#byBlock.of(block));
    this.#byBlock.add(block);
    const started = check().finally(() => {
      this.#byDigest.delete(digest);
      this.#byBlock.remove(block);
    });
    this.#byDigest.set(digest, started);
    return started;
  }

  #refuseBeyondShare(ofAddress: number): void {
    const left = this.#max - this.#byDigest.size;
    if (ofAddress < left) return;
    const options = { reason: "CREDENTIALS_BUSY", retryAfterMs };
    if (ofAddress > 0) throw new DomainError("LimitExceeded", "too many new keys at once from this address", options);
    throw new DomainError("Unavailable", "too many new keys at once", options);
  }
}
