import { TimeoutError, type WorkflowContext, workflow } from "@flovyn/sdk";
import { type Chat, type ChatOutcome, type Line, saySignal, transcriptKey } from "./chat.js";
import { writeAnswer } from "./tasks.js";

/** History holds the whole conversation, so a conversation has an end. */
const linesMax = 400;

/** Answers what a customer says until the customer is idle. Every line is a signal; the state holds the conversation. */
export const supportChat = workflow({
  name: "support-chat",
  description: "A conversation by signals.",
  run: async (ctx, { customer, idleAfter }: Chat): Promise<ChatOutcome> => {
    const lines: Line[] = [];
    for (let answers = 0; ; answers++) {
      if (lines.length >= linesMax) return { end: "full", answers, lines };
      const said = await listen(ctx, idleAfter);
      if (said.length === 0) return { end: "idle", answers, lines };
      for (const text of said) lines.push({ from: "customer", text });
      const answer = await ctx.schedule(writeAnswer, { customer, lines });
      lines.push({ from: "agent", text: answer });
      ctx.set(transcriptKey, lines);
    }
  },
});

/** Waits for the customer and gives all that was said meanwhile. Nothing when the customer is idle. */
async function listen(ctx: WorkflowContext, idleAfter: Chat["idleAfter"]): Promise<string[]> {
  try {
    const first = await ctx.withTimeout(ctx.waitForSignal<string>(saySignal), idleAfter);
    // What came while the last answer was written is answered together with it.
    return [first, ...ctx.drainSignals<string>(saySignal)];
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    // What came in the same moment as the timer is not lost.
    return ctx.drainSignals<string>(saySignal);
  }
}
