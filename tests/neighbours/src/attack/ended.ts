/**
 * How a call of an attack ended: a status of gRPC by name, `HTTP 429`, `closed` by the other end without a status, `left` by
 * its sender as it meant to, `no answer` within its patience, `held` when the attack was over, or `not made`.
 */
export type Ended = string;

export const [closed, left, noAnswer, heldToTheEnd] = ["closed", "left", "no answer", "held"] as const;

/** What ends calls from outside. */
export interface CallBounds {
  patienceMs: number;
  /** Aborted when the attack is over. */
  over: AbortSignal;
}

/**
 * Waits for the end of one call, whichever comes first. `open` begins it, is given what to call at its end, and returns what
 * takes it back.
 */
export function untilEnded(
  bounds: CallBounds,
  leavesAfterMs: number | undefined,
  open: (end: (how: Ended) => void) => () => void,
): Promise<Ended> {
  return new Promise((resolve) => {
    let isOver = false;
    let takeBack = () => {};
    const end = (how: Ended) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      bounds.over.removeEventListener("abort", atTheEnd);
      takeBack();
      resolve(how);
    };
    const atTheEnd = () => end(heldToTheEnd);
    const [ms, how] = leavesAfterMs === undefined ? [bounds.patienceMs, noAnswer] : [leavesAfterMs, left];
    const timer = Number.isFinite(ms) ? setTimeout(() => end(how), ms) : undefined;
    bounds.over.addEventListener("abort", atTheEnd, { once: true });
    if (bounds.over.aborted) return end(heldToTheEnd);
    const begun = open(end);
    if (isOver) begun();
    else takeBack = begun;
  });
}
