/** How what a promise stands for is given up. */
const withdrawals = new WeakMap<Promise<unknown>, () => void>();

/** Lets a promise be given up: `give` rejects it, or does nothing when it has settled. */
export function withdrawable<Given extends Promise<unknown>>(promise: Given, give: () => void): Given {
  withdrawals.set(promise, give);
  return promise;
}

/** Gives up a wait for a signal, an operation, or a limit or race of them. Any other promise goes on. */
export function withdraw(promise: unknown): void {
  if (promise instanceof Promise) withdrawals.get(promise)?.();
}
