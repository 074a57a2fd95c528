/** Goal: an answer that is not taken ends its connection, whether it counts in a budget or not. Approach: a clock of the test's. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { testBudgets } from "../../test/test-budgets.js";
import { answerTimeMs } from "../budgets/answer-time.js";
import { smallAnswerBytes } from "../limits.js";
import { UnreadAnswer } from "./unread-answer.js";

const size = 1024 * 1024;
let budget: ReturnType<typeof testBudgets>["public_answer_bytes"];
let cut: ReturnType<typeof vi.fn<() => never>>;
let answer: UnreadAnswer;

beforeEach(() => {
  vi.useFakeTimers();
  budget = testBudgets({ public_answer_bytes: { address: size } }).public_answer_bytes;
  cut = vi.fn<() => never>();
  answer = new UnreadAnswer(budget, { address: "a" }, { destroy: cut });
});

afterEach(() => {
  vi.useRealTimers();
});

it("is given the time of its size, and its connection is closed after it", () => {
  answer.count(size);
  vi.advanceTimersByTime(answerTimeMs(size) - 1);
  expect(cut).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(cut).toHaveBeenCalledTimes(1);
  expect(budget.used).toBe(size);
});

it("is timed anew with each part, of which the last one counts", () => {
  answer.count(size);
  vi.advanceTimersByTime(answerTimeMs(size) - 1);
  answer.count(smallAnswerBytes);
  expect(budget.used).toBe(smallAnswerBytes);
  // Timers count whole milliseconds.
  vi.advanceTimersByTime(Math.trunc(answerTimeMs(smallAnswerBytes)) - 1);
  expect(cut).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(cut).toHaveBeenCalledTimes(1);
});

it("has a time also where it counts nowhere, unless it is a live stream", () => {
  answer.answered();
  vi.advanceTimersByTime(answerTimeMs(0));
  expect(cut).toHaveBeenCalledTimes(1);
  const stream = new UnreadAnswer(budget, {}, { destroy: cut });
  stream.streams();
  stream.answered();
  vi.advanceTimersByTime(answerTimeMs(size));
  expect(cut).toHaveBeenCalledTimes(1);
});

it("keeps the time of its size when it is complete", () => {
  answer.count(size);
  answer.answered();
  vi.advanceTimersByTime(answerTimeMs(size) - 1);
  expect(cut).not.toHaveBeenCalled();
});

it("that was taken leaves the connection alone and gives back what it took, once", () => {
  answer.count(size);
  answer.close();
  answer.close();
  vi.advanceTimersByTime(answerTimeMs(size));
  expect(cut).not.toHaveBeenCalled();
  answer.count(size);
  answer.answered();
  vi.advanceTimersByTime(answerTimeMs(size));
  expect([cut.mock.calls.length, budget.used]).toEqual([0, 0]);
});

it("is refused where there is no room, and what it took before is free", () => {
  answer.count(size);
  expect(() => answer.count(size + 1)).toThrow(/^public_answer_bytes: one address may hold 1048576 bytes/);
  expect(budget.used).toBe(0);
  // The refusal is an answer, too.
  answer.answered();
  vi.advanceTimersByTime(answerTimeMs(0));
  expect(cut).toHaveBeenCalledTimes(1);
});
