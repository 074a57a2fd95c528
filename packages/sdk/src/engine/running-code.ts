import { AsyncLocalStorage } from "node:async_hooks";

/** The workflow code that runs. */
export interface RunningCode {
  readonly executionId: string;
  /** Set inside the function of `ctx.run`. */
  readonly operation?: string;
}

/** Says which workflow the running code belongs to, also where an abandoned promise of it rejects. */
export const runningCode = new AsyncLocalStorage<RunningCode>();

/** Errors: Error inside the function of `ctx.run`, which replay skips, so that a call made there would be lost. */
export function checkOutsideOperation(call: string): void {
  const operation = runningCode.getStore()?.operation;
  if (operation === undefined) return;
  throw new Error(`${call} was called inside ctx.run(${JSON.stringify(operation)}); call it before or after`);
}
