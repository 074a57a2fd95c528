import type { SignalPromise } from "../../definitions/workflow-promises.js";
import { SignalWaitCancelledError } from "../../errors.js";
import { quietPromise } from "../quiet-promise.js";
import { checkOutsideOperation } from "../running-code.js";
import type { SignalWait } from "../signal-queue.js";
import type { ActivationScope } from "./scope.js";
import { withdrawable } from "./withdraw.js";

/** Waits for the next signal of a name. Leaves no event: signals are handed out in the order of history. */
export function waitForSignal(scope: ActivationScope, name: string): SignalPromise<unknown> {
  const { replay } = scope;
  const queue = replay.signals(name);
  const signal = quietPromise<unknown>();
  const wait: SignalWait = { round: replay.round, take: (value) => signal.resolve(value) };
  const hand = queue.wait(wait);
  if (hand !== undefined) replay.addReady(hand);
  const withdraw = () => {
    const withdrawn = !scope.closed && queue.withdraw(wait);
    if (withdrawn === false) return;
    if (withdrawn.hand !== undefined) replay.addReady(withdrawn.hand);
    signal.reject(new SignalWaitCancelledError(name));
  };
  const cancel = () => {
    checkOutsideOperation("cancel of a wait for a signal");
    withdraw();
  };
  return withdrawable(Object.assign(signal.promise, { cancel }), withdraw);
}

export function hasSignal({ replay }: ActivationScope, name: string): boolean {
  replay.looks.look(name);
  return replay.signals(name).size > 0;
}

export function drainSignals({ replay }: ActivationScope, name: string): unknown[] {
  replay.looks.look(name);
  const values: unknown[] = [];
  for (let next = replay.signals(name).take(); next !== undefined; next = replay.signals(name).take()) {
    values.push(next.value);
  }
  return values;
}
