import { type RateConfig, toRate } from "@flovyn/runtime";
import { BoundedCache } from "../cache/bounded-cache.js";
import { limitedOrgsMax, orgSlugTtlMs } from "../limits.js";

/** What an org may ask by its quotas or its tier. */
export interface OrgFacts {
  tier: string;
  /** JSON object text. */
  quotas: string;
}

export interface OrgRatesOptions {
  tiers: Readonly<Record<string, RateConfig>>;
  find: (orgId: string) => Promise<OrgFacts | undefined>;
  now: () => number;
}

/** A failed look is repeated after this. */
const failedTtlMs = 5000;

/** The rates of orgs, learnt in the background: a call never waits for the limit that it may be refused by. */
export class OrgRates {
  readonly #options: OrgRatesOptions;
  readonly #rates: BoundedCache<RateConfig | undefined>;
  /** What is known of an org is good until the next answer. */
  readonly #last = new Map<string, RateConfig | undefined>();

  constructor(options: OrgRatesOptions) {
    this.#options = options;
    this.#rates = new BoundedCache({ entriesMax: limitedOrgsMax, now: options.now });
  }

  /** Undefined where the usual rate counts. */
  readonly of = (orgId: string): RateConfig | undefined => {
    if (!this.#rates.has(orgId)) {
      // One question at a time for an org: the entry stands until it is answered.
      this.#rates.set(orgId, undefined, failedTtlMs);
      void this.#learn(orgId);
    }
    return this.#last.get(orgId);
  };

  async #learn(orgId: string): Promise<void> {
    try {
      const org = await this.#options.find(orgId);
      if (org === undefined) return;
      const rate = this.#rateOf(org);
      if (this.#last.size >= limitedOrgsMax) this.#last.clear();
      this.#last.set(orgId, rate);
      this.#rates.set(orgId, rate, orgSlugTtlMs);
    } catch {
      // Asked again in a few seconds; what is known counts meanwhile.
    }
  }

  #rateOf({ tier, quotas }: OrgFacts): RateConfig | undefined {
    const { requestsPerSecond, requestBurst } = JSON.parse(quotas === "" ? "{}" : quotas) as {
      requestsPerSecond?: number;
      requestBurst?: number;
    };
    const { tiers } = this.#options;
    const ofTier = Object.hasOwn(tiers, tier) ? tiers[tier] : undefined;
    if (requestsPerSecond === undefined) return ofTier;
    return toRate(requestsPerSecond, requestBurst ?? 0);
  }
}
