import { type QuietPromise, quietPromise } from "../quiet-promise.js";
import { withdraw, withdrawable } from "./withdraw.js";

/** `Promise.race`, save that the losers are given up. */
export function race(promises: Iterable<unknown>): Promise<unknown> {
  return firstOf(promises, (all) => Promise.race(all));
}

/** `Promise.any`, save that the losers are given up. Errors: AggregateError as a rejection when all reject. */
export function any(promises: Iterable<unknown>): Promise<unknown> {
  return firstOf(promises, (all) => Promise.any(all));
}

function firstOf(promises: Iterable<unknown>, combine: (all: unknown[]) => Promise<unknown>): Promise<unknown> {
  const all = [...promises];
  const result: QuietPromise<unknown> = quietPromise();
  const giveUp = () => {
    for (const one of all) withdraw(one);
  };
  combine(all).finally(giveUp).then(result.resolve, result.reject);
  return withdrawable(result.promise, giveUp);
}
