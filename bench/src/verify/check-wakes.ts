/** What the database holds of the wakes of one queue. */
export interface WakeFacts {
  /** Events that woke. */
  events: number;
  /** Distinct pairs of workflow and number that they carry. */
  different: number;
  /** Events that carry a number nobody sent, or none. */
  strange: number;
}

/** Everything that is not as it must be, one sentence each; nothing when each wake arrived exactly once. */
export function wakeProblems({ events, different, strange }: WakeFacts, expected: { wakes: number }): string[] {
  const problems: string[] = [];
  if (events !== expected.wakes) problems.push(`events that woke: expected ${expected.wakes}, found ${events}`);
  if (different !== events) problems.push(`wakes that arrived more than once: ${events - different}`);
  if (strange > 0) problems.push(`wakes that nobody sent: ${strange}`);
  return problems;
}
