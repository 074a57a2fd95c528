import { setTimeout as pause } from "node:timers/promises";
import { task } from "@flovyn/sdk";
import { composeAnswer } from "./answer.js";
import type { Line } from "./chat.js";

/** As long as a model might take. */
const thinkingMs = 1500;

export const writeAnswer = task({
  name: "write-answer",
  timeout: "2m",
  retry: { maxRetries: 5, strategy: "exponential", base: "500ms", max: "10s" },
  run: async (ctx, { customer, lines }: { customer: string; lines: Line[] }): Promise<string> => {
    await pause(thinkingMs, undefined, { signal: ctx.signal });
    return composeAnswer(customer, lines);
  },
});
