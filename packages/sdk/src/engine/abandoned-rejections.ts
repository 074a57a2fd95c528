import type { Logger } from "../logger.js";
import { readThrown } from "../thrown/read-thrown.js";
import { runningCode } from "./running-code.js";

const guards = new Set<Logger>();

/** What was warned of already: replay repeats each rejection in every activation. */
const warnedOf = new Set<string>();
const warnedMax = 1000;

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
    const level = isNew(`${running.executionId} ${readThrown(reason).text}`) ? "warn" : "debug";
    for (const log of guards) {
      log[level]("a promise of the workflow was rejected, and the code neither awaits nor catches it", fields);
    }
    return;
  }
  // A listener switches off what Node does by itself; without another listener this one must do it.
  if (process.listenerCount("unhandledRejection") > 1) return;
  throw reason;
}

function isNew(rejection: string): boolean {
  if (warnedOf.has(rejection)) return false;
  if (warnedOf.size >= warnedMax) warnedOf.clear();
  warnedOf.add(rejection);
  return true;
}
