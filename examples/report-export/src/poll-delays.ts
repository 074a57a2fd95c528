export interface PollPlan {
  /** Before the second look, in ms. */
  firstMs: number;
  /** Each delay is so many times the one before. */
  factor: number;
  /** No delay is longer, in ms. */
  maxMs: number;
  /** The job is given up after so many. */
  looksMax: number;
}

/** The delays between the looks at a job, in ms: one less than there are looks. Numbers in, numbers out: no clock, no chance. */
export function pollDelays({ firstMs, factor, maxMs, looksMax }: PollPlan): number[] {
  const delays: number[] = [];
  for (let delayMs = firstMs; delays.length < looksMax - 1; delayMs = Math.min(delayMs * factor, maxMs)) {
    delays.push(Math.min(delayMs, maxMs));
  }
  return delays;
}
