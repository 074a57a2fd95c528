import { durationMsMax } from "@flovyn/domain";
import { shown } from "./options/shown.js";
import { member } from "./thrown/safely.js";

/** A length of time. */
export interface Duration {
  readonly milliseconds: number;
}

/** Where a length of time is wanted: a Duration, text like `"30s"` or `"1h30m"`, or a number of milliseconds. */
export type DurationInput = Duration | string | number;

const unitsMs: Record<string, number> = {
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
  milliseconds: (value: number): Duration => make(value, 1, "milliseconds"),
  seconds: (value: number): Duration => make(value, 1000, "seconds"),
  minutes: (value: number): Duration => make(value, 60_000, "minutes"),
  hours: (value: number): Duration => make(value, 3_600_000, "hours"),
  days: (value: number): Duration => make(value, 86_400_000, "days"),
  weeks: (value: number): Duration => make(value, 604_800_000, "weeks"),

  /** Reads terms of a number and one of ms, s, m, h, d, w: `"250ms"`, `"5m"`, `"1h30m"`, `"1.5s"`. */
  parse(text: string): Duration {
    if (typeof text !== "string" || !wholeText.test(text)) throw new RangeError(noDuration(text));
    let total = 0;
    for (const [, number, unit] of text.matchAll(oneTerm)) total += Number(number) * (unitsMs[unit ?? ""] ?? 0);
    return checked(total, text);
  },
} as const;

/** Whole milliseconds of any way to write a duration. Errors: RangeError that names `field`. */
export function toMilliseconds(input: DurationInput, field: string): number {
  const given: unknown = typeof input === "object" ? member(input, "milliseconds") : input;
  try {
    if (typeof given === "number") return Duration.milliseconds(given).milliseconds;
    if (typeof input === "string") return Duration.parse(input).milliseconds;
  } catch (cause) {
    throw new RangeError(`${field}: ${(cause as RangeError).message}`, { cause });
  }
  throw new RangeError(`${field}: ${noDuration(input)}`);
}

function noDuration(value: unknown): string {
  return `${shown(value)} is not a duration; write for example "30s", "5m", "1h30m", or a number of milliseconds`;
}

function make(count: number, unitMs: number, unit: string): Duration {
  return checked(typeof count === "number" ? count * unitMs : Number.NaN, `${shown(count)} ${unit}`);
}

function checked(milliseconds: number, given: string): Duration {
  if (milliseconds >= 0 && milliseconds <= durationMsMax) {
    return Object.freeze({ milliseconds: Math.round(milliseconds) });
  }
  throw new RangeError(`${given} is not a duration from 0 to ten years`);
}
