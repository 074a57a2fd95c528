import { expect, it } from "vitest";
import { composeAnswer, unanswered } from "./answer.js";
import type { Line } from "./chat.js";

const customer = (text: string): Line => ({ from: "customer", text });
const agent = (text: string): Line => ({ from: "agent", text });

it("answers what came after the agent's last line, and nothing before it", () => {
  expect(unanswered([customer("a"), agent("A"), customer("b"), customer("c")])).toEqual(["b", "c"]);
  expect(unanswered([customer("a"), agent("A")])).toEqual([]);
});

it("greets in the first answer only", () => {
  expect(composeAnswer("Ada", [customer("a")])).toBe("Hello Ada. About your question: a - we look into it.");
  expect(composeAnswer("Ada", [customer("a"), agent("A"), customer("b"), customer("c")])).toBe(
    "About your 2 questions: b / c - we look into it.",
  );
});
