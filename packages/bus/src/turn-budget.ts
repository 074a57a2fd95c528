/** Requests that may start in one turn of the event loop. Far more than a turn brings in; a caller that loops reaches it. */
const startsPerTurnMax = 1_000;

/**
 * Handlers start in a microtask of the turn in which they are asked for: nothing is faster. A caller that asks again and
 * again could keep the event loop from ever reading a socket that way, so beyond a bound the next turn is waited for.
 */
export function createTurnBudget(): () => Promise<void> | undefined {
  let started = 0;
  const reset = (): void => {
    started = 0;
  };
  return () => {
    if (started === 0) setImmediate(reset);
    started += 1;
    if (started <= startsPerTurnMax) return undefined;
    return new Promise((resolve) => {
      setImmediate(resolve);
    });
  };
}
