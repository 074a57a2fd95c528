import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRetryPolicy, type RetryPolicy, retryDelayMs } from "./retry-policy.js";

const base: RetryPolicy = { strategy: "exponential", baseMs: 100, multiplier: 2, maxMs: 10_000, jitter: 0 };
const noJitter = 0.5;

describe("retry delay", () => {
  it("SP-71 grows by the strategy up to the cap", () => {
    const delays = (policy: RetryPolicy) => [1, 2, 3, 4, 5].map((n) => retryDelayMs(policy, n, noJitter));
    expect(delays({ ...base, strategy: "none" })).toEqual([0, 0, 0, 0, 0]);
    expect(delays({ ...base, strategy: "fixed" })).toEqual([100, 100, 100, 100, 100]);
    expect(delays({ ...base, strategy: "linear" })).toEqual([100, 200, 300, 400, 500]);
    expect(delays(base)).toEqual([100, 200, 400, 800, 1600]);
    expect(delays({ ...base, strategy: "fibonacci" })).toEqual([100, 100, 200, 300, 500]);
    expect(retryDelayMs(undefined, 7, noJitter)).toBe(0);
  });

  it("SP-71 never overflows: any failure count gives a delay from 0 to the cap", () => {
    const strategy = fc.constantFrom("none", "fixed", "linear", "exponential", "fibonacci");
    fc.assert(
      fc.property(
        strategy,
        fc.integer({ min: 0, max: 100_000 }),
        fc.double({ min: 1, max: 1000, noNaN: true }),
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (name, baseMs, multiplier, maxMs, jitter, failures, random) => {
          const policy = parseRetryPolicy(
            JSON.stringify({ strategy: name, baseMs, multiplier, maxMs, jitter }),
            "retry_policy",
          );
          const delay = retryDelayMs(policy, failures, random);
          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThanOrEqual(maxMs);
        },
      ),
    );
    expect(retryDelayMs(base, 100, noJitter)).toBe(10_000);
  });

  it("is that of exact arithmetic, whatever multiplier, cap and number of failures", () => {
    const exact = (
      strategy: string,
      { baseMs, percent, failures }: Record<"baseMs" | "percent" | "failures", number>,
    ) => {
      if (strategy === "exponential") {
        const exponent = BigInt(failures - 1);
        return (BigInt(baseMs) * BigInt(percent) ** exponent) / 100n ** exponent;
      }
      let [previous, current] = [0n, 1n];
      for (let step = 1; step < failures; step++) [previous, current] = [current, previous + current];
      return BigInt(baseMs) * current;
    };
    fc.assert(
      fc.property(
        fc.constantFrom("exponential" as const, "fibonacci" as const),
        fc.record({
          baseMs: fc.integer({ min: 1, max: 100_000 }),
          percent: fc.oneof(fc.integer({ min: 100, max: 110 }), fc.integer({ min: 100, max: 100_000 })),
          failures: fc.integer({ min: 1, max: 3000 }),
        }),
        fc.integer({ min: 1, max: 1_000_000_000 }),
        (strategy, given, maxMs) => {
          const { baseMs, percent, failures } = given;
          const policy: RetryPolicy = { strategy, baseMs, multiplier: percent / 100, maxMs, jitter: 0 };
          const grown = exact(strategy, given);
          const expected = grown > BigInt(maxMs) ? maxMs : Number(grown);
          // Half of a ms is rounded, the rest of it is cut off by the whole numbers above.
          expect(Math.abs(retryDelayMs(policy, failures, noJitter) - expected)).toBeLessThanOrEqual(1);
        },
      ),
    );
    const slow: RetryPolicy = { strategy: "exponential", baseMs: 1000, multiplier: 1.01, maxMs: 3_600_000, jitter: 0 };
    expect(retryDelayMs(slow, 500, noJitter)).toBe(143_339);
    expect(retryDelayMs({ ...slow, strategy: "fibonacci", baseMs: 1e-9 }, 100, noJitter)).toBe(3_600_000);
  });

  it("takes the delay a worker asks for, up to the cap", () => {
    expect(retryDelayMs(base, 1, noJitter, 7_000)).toBe(7_000);
    expect(retryDelayMs(base, 1, noJitter, 70_000)).toBe(10_000);
    expect(retryDelayMs(undefined, 1, noJitter, 10 ** 9)).toBe(3_600_000);
  });

  it("names the member that is wrong", () => {
    expect(() => parseRetryPolicy("[]", "retry_policy")).toThrow("retry_policy: must be a JSON object");
    expect(() => parseRetryPolicy('{"strategy":"quadratic"}', "retry_policy")).toThrow(/^retry_policy\.strategy: /);
    expect(() => parseRetryPolicy('{"jitter":2}', "retry_policy")).toThrow(/^retry_policy\.jitter: /);
  });
});
