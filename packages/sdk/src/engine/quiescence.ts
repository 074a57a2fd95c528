/**
 * Resolves when code that only awaits promises can go no further.
 * Node runs its tick queue only after all microtasks, those added meanwhile included, so a tick asked for by a microtask
 * comes exactly when nothing is left to run, without a turn of the event loop.
 */
export function microtasksDrained(): Promise<void> {
  return new Promise((resolve) => {
    queueMicrotask(() => process.nextTick(resolve));
  });
}

/** Lets input and output happen; a long replay must not hold up the other work of the process. */
export function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
