import type { RateConfig } from "@flovyn/runtime";

/**
 * Lets so many calls through in a second on average, and a burst after a pause. The bucket is refilled when it is looked
 * at, so one that nobody uses costs nothing.
 */
export class TokenBucket {
  #rate: RateConfig;
  #tokens: number;
  #filledAtMs: number;

  constructor(rate: RateConfig, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#filledAtMs = nowMs;
  }

  get rate(): RateConfig {
    return this.#rate;
  }

  /** Another rate from now on; what is left stays, as far as the new burst reaches. */
  set rate(rate: RateConfig) {
    if (rate === this.#rate) return;
    this.#rate = rate;
    this.#tokens = Math.min(this.#tokens, rate.burst);
  }

  /** 0 when the call may pass, else the time until one may, in ms. */
  take(nowMs: number): number {
    const { requestsPerSecond, burst } = this.#rate;
    const refill = ((nowMs - this.#filledAtMs) * requestsPerSecond) / 1000;
    this.#tokens = Math.min(burst, this.#tokens + refill);
    this.#filledAtMs = nowMs;
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return 0;
    }
    return ((1 - this.#tokens) * 1000) / requestsPerSecond;
  }

  /** Takes more for a call that was let through, also beyond what there is: later calls wait for it. */
  charge(tokens: number): void {
    this.#tokens -= tokens;
  }

  /** Whether it is as full as it gets: forgetting it then changes nothing. */
  isFull(nowMs: number): boolean {
    const { requestsPerSecond, burst } = this.#rate;
    return this.#tokens + ((nowMs - this.#filledAtMs) * requestsPerSecond) / 1000 >= burst;
  }
}
