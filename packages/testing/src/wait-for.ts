import { setTimeout as pause } from "node:timers/promises";

/** Only a test that fails waits so long. A busy machine takes many times what an idle one takes. */
const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_INTERVAL_MS = 20;

/** What `waitFor` takes as "not yet". */
type NotYet = undefined | null | false;

/**
 * Asks `probe` again and again until it returns something other than undefined, null or false, and returns that. A probe that throws
 * counts as "not yet". After `timeoutMs` it throws an error that names `what` was awaited and how the last probe went.
 */
export async function waitFor<T>(
  what: string,
  probe: () => T | NotYet | Promise<T | NotYet>,
  options: { timeoutMs?: number | undefined; intervalMs?: number } = {},
): Promise<T> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let failure: unknown;
    try {
      const value = await probe();
      if (value !== undefined && value !== null && value !== false) return value;
    } catch (error) {
      failure = error;
    }
    if (performance.now() >= deadline) {
      const last = failure instanceof Error ? `; the last try failed: ${failure.message}` : "";
      throw new Error(`waited ${timeoutMs} ms for ${what}, in vain${last}`, { cause: failure });
    }
    await pause(options.intervalMs ?? DEFAULT_INTERVAL_MS);
  }
}
