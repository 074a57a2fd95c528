import { describe, expect, test } from "vitest";
import { task } from "./task.js";
import { workflow } from "./workflow.js";

const run = () => null;

describe("a definition", () => {
  test("carries defaults", () => {
    expect(workflow({ name: "order", run })).toMatchObject({ name: "order", version: "1.0.0", tags: [] });
    expect(task({ name: "charge", run })).toMatchObject({
      timeoutMs: undefined,
      retry: { maxRetries: undefined, retryPolicy: undefined },
    });
  });

  test("carries timeout and retry in their wire form", () => {
    const retry = { maxRetries: 2, strategy: "exponential", base: "1s", multiplier: 3, max: "1m", jitter: 0 } as const;
    expect(task({ name: "charge", timeout: "2m", retry, run })).toMatchObject({
      timeoutMs: 120_000,
      retry: {
        maxRetries: 2,
        retryPolicy: '{"strategy":"exponential","baseMs":1000,"multiplier":3,"maxMs":60000,"jitter":0}',
      },
    });
    expect(task({ name: "charge", retry: 0, run }).retry).toEqual({ maxRetries: 0, retryPolicy: undefined });
  });

  test.each([
    [() => workflow({ name: " ", run }), "workflow: name: must not be blank"],
    [() => task({ name: "x".repeat(256), run }), "at most 255 characters, has 256"],
    [() => task({ name: "charge", retry: -1, run }), "task charge: retry.maxRetries: must be a whole number"],
    [
      () => task({ name: "charge", retry: { jitter: 2 }, run }),
      "task charge: retry.jitter: must be a number from 0 to 1",
    ],
    [() => task({ name: "charge", timeout: "later", run }), 'task charge: timeout: "later" is not a duration'],
  ])("that is wrong is refused: %#", (define, text) => {
    expect(define).toThrow(text);
  });
});
