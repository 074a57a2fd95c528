import type { TimerPromise } from "../../definitions/workflow-promises.js";
import { type DurationInput, toMilliseconds } from "../../duration.js";
import { TimeoutError } from "../../errors.js";
import { promise as checkPromise } from "../../options/checks.js";
import { quietPromise, quietRejection } from "../quiet-promise.js";
import type { ActivationScope } from "./scope.js";
import { startTimer } from "./sleep.js";
import { withdraw, withdrawable } from "./withdraw.js";

/** Settles as the promise does, unless a timer is first. Errors: RangeError as a rejection, before the timer starts. */
export function withTimeout(
  scope: ActivationScope,
  promise: Promise<unknown>,
  timeout: DurationInput,
): Promise<unknown> {
  let timeoutMs: number;
  try {
    void checkPromise(promise, "ctx.withTimeout");
    timeoutMs = toMilliseconds(timeout, "ctx.withTimeout");
  } catch (error) {
    return quietRejection(error);
  }
  const timer = startTimer(scope, () => timeoutMs);
  return settleInTime(promise, { timer, timeoutMs });
}

/** Settles as the promise does and cancels the timer, or rejects and gives the promise up when the timer is first. */
export function settleInTime<Value>(
  promise: Promise<Value>,
  limit: { timer: TimerPromise; timeoutMs: number },
): Promise<Value> {
  const { timer, timeoutMs } = limit;
  const result = quietPromise<Value>();
  promise.then(
    (value) => {
      timer.cancel();
      result.resolve(value);
    },
    (error: unknown) => {
      timer.cancel();
      result.reject(error);
    },
  );
  timer.then(
    () => {
      result.reject(new TimeoutError(timeoutMs));
      withdraw(promise);
    },
    // Cancelled: there is no limit any more.
    () => {},
  );
  // A promise that is given up rejects, which ends the timer too.
  return withdrawable(result.promise, () => withdraw(promise));
}
