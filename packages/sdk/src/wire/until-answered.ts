import { Backoff } from "./backoff.js";
import { pause } from "./pause.js";
import { mayPass } from "./service-error.js";

export interface RetryUntil {
  /** Ends the retries; the last error is thrown. */
  readonly signal: AbortSignal;
  onRetry(error: unknown, waitMs: number): void;
}

const firstMs = 50;
const maxMs = 5000;

/**
 * Repeats a call that may be repeated until the server gives an answer, a refusal included. The wait between tries grows
 * to five seconds. There is no other bound: giving up would strand the work that the call reports.
 */
export async function untilAnswered<Response>(call: () => Promise<Response>, until: RetryUntil): Promise<Response> {
  const backoff = new Backoff({ firstMs, maxMs });
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!mayPass(error) || until.signal.aborted) throw error;
      const waitMs = backoff.nextMs();
      until.onRetry(error, waitMs);
      await pause(waitMs, until.signal);
      if (until.signal.aborted) throw error;
    }
  }
}
