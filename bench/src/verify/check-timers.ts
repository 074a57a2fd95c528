/** One timer as the database knows it, or a firing without one. Times in milliseconds of the database's clock. */
export interface TimerFacts {
  /** `<workflow>/<timer>`. */
  name: string;
  /** Null when there is only an event. */
  status: string | null;
  dueAt: number | null;
  durationMs: number | null;
  /** How many TIMER_STARTED events name it, and when the first was written. */
  started: number;
  startedAt: number | null;
  /** The same of TIMER_FIRED. */
  fired: number;
  firedAt: number | null;
}

/** Everything that is not as it must be, one sentence each; nothing when each timer fired exactly once, and not early. */
export function timerProblems(timers: readonly TimerFacts[], expected: { timers: number }): string[] {
  const problems: string[] = [];
  const expect = (what: string, wrong: readonly TimerFacts[]) => {
    const [first] = wrong;
    if (first !== undefined) problems.push(`${what}: ${wrong.length}, one of them ${JSON.stringify(first)}`);
  };
  const known = timers.filter(({ status }) => status !== null);
  if (known.length !== expected.timers) {
    problems.push(`timers: expected ${expected.timers}, found ${known.length}`);
  }
  expect(
    "events of timers that do not exist",
    timers.filter(({ status }) => status === null),
  );
  expect(
    "timers that are not FIRED",
    known.filter(({ status }) => status !== "FIRED"),
  );
  expect(
    "timers that were not started exactly once",
    known.filter(({ started }) => started !== 1),
  );
  expect(
    "timers that did not fire exactly once",
    known.filter(({ fired }) => fired !== 1),
  );
  expect(
    "timers whose due time is not their start and their duration",
    known.filter(({ startedAt, durationMs, dueAt }) => (startedAt ?? 0) + (durationMs ?? 0) !== dueAt),
  );
  expect(
    "timers that fired early",
    known.filter((timer) => latenessOf(timer) < 0),
  );
  return problems;
}

/** Milliseconds from the due time to the event that says that it fired; NaN when it did not fire. */
export function latenessOf({ dueAt, firedAt }: Pick<TimerFacts, "dueAt" | "firedAt">): number {
  return dueAt === null || firedAt === null ? Number.NaN : firedAt - dueAt;
}
