import type { Logger } from "../logger.js";
import { runningCode } from "./running-code.js";

const guards = new Set<Logger>();

/**
 * Keeps rejected promises that workflow code gave up, such as the loser of a race wrapped in a function of its own, from
 * ending the process: replay would repeat the rejection in every worker. Rejections from anywhere else keep their effect.
 * Gives the function that takes the guard away.
 */
export function guardAbandonedRejections(log: Logger): () => void {
  if (guards.size === 0) process.on("unhandledRejection", onUnhandledRejection);
  guards.add(log);
  return () => {
    guards.delete(log);
    if (guards.size === 0) process.off("unhandledRejection", onUnhandledRejection);
  };
}

function onUnhandledRejection(reason: unknown): void {
  // Node calls listeners in the async context of the promise that rejected.
  const running = runningCode.getStore();
  if (running !== undefined) {
    const fields = { workflowId: running.executionId, err: reason };
    for (const log of guards) log.debug("a promise that the workflow gave up was rejected", fields);
    return;
  }
  // A listener switches off what Node does by itself; without another listener this one must do it.
  if (process.listenerCount("unhandledRejection") > 1) return;
  throw reason;
}
