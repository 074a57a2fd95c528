import type { SignalPromise } from "../../definitions/workflow-promises.js";
import { SignalWaitCancelledError } from "../../errors.js";
import { quietPromise } from "../quiet-promise.js";
import { checkOutsideOperation } from "../running-code.js";
import type { SignalTaker } from "../signal-queue.js";
import type { ActivationScope } from "./scope.js";

/** How waits that `ctx.withTimeout` was given are given up. */
const withdrawals = new WeakMap<Promise<unknown>, () => void>();

/** Waits for the next signal of a name. Leaves no event: signals are handed out in the order of history. */
export function waitForSignal(scope: ActivationScope, name: string): SignalPromise<unknown> {
  const { replay } = scope;
  const queue = replay.signals(name);
  const signal = quietPromise<unknown>();
  const taker: SignalTaker = (value) => signal.resolve(value);
  const present = queue.take();
  if (present === undefined) queue.wait(taker);
  else replay.addReady({ deliver: () => taker(present.value) });
  const withdraw = () => {
    if (!scope.closed && queue.withdraw(taker)) signal.reject(new SignalWaitCancelledError(name));
  };
  withdrawals.set(signal.promise, withdraw);
  const cancel = () => {
    checkOutsideOperation("cancel of a wait for a signal");
    withdraw();
  };
  return Object.assign(signal.promise, { cancel });
}

/** Gives up a wait for a signal, so that it takes none away from a later wait. Any other promise is left alone. */
export function withdrawWait(promise: Promise<unknown>): void {
  withdrawals.get(promise)?.();
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
