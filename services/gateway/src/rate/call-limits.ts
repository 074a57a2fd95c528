import type { Caller } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import type { LimitsConfig, RateConfig } from "@flovyn/runtime";
import type { Authenticate, Credentials } from "../auth/authenticate.js";
import { principalKey } from "../budgets/budget-holder.js";
import { addressBlock } from "../connections/address-block.js";
import { limitedAddressesMax, limitedOrgsMax, limitedPrincipalsMax } from "../limits.js";
import { TokenBucket } from "./token-bucket.js";

export type LimitedBy = "org" | "principal" | "failures";

export interface CallLimitsOptions {
  config: LimitsConfig;
  /** Tier and quotas of an org as far as they are known; asks for them otherwise, for the next call. */
  orgRate: (orgId: string) => RateConfig | undefined;
  /** Monotonic milliseconds. */
  now: () => number;
  count: (by: LimitedBy) => void;
}

/**
 * Limits what callers ask of this gateway: an org as a whole, each principal, and wrong credentials from one address. A
 * valid credential is never refused for the wrong ones of others. A held poll counts once.
 */
export class CallLimits {
  readonly #options: CallLimitsOptions;
  readonly #orgs = new Map<string, TokenBucket>();
  readonly #principals = new Map<string, TokenBucket>();
  readonly #addresses = new Map<string, TokenBucket>();
  readonly #failures: RateConfig;

  constructor(options: CallLimitsOptions) {
    this.#options = options;
    const { failuresPerMinute } = options.config;
    this.#failures = { requestsPerSecond: failuresPerMinute / 60, burst: Math.max(1, failuresPerMinute) };
  }

  /** Puts the limits around a check of credentials. */
  around(authenticate: Authenticate): Authenticate {
    return (credentials) => {
      try {
        const caller = authenticate(credentials);
        if (!(caller instanceof Promise)) return this.admit(caller);
        return caller.then(
          (found) => this.admit(found),
          (error: unknown) => this.failed(credentials, error),
        );
      } catch (error) {
        return this.failed(credentials, error);
      }
    };
  }

  /** Counts a call of a caller who is known. Errors: LimitExceeded. */
  admit(caller: Caller): Caller {
    const { principal } = this.#options.config;
    if (principal.requestsPerSecond > 0) {
      // A principal may have several credentials, or a new token every hour: it is one all the same.
      const limit = { rate: principal, sizeMax: limitedPrincipalsMax };
      this.#take(this.#bucket(this.#principals, principalKey(caller), limit), "principal");
    }
    if (caller.orgId === "") return caller;
    const { org: rate } = this.ratesOf(caller.orgId);
    if (rate.requestsPerSecond > 0) {
      this.#take(this.#bucket(this.#orgs, caller.orgId, { rate, sizeMax: limitedOrgsMax }), "org");
    }
    return caller;
  }

  /** The rates of an org and of one principal, as far as they are known. */
  ratesOf(orgId: string): { org: RateConfig; principal: RateConfig } {
    const { org, principal } = this.#options.config;
    return { org: this.#options.orgRate(orgId) ?? org, principal };
  }

  /** Counts the size of a request that was let through, or of its answer: each 16 KiB are worth another call. */
  charge(caller: Caller, bytes: number): void {
    const calls = Math.floor(bytes / callBytes);
    if (calls === 0) return;
    this.#principals.get(principalKey(caller))?.charge(calls);
    this.#orgs.get(caller.orgId)?.charge(calls);
  }

  #bucket(buckets: Map<string, TokenBucket>, key: string, limit: { rate: RateConfig; sizeMax: number }): TokenBucket {
    const known = buckets.get(key);
    if (known !== undefined) {
      known.rate = limit.rate;
      return known;
    }
    const bucket = new TokenBucket(limit.rate, this.#options.now());
    makeRoom(buckets, limit.sizeMax, this.#options.now());
    buckets.set(key, bucket);
    return bucket;
  }

  /** Counts what is wrong with a credential, and throws it on; a service that is away is nobody's guess. */
  failed({ address }: Credentials, error: unknown): never {
    const isGuess = error instanceof DomainError && guesses.has(error.reason ?? "");
    if (isGuess && this.#failures.requestsPerSecond > 0) {
      const limit = { rate: this.#failures, sizeMax: limitedAddressesMax };
      this.#take(this.#bucket(this.#addresses, addressBlock(address), limit), "failures");
    }
    throw error;
  }

  #take(bucket: TokenBucket, by: LimitedBy): void {
    const waitMs = bucket.take(this.#options.now());
    if (waitMs === 0) return;
    this.#options.count(by);
    const { requestsPerSecond } = bucket.rate;
    const size =
      by === "failures" ? `${Math.round(requestsPerSecond * 60)} in a minute` : `${requestsPerSecond} in a second`;
    const message = `${names[by]}, at most ${size} at this gateway; try again in ${Math.ceil(waitMs)} ms`;
    throw new DomainError("LimitExceeded", message, { reason: "RATE_LIMIT", retryAfterMs: waitMs });
  }
}

const guesses: ReadonlySet<string> = new Set(["INVALID_CREDENTIALS", "INVALID_PROMISE_TOKEN"]);

/** What a call may weigh before it counts as several. */
export const callBytes = 16 * 1024;

/** What is limited, as the refusal names it. */
const names: Readonly<Record<LimitedBy, string>> = {
  org: "the organization makes too many calls",
  principal: "this key makes too many calls",
  failures: "too many wrong keys from this address",
};

/** Forgets a bucket that is full, which changes nothing for whom it limits; the oldest when none of the first is. */
function makeRoom(buckets: Map<string, TokenBucket>, sizeMax: number, nowMs: number): void {
  if (buckets.size < sizeMax) return;
  let looked = 0;
  for (const [key, bucket] of buckets) {
    if (bucket.isFull(nowMs)) {
      buckets.delete(key);
      return;
    }
    if (++looked >= lookedAtMax) break;
  }
  const [oldest] = buckets.keys();
  if (oldest !== undefined) buckets.delete(oldest);
}

const lookedAtMax = 20;
