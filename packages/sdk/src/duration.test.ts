import { describe, expect, test } from "vitest";
import { Duration, toMilliseconds } from "./duration.js";

describe("a duration", () => {
  test.each([
    ["250ms", 250],
    ["30s", 30_000],
    ["5m", 300_000],
    ["1h30m", 5_400_000],
    ["1.5s", 1500],
    ["2d", 172_800_000],
    ["1w", 604_800_000],
    ["0s", 0],
  ])("reads %s", (text, milliseconds) => {
    expect(Duration.parse(text)).toEqual({ milliseconds });
  });

  test.each(["", "5", "5 m", "m", "-1s", "1y", "s5", "1e3s"])("refuses %j", (text) => {
    expect(() => Duration.parse(text)).toThrow(`"${text}" is not a duration`);
  });

  test("is made from each unit", () => {
    const made = [Duration.milliseconds(1), Duration.seconds(1), Duration.minutes(1), Duration.hours(1)];
    expect([...made, Duration.days(1), Duration.weeks(1)].map((one) => one.milliseconds)).toEqual([
      1, 1000, 60_000, 3_600_000, 86_400_000, 604_800_000,
    ]);
  });

  test("is from 0 to ten years", () => {
    for (const days of [-1, Number.NaN, Number.POSITIVE_INFINITY, 4000]) {
      expect(() => Duration.days(days)).toThrow("is not a duration from 0 to ten years");
    }
    expect(Duration.days(3650).milliseconds).toBe(315_360_000_000);
  });

  test("may be given as text, number or Duration, and errors name the field", () => {
    expect([toMilliseconds("1s", "x"), toMilliseconds(5, "x"), toMilliseconds(Duration.minutes(1), "x")]).toEqual([
      1000, 5, 60_000,
    ]);
    expect(() => toMilliseconds("soon", "timeout")).toThrow('timeout: "soon" is not a duration');
    expect(() => toMilliseconds(-1, "timeout")).toThrow("timeout: -1 milliseconds is not a duration");
  });
});
