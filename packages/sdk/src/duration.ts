/** A length of time. */
export interface Duration {
  readonly milliseconds: number;
}

/** Where a length of time is wanted: a Duration, text like `"30s"` or `"1h30m"`, or a number of milliseconds. */
export type DurationInput = Duration | string | number;

/** The server takes no deadline or delay beyond ten years. */
const millisecondsMax = 10 * 366 * 24 * 3_600_000;

const unitMs: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const wholeText = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$/;
const oneTerm = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g;

/** Makes durations. Each throws a RangeError for a negative value, a value that is no number, or more than ten years. */
export const Duration = {
  milliseconds: (value: number): Duration => make(value, `${value} milliseconds`),
  seconds: (value: number): Duration => make(value * 1000, `${value} seconds`),
  minutes: (value: number): Duration => make(value * 60_000, `${value} minutes`),
  hours: (value: number): Duration => make(value * 3_600_000, `${value} hours`),
  days: (value: number): Duration => make(value * 86_400_000, `${value} days`),
  weeks: (value: number): Duration => make(value * 604_800_000, `${value} weeks`),

  /** Reads terms of a number and one of ms, s, m, h, d, w: `"250ms"`, `"5m"`, `"1h30m"`, `"1.5s"`. */
  parse(text: string): Duration {
    if (!wholeText.test(text)) {
      throw new RangeError(`"${text}" is not a duration; write for example "30s", "5m" or "1h30m"`);
    }
    let total = 0;
    for (const [, number, unit] of text.matchAll(oneTerm)) total += Number(number) * (unitMs[unit ?? ""] ?? 0);
    return make(total, text);
  },
} as const;

/** Whole milliseconds of any way to write a duration. Errors: RangeError that names `field`. */
export function toMilliseconds(input: DurationInput, field: string): number {
  try {
    if (typeof input === "string") return Duration.parse(input).milliseconds;
    return Duration.milliseconds(typeof input === "number" ? input : input.milliseconds).milliseconds;
  } catch (cause) {
    throw new RangeError(`${field}: ${cause instanceof Error ? cause.message : "is not a duration"}`, { cause });
  }
}

function make(milliseconds: number, given: string): Duration {
  if (!(milliseconds >= 0 && milliseconds <= millisecondsMax)) {
    throw new RangeError(`${given} is not a duration from 0 to ten years`);
  }
  return Object.freeze({ milliseconds: Math.round(milliseconds) });
}
