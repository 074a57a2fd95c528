import { randomUUID } from "node:crypto";
import { type Line, registerSupportChat, saySignal, supportChat, transcriptKey } from "@flovyn/example-support-chat";
import { FlovynServiceError } from "@flovyn/sdk";
import { asideLine } from "../dev/demo-logger.js";
import type { HistoryItem } from "../dev/event-line.js";
import type { RunDemo } from "./demo.js";
import { runExample, type Stage } from "./example-run.js";

const opening = "Where is my order?";
/** Said while the agent writes its first answer: it finds both when it has. */
const meanwhile = ["It is number A-1001.", "And may I still change the address?"];

export const run: RunDemo = (options) =>
  runExample(
    {
      name: "conversation",
      definition: supportChat,
      register: registerSupportChat,
      // The first line starts the chat of this customer, or reaches the one that is going on.
      start: (client) =>
        client.signalWithStart(
          supportChat,
          { customer: "Ada", idleAfter: "2s" },
          { workflowId: `chat-${randomUUID()}`, signal: { name: saySignal, value: opening } },
        ),
      outside: converse(),
    },
    options,
  );

/** The customer: speaks while the first answer is written, and reads each answer by a query. */
function converse(): (event: HistoryItem, stage: Stage) => Promise<void> {
  let asked = 0;
  return async ({ eventType, data }, stage) => {
    if (eventType === "TASK_SCHEDULED" && ++asked === 1) {
      for (const [at, text] of meanwhile.entries()) await speak(stage, `line-${at + 2}`, text);
    }
    if (eventType === "STATE_SET" && data.key === transcriptKey) await read(stage);
  };
}

/** The id makes it one signal, however often the demo is killed and run again. */
async function speak({ id, client, say }: Stage, signalId: string, text: string): Promise<void> {
  try {
    const { duplicate } = await client.signal(id, saySignal, text, { signalId });
    say(asideLine("outside", `signal ${saySignal} ${JSON.stringify(text)}${duplicate ? ", which was there" : ""}`));
  } catch (error) {
    // A chat that was left alone for too long, as by a demo that was killed, has ended.
    if (!(error instanceof FlovynServiceError && error.code === "FAILED_PRECONDITION")) throw error;
    say(asideLine("outside", `the chat has ended, nobody hears ${JSON.stringify(text)}`));
  }
}

async function read({ id, client, say }: Stage): Promise<void> {
  const lines = await client.query<Line[]>(id, transcriptKey);
  say(asideLine("outside", `query ${transcriptKey}: ${lines.length} lines, the last: ${lines.at(-1)?.text}`));
}
